"""The store's side of actions: claiming from a full outbox, planning, paging facts of the past.

    python bench/outbox_store.py [--pending 100000] [--insights 1000000] [--rounds 40]

Synthetic rows made by SQL in a fresh embedded database in a temporary folder. Bounds: a claim of 50 from 100,000
pending rows 20 ms (p95), also when a thousand stand before them that have to wait for a held one; no two workers
ever hold one row; every statement of the outbox finds its rows by an index. Beside it the time of the barest claim.
"""

import argparse
import asyncio
import re
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from earshot.domain.action import Action, ActionKind, Subject
from earshot.domain.delivery import DeliveryState
from earshot.domain.rule_state import Clause
from earshot.ports.clock import SystemClock
from earshot.ports.outbox import Allowance
from earshot.store import PostgresStore, StoreSettings, open_store
from earshot.store.address import connect
from earshot.store.embedded.server import discard
from earshot.store.outbox import claims

BOUND = 20.0
NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
LEASE = timedelta(minutes=1)
PLACES = {f"d{n}": Allowance(per_second=1e6, room=1_000_000) for n in range(5)}
FILL = """
    insert into link (object_key, destination, thing, subject_id, action_key, standing, planned_at)
    select md5(n::text), 'd' || n % 5, 'ticket', 't' || n, 'a' || n, 'planned', timestamptz '{now}' - interval '2 h'
    from generate_series(1, {pending}) n;
    insert into delivery (id, object_key, action_key, destination, thing, op, subject_id, state, urgent, not_before,
        created_at)
    select md5('create' || n), md5(n::text), 'a' || n, 'd' || n % 5, 'ticket', 'create', 't' || n, 'pending',
        n % 50 = 0, timestamptz '{now}' - n * interval '10 ms', timestamptz '{now}' - n * interval '10 ms'
    from generate_series(1, {pending}) n;
    insert into delivery_content (delivery_id, content)
    select id, jsonb_build_object('title', 'P0: matter ' || subject_id, 'company', 'Company') from delivery;
    insert into destination_health (destination) select 'd' || n from generate_series(0, 4) n;
"""
WAITING = """
    insert into delivery (id, object_key, action_key, destination, thing, op, subject_id, state, not_before,
        created_at)
    select md5('held' || n), md5('h' || n), 'h' || n, 'd' || n % 5, 'ticket', 'create', 'h' || n, 'held',
        timestamptz '{now}' - interval '1 day', timestamptz '{now}' - interval '1 day'
    from generate_series(1, {held}) n;
    insert into delivery (id, object_key, action_key, destination, thing, op, subject_id, state, not_before,
        created_at)
    select md5('update' || n), md5('h' || n), 'h' || n, 'd' || n % 5, 'ticket', 'update', 'h' || n, 'pending',
        timestamptz '{now}' - interval '1 day', timestamptz '{now}' - interval '1 day'
    from generate_series(1, {held}) n
"""
BARE = """
    with p as (
        select id from delivery where state = 'pending' and not_before <= $1 order by not_before limit 50
        for update skip locked
    ) update delivery d set lease_until = $1 from p where d.id = p.id returning d.id
"""
INSIGHTS = """
    insert into conversation (id, source, external_id, state, created_at, updated_at, spoken_at, messages, customer,
        account, content_hash, read_hash)
    select n::text, 'bench', n::text, 'closed', at, at, at,
        jsonb_build_array(jsonb_build_object('id', 'm', 'author', 'customer', 'text', repeat('it is slow ', 20),
            'created_at', at)),
        jsonb_build_object('id', 'c' || n, 'plan', 'pro', 'mrr', n % 400), 'account-' || n % 5000, 'h', 'h'
    from (select n, timestamptz '{now}' - n * interval '31 s' as at from generate_series(1, {rows}) n) r;
    insert into conversation_insights (conversation_id, issue_type, priority, sentiment, sentiment_score,
        churn_risk, summary, confidence, classifier, model, content_hash, conversation_at, account, decided_at)
    select id, (array['PRODUCT_BUG', 'BILLING', 'FEATURE_REQUEST', 'OTHER'])[1 + (hashtext(id) & 3)],
        (array['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'LOW', 'LOW', 'LOW', 'LOW'])[1 + ((hashtext(id) >> 3) & 7)],
        'NEUTRAL', 0, (array['HIGH', 'LOW', 'LOW', 'LOW'])[1 + ((hashtext(id) >> 7) & 3)], 'Something ' || id, 0.7,
        'bench', 'm', 'h', spoken_at, account, now() from conversation;
    insert into theme (id, issue_type, title, normalized_title)
    select 't' || n, 'PRODUCT_BUG', 'Matter ' || n, 'matter ' || n from generate_series(0, 1023) n;
    insert into finding (conversation_id, position, issue_type, summary, theme_id, conversation_at, account)
    select id, 0, 'PRODUCT_BUG', 'Something ' || id, 't' || (hashtext(id) & 1023), spoken_at, account
    from conversation;
    insert into action (key, kind, subject, subject_id, conversation_id, rule, reason, status, dry_run, created_at,
        conversation_at)
    select 'b' || conversation_id, 'ADD_TO_PM_QUEUE', 'conversation', conversation_id, conversation_id, 'r', 'why',
        'PENDING', false, now(), conversation_at from conversation_insights;
    insert into action_member (action_key, conversation_id, rule, at)
    select key, conversation_id, rule, created_at from action
"""


async def run(store: PostgresStore, script: str, **sizes: Any) -> None:
    connection = await connect(store.address)
    for statement in script.format(now=NOW.isoformat(), **sizes).strip().rstrip(";").split(";\n"):
        await connection.execute(statement)
    await connection.execute("vacuum analyze")
    await connection.close()


async def timed(rounds: int, step: Callable[[int], Awaitable[object]]) -> tuple[float, float]:
    """Median and p95 in milliseconds."""
    took: list[float] = []
    for n in range(rounds):
        began = time.perf_counter()
        await step(n)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took), sorted(took)[int(len(took) * 0.95)]


async def claiming(store: PostgresStore, *, rounds: int) -> float:
    """Claims of 50, committed; the p95."""

    async def one(_: int) -> None:
        async with store.unit() as unit:
            got = await unit.outbox.claim(50, now=NOW, lease=LEASE, worker="w", destinations=PLACES)
            assert len(got) == 50, len(got)
            await unit.commit()

    await timed(5, one)
    median, p95 = await timed(rounds, one)
    connection = await connect(store.address)
    await connection.execute("create index bench_pending on delivery (not_before) where state = 'pending'")

    async def bare(_: int) -> None:
        await connection.fetch(BARE, NOW)

    beside, _ = await timed(rounds, bare)
    await connection.execute("drop index bench_pending")
    await connection.close()
    ratio = median / beside
    print(f"  claim of 50: {median:.1f} ms, p95 {p95:.1f} ms; barest claim {beside:.1f} ms, ratio {ratio:.1f}")
    return p95


async def draining(store: PostgresStore, *, workers: int, most: int) -> None:
    """Many workers claim and record: nobody holds a row of another, and how many rows a second that makes."""
    held: dict[str, str] = {}
    began = time.perf_counter()

    async def work(name: str) -> None:
        while len(held) < most:
            async with store.unit() as unit:
                got = await unit.outbox.claim(20, now=NOW, lease=LEASE, worker=name, destinations=PLACES)
                await unit.commit()
            for one in got:
                assert one.id not in held, "two workers held one row"
                held[one.id] = name
                async with store.unit() as unit:
                    done = one.model_copy(update={"state": DeliveryState.DONE, "ended_at": NOW})
                    assert await unit.outbox.record(done, now=NOW)
                    await unit.commit()

    await asyncio.gather(*(work(f"w{n}") for n in range(workers)))
    took = time.perf_counter() - began
    print(
        f"  {workers} workers claimed and recorded {len(held):,} rows, none twice: {len(held) / took:,.0f} a second"
    )


async def explained(store: PostgresStore) -> None:
    """The plan of a claim reads deliveries by index only."""
    statement = claims.CLAIM.format(state="pending", free="true", becomes="sending")
    values: dict[str, Any] = {"now": NOW, "until": NOW + LEASE, "worker": "w", "limit": 50}
    values |= {"names": list(PLACES), "rates": [1e6] * 5, "rooms": [1_000_000] * 5}
    async with store.unit() as unit:
        plan = "\n".join(await unit.sql.column(f"explain analyze {statement}", **values))
    scans = sorted(set(re.findall(r"Seq Scan on (\w+)", plan)))
    assert not {"delivery", "delivery_content", "link"} & set(scans), plan
    print(f"  the claim's plan reads these tables whole: {', '.join(scans) or 'none'} (one row per destination)")


async def deciding(store: PostgresStore) -> None:
    """Saving decisions and reading what is due, beside all those actions."""
    actions = [
        Action(
            key=f"k{n % 500}",
            kind=ActionKind.CREATE_TICKET,
            subject=Subject.THEME,
            subject_id=f"t{n % 500}",
            conversation_id=str(n + 1),
            rule="r",
            reason="because",
            dry_run=False,
            created_at=NOW,
        )
        for n in range(2000)
    ]

    async def save(_: int) -> None:
        async with store.unit() as unit:
            await unit.decisions.save(actions, decided=[], now=NOW)
            await unit.commit()

    async def due(_: int) -> None:
        async with store.unit() as unit:
            assert len(await unit.outbox.due(50, now=NOW)) == 50

    first, again = (await timed(1, save))[0], (await timed(3, save))[0]
    print(f"  saving 2,000 decisions: first {first:.0f} ms, again {again:.0f} ms")
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    print(f"  50 due cases with their dossiers: {(await timed(5, due))[0]:.0f} ms")


async def paging(store: PostgresStore, *, days: int) -> None:
    """A back-test's reading: all facts of a window by pages, without and with clauses."""
    since = NOW - timedelta(days=days)
    some = [Clause(fact="insight.priority", op="in", values=("CRITICAL",))]
    rare = [*some, Clause(fact="customer.mrr", op=">=", values=(350.0,))]
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
        began = time.perf_counter()
        n = await unit.rulebook.count(since, NOW)
        print(f"  counting {n:,} insights of {days} days: {1000 * (time.perf_counter() - began):.0f} ms")
        for label, clauses in (("all", []), ("critical ones", some), ("critical with much revenue", rare)):
            began, read, pages, after = time.perf_counter(), 0, 0, ""
            while page := await unit.rulebook.facts(since, NOW, clauses=clauses, limit=2000, after=after):
                read, pages, after = read + len(page), pages + 1, page[-1].insight.conversation_id
            took = time.perf_counter() - began
            each, beside = 1000 * took / max(1, pages), 1e6 * took / n
            print(f"  {label}: {read:,} facts in {took:.1f} s, {each:.0f} ms a page, {beside:.0f} µs per insight")


async def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pending", type=int, default=100_000)
    parser.add_argument("--insights", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--days", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(StoreSettings(data_dir=Path(folder)), clock=SystemClock())
        try:
            print(f"{options.pending:,} pending deliveries")
            await run(store, FILL, pending=options.pending)
            worst = await claiming(store, rounds=options.rounds)
            await explained(store)
            await draining(store, workers=5, most=2_000)
            print(f"and {options.pending // 100:,} older ones that wait for a held one")
            await run(store, WAITING, held=options.pending // 100)
            blocked = await claiming(store, rounds=options.rounds)
            if options.insights:
                print(f"{options.insights:,} insights with an action each")
                await run(store, INSIGHTS, rows=options.insights)
                await deciding(store)
                await paging(store, days=options.days)
        finally:
            await store.close()
            await discard(Path(folder), clock=SystemClock())
    raise SystemExit(0 if max(worst, blocked) <= BOUND else f"a claim took more than {BOUND:.0f} ms")


if __name__ == "__main__":
    asyncio.run(main())
