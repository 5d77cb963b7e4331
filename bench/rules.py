"""Rules: microseconds per rule and insight, and a back-test of a year's insights in a real database.

    python bench/rules.py [--insights 125000] [--days 365] [--no-database]

The guide's rules. Bounds: 50 us per rule and insight, 60 s per million pairs of rule and insight. The baseline of
the evaluation is the same rules as plain Python lambdas over the same facts; that of the back-test is reading the
facts alone, without judging them. Synthetic insights are made by SQL in a fresh embedded database in a temporary
folder.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from earshot.act.settings import ActSettings
from earshot.decide.actions import to_actions
from earshot.decide.evaluate import evaluate
from earshot.decide.packs import pack
from earshot.decide.rules import Rules, load_rules
from earshot.domain.facts import ConversationFacts, CustomerFacts, Facts, FindingFacts, InsightFacts, ThemeFacts
from earshot.domain.reading import ChurnRisk, IssueType, Priority
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.backtest import BackTest, back_test
from earshot.pipeline.ruling.trial import outlook
from earshot.ports.clock import SystemClock
from earshot.store import PostgresStore, StoreSettings, open_store
from earshot.store.address import connect
from earshot.store.embedded.server import discard

MICROSECONDS, SECONDS = 50.0, 60.0
END = datetime(2026, 7, 1, tzinfo=UTC)
FILL = """
    insert into theme (id, issue_type, title, normalized_title, stale)
    select 'theme-' || n, 'PRODUCT_BUG', 'Matter ' || n, 'matter ' || n, true from generate_series(0, {themes}) n;
    insert into conversation (id, source, external_id, state, created_at, updated_at, spoken_at, customer, account,
        content_hash, read_hash)
    select n::text, 'bench', n::text, 'closed', at, at, at,
        jsonb_build_object('id', 'c' || n, 'name', 'N', 'mrr', 100), 'account-' || n % 5000, 'h', 'h'
    from (select n, timestamptz '{end}' - ((n * 7919) % {rows}) * (interval '{days} days' / {rows}) as at
        from generate_series(1, {rows}) n) r;
    insert into conversation_insights (conversation_id, issue_type, priority, sentiment, sentiment_score,
        churn_risk, summary, customer_segment, confidence, classifier, model, content_hash, conversation_at,
        account)
    select id, (array['PRODUCT_BUG', 'USAGE_QUESTION', 'BILLING', 'ACCOUNT_ACCESS', 'FEATURE_REQUEST',
            'UX_FRICTION', 'OTHER'])[1 + abs(hashtext(id || 'i')) % 7],
        (array['CRITICAL', 'HIGH', 'HIGH', 'MEDIUM', 'MEDIUM', 'MEDIUM', 'LOW', 'LOW', 'LOW',
            'LOW'])[1 + abs(hashtext(id || 'p')) % 10],
        'NEGATIVE', -0.4 - (abs(hashtext(id || 's')) % 60) / 100.0,
        (array['LOW', 'LOW', 'LOW', 'MEDIUM', 'HIGH'])[1 + abs(hashtext(id || 'c')) % 5], 'Something about ' || id,
        (array['smb', 'enterprise'])[1 + abs(hashtext(id || 'g')) % 2], 0.8, 'local', 'm', 'h', spoken_at, account
    from conversation;
    insert into finding (conversation_id, position, issue_type, summary, quote, theme_id, conversation_at, account)
    select id, 0, 'PRODUCT_BUG', 'Something about ' || id, 'it does not work',
        'theme-' || abs(hashtext(id)) % {themes}, spoken_at, account from conversation
"""
LAMBDAS: Sequence[Callable[[Facts], bool]] = (
    lambda f: (
        f.insight.issue_type == "PRODUCT_BUG"
        and f.insight.priority == "CRITICAL"
        and f.insight.customer_segment == "enterprise"
    ),
    lambda f: f.insight.churn_risk == "HIGH" and f.insight.sentiment_score < -0.7,
    lambda f: f.insight.issue_type == "BILLING" and f.insight.priority in {"CRITICAL", "HIGH"},
    lambda f: f.insight.issue_type == "FEATURE_REQUEST" and f.theme.frequency >= 10,
    lambda f: f.insight.issue_type == "UX_FRICTION" and f.theme.frequency >= 5,
    lambda _: True,
    lambda f: f.insight.issue_type == "PRODUCT_BUG" and f.insight.priority == "CRITICAL",
    lambda f: f.insight.issue_type == "FEATURE_REQUEST",
)


def nobody(*_: object) -> Any:
    """Stands for parts that are not used."""
    raise RuntimeError("not used here")


def samples() -> list[Facts]:
    """Facts of every issue type, priority and churn risk."""
    return [
        Facts(
            insight=InsightFacts(
                conversation_id=f"{kind}-{level}-{risk}", stage="full", issue_type=kind, priority=level,
                sentiment="NEGATIVE", sentiment_score=-0.5, churn_risk=risk, confidence=0.8, summary="A matter",
                affected_feature="exports", customer_segment="enterprise", recommended_action="ROUTINE",
            ),
            findings=(FindingFacts(issue_type=kind, summary="A matter", affected_feature="exports"),),
            customer=CustomerFacts(id="p", account="a", mrr=10.0),
            conversation=ConversationFacts(id="c", source="bench", state="open", tags=("a", "b")),
            theme=ThemeFacts(id="t", title="A matter", frequency=7),
        )
        for kind in IssueType for level in Priority for risk in ChurnRisk
    ]  # fmt: skip


def per_pair(work: Callable[[Facts], object], facts: Sequence[Facts], *, rules: int, rounds: int = 40) -> float:
    """Microseconds per rule and insight, the best of several rounds."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        for one in facts:
            work(one)
        best = min(best, time.perf_counter() - began)
    return 1e6 * best / (len(facts) * rules)


def evaluation(rules: Rules) -> bool:
    """Print what judging takes; whether it keeps to the bound."""
    facts = samples()
    now = END
    many = len(rules.ordered)
    plain = per_pair(lambda f: [held(f) for held in LAMBDAS], facts, rules=len(LAMBDAS))
    judged = per_pair(lambda f: evaluate(rules, f), facts, rules=many)
    acted = per_pair(lambda f: to_actions(evaluate(rules, f), f, now=now), facts, rules=many)
    print(f"judging by {many} rules: {judged:.1f} us per rule and insight (bound {MICROSECONDS:.0f})")
    print(
        f"  with making the actions {acted:.1f} us; plain Python lambdas {plain:.2f} us: {judged / plain:.0f} times"
    )
    single = load_rules([rule.settings for rule in rules.ordered][:1])
    alone = per_pair(lambda f: evaluate(single, f), facts, rules=1)
    print(f"  one rule alone {alone:.1f} us")
    return max(judged, alone, acted) <= MICROSECONDS


async def replayed(insights: int, *, days: int, rules: Rules) -> bool:
    """Print what back-tests take; whether they keep to the bound."""
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(StoreSettings(data_dir=Path(folder)), clock=SystemClock())
        try:
            await fill(store, insights, days=days)
            parts = Parts(store=store, make_source=nobody, make_reader=nobody, make_rules=nobody, read_file=nobody)
            return await tests(parts, rules, days=days)
        finally:
            await store.close()
            await discard(Path(folder), clock=SystemClock())


async def fill(store: PostgresStore, insights: int, *, days: int) -> None:
    """Make insights, and the roll-ups that themes are counted by."""
    began = time.perf_counter()
    connection = await connect(store.address)
    sizes = {"rows": insights, "themes": max(50, insights // 300), "days": days, "end": END.isoformat()}
    for statement in FILL.format(**sizes).split(";\n"):
        await connection.execute(statement)
    await connection.execute("vacuum analyze")
    await connection.close()
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    print(f"\n{insights:,} insights over {days} days, filled in {time.perf_counter() - began:.1f} s")


async def tests(parts: Parts, rules: Rules, *, days: int) -> bool:
    since = END - timedelta(days=days + 1)
    every = [rule.settings.name for rule in rules.ordered]
    narrow = [name for name in every if name != "DEFAULT_QUEUE"]
    took = [
        await one(parts, rules, since=since, only=only, told=told)
        for only, told in ((every, "all rules"), (narrow, "all but DEFAULT_QUEUE"), (every[:1], every[0]))
    ]
    await one(
        parts, rules, since=since, only=["DEFAULT_QUEUE"], told="DEFAULT_QUEUE alone, the worst case, no bound"
    )
    began = time.perf_counter()
    count = await reading(parts, since=since)
    spent = time.perf_counter() - began
    print(f"  reading the facts alone: {spent:.1f} s for {count:,} insights, {1e6 * spent / count:.0f} us each")
    return max(took) <= SECONDS


async def one(parts: Parts, rules: Rules, *, since: datetime, only: Sequence[str], told: str) -> float:
    """Print one back-test; its seconds per million pairs."""
    began = time.perf_counter()
    routes = outlook(ActSettings(), {}, rules=rules).routes
    found: BackTest = await back_test(parts, rules, since=since, until=END, routes=routes, only=only)
    took = time.perf_counter() - began
    million = 1e6 * took / found.pairs
    matches = sum(test.matches for test in found.rules)
    print(
        f"  {told}: {took:.1f} s for {found.pairs:,} pairs ({matches:,} matches, {100 * found.skipped:.1f} % ruled "
        f"out by the database): {million:.1f} s per million pairs (bound {SECONDS:.0f})"
    )
    return million


async def reading(parts: Parts, *, since: datetime) -> int:
    """Read all facts and judge none; how many."""
    after, count = "", 0
    while True:
        async with parts.store.unit() as unit:
            page = await unit.rulebook.facts(since, END, limit=2_000, after=after)
        if not page:
            return count
        after, count = page[-1].insight.conversation_id, count + len(page)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--insights", type=int, default=125_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--no-database", action="store_true")
    options = parser.parse_args()
    rules = load_rules(pack("guide"))
    kept = [evaluation(rules)]
    if not options.no_database:
        kept.append(asyncio.run(replayed(options.insights, days=options.days, rules=rules)))
    raise SystemExit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
