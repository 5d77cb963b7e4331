"""Report figures as rows grow: milliseconds per query, beside the same question asked of the bare rows.

    python bench/report_figures.py [--sizes 10000 100000 1000000] [--days 30] [--rounds 5]

Synthetic insights over 365 days are made by SQL in a fresh embedded database in a temporary folder, about
1.3 findings each, themes and customers as unequal as real ones. The bound is 100 ms a query at a million.
"""

import argparse
import asyncio
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine

from earshot.domain.report import Window
from earshot.ports.clock import SystemClock
from earshot.store import StoreSettings, open_store
from earshot.store.address import Address, connect
from earshot.store.driver import Row
from earshot.store.embedded.server import discard
from earshot.store.figures import PostgresFigures
from earshot.store.rollups import Rollups
from earshot.store.sql import Sql
from earshot.store.themes import PostgresThemes
from earshot.store.windows import span

BOUND = 100.0
END = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)

FILL = """
    select setseed(0.5);
    insert into account select 'account-' || n, 'Company ' || n, (array['free', 'pro', 'enterprise'])[1 + n % 3],
        (n % 40) * 25, (array['free', 'smb', 'enterprise'])[1 + n % 3], now() from generate_series(0, {accounts}) n;
    insert into theme (id, issue_type, title, normalized_title, stale)
    select 'theme-' || n, (array['PRODUCT_BUG', 'BILLING', 'FEATURE_REQUEST', 'UX_FRICTION'])[1 + n % 4],
        'Matter ' || n, 'matter ' || n, true from generate_series(0, {themes}) n;
    insert into conversation (id, source, external_id, state, created_at, updated_at, spoken_at, customer, account,
        content_hash, read_hash)
    select n::text, 'bench', n::text, 'closed', at, at, at,
        jsonb_build_object('id', 'c' || n, 'name', 'Customer ' || n, 'plan', 'pro', 'mrr', 100), account, 'h', 'h'
    from (select n, timestamptz '{end}' - random() * interval '365 days' as at,
        'account-' || floor(power(random(), 2) * {accounts}) as account from generate_series(1, {rows}) n) r;
    insert into conversation_insights (conversation_id, issue_type, priority, sentiment, sentiment_score,
        churn_risk,
        summary, customer_segment, confidence, classifier, model, content_hash, conversation_at, account, cost_usd,
        input_tokens, output_tokens, decided_at)
    select id, (array['PRODUCT_BUG', 'USAGE_QUESTION', 'BILLING', 'ACCOUNT_ACCESS', 'FEATURE_REQUEST',
        'UX_FRICTION',
            'OTHER'])[1 + floor(power(random(), 1.5) * 7)],
        (array['MEDIUM', 'LOW', 'HIGH', 'CRITICAL'])[1 + floor(power(random(), 2) * 4)],
        (array['NEUTRAL', 'NEGATIVE', 'POSITIVE', 'VERY_NEGATIVE', 'VERY_POSITIVE'])[1 + floor(power(random(),
            2) * 5)],
        round((random() * 2 - 1)::numeric, 2), (array['LOW', 'MEDIUM', 'HIGH'])[1 + floor(power(random(), 2) * 3)],
        'Something about matter ' || id, 'smb', random(), 'bench', (array['small',
            'large'])[1 + floor(random() * 2)],
        'h', spoken_at, account, 0.0001, 500, 100, now()
    from conversation;
    insert into finding (conversation_id, position, issue_type, summary, quote, theme_id, conversation_at, account)
    select id, p, 'PRODUCT_BUG', 'Something about matter ' || id, 'it does not work for ' || id,
        'theme-' || floor(power(random(), 3) * {themes}), spoken_at, account
    from conversation cross join generate_series(0, 1) p where p = 0 or hashtext(id) % 10 in (1, 2, 3);
    insert into action (key, kind, subject, subject_id, conversation_id, rule, reason, status, dry_run, created_at,
        conversation_at)
    select id, (array['ADD_TO_PM_QUEUE', 'CREATE_TICKET', 'ALERT_CS_MANAGER'])[1 + floor(power(random(), 2) * 3)],
        'conversation', id, id, 'rule', 'why', 'PENDING', true, now(), spoken_at from conversation
"""
BARE = {
    "counts by type, priority, sentiment, churn, model, action": """
        select issue_type, priority, sentiment, churn_risk, model, count(*), sum(sentiment_score), sum(cost_usd)
        from conversation_insights where conversation_at >= $1 and conversation_at < $2
        group by grouping sets ((issue_type), (priority), (sentiment), (churn_risk), (model))""",
    "days: types and sentiment": """
        select (conversation_at at time zone 'Asia/Kolkata')::date, issue_type, count(*), sum(sentiment_score)
        from conversation_insights where conversation_at >= $1 and conversation_at < $2 group by 1, 2""",
    "distinct customers": """
        select count(distinct account) from conversation_insights where conversation_at >= $1
            and conversation_at < $2""",
    "top themes": """
        select theme_id, count(distinct conversation_id) as n from finding
        where conversation_at >= $1 and conversation_at < $2 group by 1 order by n desc limit 10""",
}


class TimedSql(Sql):
    """Notes how long every labelled query takes."""

    seconds: dict[str, list[float]] = {}

    async def rows(self, statement: str, **parameters: Any) -> Sequence[Row]:
        """All rows of a query."""
        began = time.perf_counter()
        rows = await super().rows(statement, **parameters)
        self._note(statement, began)
        return rows

    async def row(self, statement: str, **parameters: Any) -> Row | None:
        """The first row."""
        began = time.perf_counter()
        row = await super().row(statement, **parameters)
        self._note(statement, began)
        return row

    async def value(self, statement: str, **parameters: Any) -> Any:
        """The first value."""
        began = time.perf_counter()
        value = await super().value(statement, **parameters)
        self._note(statement, began)
        return value

    def _note(self, statement: str, began: float) -> None:
        label = re.search(r"/\* (.+?) \*/", statement)
        if label:
            self.seconds.setdefault(label[1], []).append(time.perf_counter() - began)


async def measure(rows: int, *, window: Window, rounds: int) -> dict[str, tuple[float, float | None]]:
    """Milliseconds per query at a size: with roll-ups, and of the bare rows where the question can be asked so."""
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(StoreSettings(data_dir=Path(folder)), clock=SystemClock())
        try:
            await fill(store.address, rows)
            return await ask(store.address, window=window, rounds=rounds)
        finally:
            await store.close()
            await discard(Path(folder), clock=SystemClock())


async def fill(address: Address, rows: int) -> None:
    connection = await connect(address)
    began = time.perf_counter()
    sizes = {"rows": rows, "accounts": max(100, rows // 50), "themes": max(50, rows // 300)}
    for statement in FILL.format(end=END.isoformat(), **sizes).split(";\n"):
        await connection.execute(statement)
    await connection.execute("vacuum analyze")
    print(f"\n{rows:,} insights: filled in {time.perf_counter() - began:.1f} s")
    await connection.close()


async def ask(address: Address, *, window: Window, rounds: int) -> dict[str, tuple[float, float | None]]:
    async def creator() -> Any:
        return await connect(address)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=creator, json_deserializer=str)
    TimedSql.seconds = {}
    async with engine.connect() as connection:
        sql = TimedSql(connection)
        rollups = Rollups(sql)
        began = time.perf_counter()
        await rollups.refresh()
        await connection.commit()
        print(f"  all roll-ups built in {time.perf_counter() - began:.1f} s")
        await sql.run("analyze")
        await connection.commit()
        figures = PostgresFigures(sql, rollups, themes=PostgresThemes(sql, rollups))
        whole: list[float] = []
        for _ in range(rounds):
            began = time.perf_counter()
            await figures.report(window, top=10, currency="USD", now=END)
            whole.append(time.perf_counter() - began)
        bare = await ask_bare(address, window=window, rounds=rounds)
    await engine.dispose()
    found = {label: (1000 * statistics.median(took), bare.get(label)) for label, took in TimedSql.seconds.items()}
    return found | {"whole report": (1000 * statistics.median(whole), None)}


async def ask_bare(address: Address, *, window: Window, rounds: int) -> dict[str, float]:
    connection = await connect(address)
    await connection.execute("create index bench_insight on conversation_insights (conversation_at)")
    await connection.execute("create index bench_finding on finding (conversation_at)")
    took: dict[str, float] = {}
    for label, statement in BARE.items():
        times: list[float] = []
        for _ in range(rounds):
            began = time.perf_counter()
            await connection.fetch(statement, window.start, window.end)
            times.append(time.perf_counter() - began)
        took[label] = 1000 * statistics.median(times)
    await connection.close()
    return took


def show(rows: int, found: dict[str, tuple[float, float | None]]) -> bool:
    """Print one size; whether every query keeps to the bound."""
    print(f"  {'query':60} {'ms':>8} {'bare rows':>10} {'ratio':>7}")
    for label, (ms, bare) in found.items():
        beside = f"{bare:10.1f} {ms / bare:7.2f}" if bare else ""
        print(f"  {label:60} {ms:8.1f} {beside}")
    slow = [label for label, (ms, _) in found.items() if ms > BOUND and label != "whole report"]
    print(
        f"  at {rows:,}: " + (f"over {BOUND:.0f} ms: {', '.join(slow)}" if slow else f"all within {BOUND:.0f} ms")
    )
    return not slow


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    window = Window(start=END - timedelta(days=options.days, minutes=10), end=END, timezone="Asia/Kolkata")
    print(
        f"window: {options.days} days, {len(span(window, by_day=True).cut)} cut hours by day "
        "(a zone of half hours, the worst case)"
    )
    kept = [show(rows, asyncio.run(measure(rows, window=window, rounds=options.rounds))) for rows in options.sizes]
    raise SystemExit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
