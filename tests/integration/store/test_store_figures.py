"""Report figures: equal to counting the rows one by one, whatever happened and in whatever zone."""

import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_samples import NOW, T0, arrival, conversation, customer, group, insight, keep, query, read, unread

from earshot.domain.action import Action, ActionKind, Subject
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Insight, Provenance
from earshot.domain.report import Window
from earshot.domain.run import Completeness, Run
from earshot.errors import Misconfigured
from earshot.ports.source import Deletion, Workspace
from earshot.ports.store import SyncState
from earshot.store import PostgresStore

ZONES = ["UTC", "Asia/Kolkata", "America/St_Johns", "Asia/Kathmandu", "Europe/Berlin", "Pacific/Auckland"]
SUMMARIES = ["alpha fails", "beta fails", "gamma fails"]

drawn: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "minutes": st.integers(0, 60 * 24 * 40),
        "issue_type": st.sampled_from(["PRODUCT_BUG", "BILLING", "OTHER"]),
        "priority": st.sampled_from(["CRITICAL", "LOW"]),
        "sentiment": st.sampled_from(["VERY_NEGATIVE", "NEUTRAL", "POSITIVE"]),
        "churn_risk": st.sampled_from(["HIGH", "LOW"]),
        "confidence": st.sampled_from([0.2, 0.9]),
        "summary": st.sampled_from(SUMMARIES),
        "times_known": st.sampled_from([True, True, True, False]),
        "person": st.integers(0, 5),
        "fate": st.sampled_from(["kept", "kept", "kept", "changed", "deleted", "altered"]),
    }
)


def made(number: int, draw: dict[str, Any]) -> Conversation:
    at = T0 + timedelta(minutes=draw["minutes"])
    messages = conversation(number, draw["summary"], customer=customer(draw["person"])).messages
    moved = tuple(m.model_copy(update={"created_at": at}) for m in messages)
    return conversation(
        number,
        customer=customer(draw["person"]),
        messages=moved,
        created_at=at,
        updated_at=at,
        times_known=draw["times_known"],
    )


@given(
    draws=st.lists(drawn, max_size=12),
    zone=st.sampled_from(ZONES),
    start=st.integers(-60 * 24 * 2, 60 * 24 * 40),
    length=st.integers(1, 60 * 24 * 20),
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_figures_equal_a_count_of_the_rows(
    store: PostgresStore, draws: Sequence[dict[str, Any]], zone: str, start: int, length: int
) -> None:
    begin = T0 + timedelta(minutes=start)
    window = Window(start=begin, end=begin + timedelta(minutes=length), timezone=zone)
    await query(
        store,
        """truncate conversation, conversation_insights, finding, theme, insight_hour, theme_hour, theme_day,
            dirty_hour""",
    )
    kept = await live(store, draws)
    async with store.unit() as unit:
        report = await unit.figures.report(window, top=10, currency="USD", now=NOW)
        await unit.commit()
    check(report, kept, window=window)
    async with store.unit() as unit:
        assert await unit.figures.report(window, top=10, currency="USD", now=NOW) == report


async def live(store: PostgresStore, draws: Sequence[dict[str, Any]]) -> list[Insight]:
    """Save all, count once, then let each conversation meet its fate; the insights that should be counted."""
    conversations = [made(n, draw) for n, draw in enumerate(draws)]
    labels = ("issue_type", "priority", "sentiment", "churn_risk", "confidence", "summary")
    insights = [
        insight(c, **{name: draw[name] for name in labels}) for c, draw in zip(conversations, draws, strict=True)
    ]
    await keep(store, *conversations)
    await read(store, *insights)
    await group(store, {summary: summary for summary in SUMMARIES})
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    final: list[Insight] = []
    for c, one, draw in zip(conversations, insights, draws, strict=True):
        ended = await meet(store, c, one, fate=draw["fate"])
        final += [] if ended is None else [ended]
    await group(store, {summary: summary for summary in SUMMARIES})
    return final


async def meet(store: PostgresStore, c: Conversation, one: Insight, *, fate: str) -> Insight | None:
    if fate == "deleted":
        async with store.unit() as unit:
            await unit.conversations.delete(c.source, [Deletion(external_id=c.external_id, deleted_at=NOW)])
            await unit.commit()
        return None
    if fate == "changed":
        again = insight(c, issue_type="USAGE_QUESTION", priority="HIGH", summary=one.reading.summary)
        await read(store, again)
        return again
    if fate == "altered":
        await query(
            store, "update conversation_insights set churn_risk = 'MEDIUM' where conversation_id = $1", c.id
        )
        return one.model_copy(update={"reading": one.reading.model_copy(update={"churn_risk": "MEDIUM"})})
    return one


def check(report: Any, insights: Sequence[Insight], *, window: Window) -> None:
    inside = [i for i in insights if i.times_known and window.start <= i.conversation_at < window.end]
    earlier = window.start - (window.end - window.start)
    before = [i for i in insights if i.times_known and earlier <= i.conversation_at < window.start]
    assert report.undated == sum(not i.times_known for i in insights)
    check_totals(report.totals, inside)
    check_totals(report.previous, before)
    check_days(report, inside, zone=ZoneInfo(window.timezone))
    counts = Counter(i.reading.summary for i in inside)
    assert {t.title: t.conversations for t in report.themes} == dict(counts)
    past = Counter(i.reading.summary for i in before)
    assert {t.title: t.previous_conversations for t in report.themes} == {name: past[name] for name in counts}
    accounts = {name: {account(i) for i in inside if i.reading.summary == name} for name in counts}
    assert {t.title: t.customers for t in report.themes} == {name: len(found) for name, found in accounts.items()}
    assert {h.conversation_id for h in report.criticals} == ids(inside, "priority", "CRITICAL")
    assert {h.conversation_id for h in report.high_churn} == ids(inside, "churn_risk", "HIGH")


def check_totals(totals: Any, inside: Sequence[Insight]) -> None:
    scores = [i.reading.sentiment_score for i in inside]
    assert totals.conversations == len(inside)
    assert totals.customers == len({account(i) for i in inside})
    assert totals.by_issue_type == dict(Counter(i.reading.issue_type for i in inside))
    assert totals.by_priority == dict(Counter(i.reading.priority for i in inside))
    assert totals.by_sentiment == dict(Counter(i.reading.sentiment for i in inside))
    assert totals.by_churn_risk == dict(Counter(i.reading.churn_risk for i in inside))
    assert totals.critical == len(ids(inside, "priority", "CRITICAL"))
    assert totals.high_churn == len(ids(inside, "churn_risk", "HIGH"))
    assert totals.low_confidence == sum(i.reading.confidence < 0.5 for i in inside)
    assert totals.avg_sentiment == (pytest.approx(statistics.fmean(scores), abs=1e-4) if scores else None)
    assert totals.sentiment_sd == (pytest.approx(statistics.stdev(scores), abs=1e-4) if len(scores) > 1 else None)


def check_days(report: Any, inside: Sequence[Insight], *, zone: ZoneInfo) -> None:
    days: Counter[tuple[date, str]] = Counter(
        (i.conversation_at.astimezone(zone).date(), i.reading.issue_type.value) for i in inside
    )
    assert {(d.day, d.issue_type): d.conversations for d in report.issue_days} == dict(days)
    by_day: dict[date, list[float]] = {}
    for i in inside:
        by_day.setdefault(i.conversation_at.astimezone(zone).date(), []).append(i.reading.sentiment_score)
    assert {d.day: d.conversations for d in report.sentiment_days} == {day: len(s) for day, s in by_day.items()}
    for found in report.sentiment_days:
        assert found.average == pytest.approx(statistics.fmean(by_day[found.day]), abs=1e-4)


def ids(insights: Sequence[Insight], field: str, wanted: str) -> set[str]:
    return {i.conversation_id for i in insights if getattr(i.reading, field) == wanted}


def account(i: Insight) -> str:
    """The company that `made` gave the conversation; found by the insight's place in the list of people."""
    return ACCOUNTS[i.conversation_id]


ACCOUNTS: dict[str, str] = {}


@pytest.fixture(autouse=True)
def remember_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Note each made conversation's account, which an insight does not carry."""
    plain = made

    def noting(number: int, draw: dict[str, Any]) -> Conversation:
        c = plain(number, draw)
        ACCOUNTS[c.id] = c.customer.account if c.customer else ""
        return c

    monkeypatch.setitem(globals(), "made", noting)


async def test_a_report_holds_everything(store: PostgresStore) -> None:
    given_ = [conversation(n, f"slow {n}") for n in range(4)]
    origin = Provenance(classifier="llm", model="m-1", input_tokens=100, output_tokens=10, cost_usd=0.25)
    await keep(store, *given_)
    readings = [
        insight(given_[0], priority="CRITICAL", churn_risk="LOW"),
        insight(given_[1], priority="CRITICAL", churn_risk="HIGH", provenance=origin),
        insight(given_[2], priority="LOW", churn_risk="HIGH", provenance=origin),
    ]
    await read(store, *readings, unread=[unread(given_[3])])
    async with store.unit() as unit:
        await unit.conversations.save([arrival(conversation(9), excluded="spam")], now=NOW)
        await unit.runs.bind("intercom", Workspace(id="w", name="Acme"))
        await unit.runs.save_sync_state("intercom", SyncState(backfill_from=T0))
        statement = Completeness(seen=5, fetched=5)
        await unit.runs.start(Run(id="r", kind="run", started_at=T0))
        await unit.runs.finish(
            Run(id="r", kind="run", started_at=T0, ended_at=NOW, ok=True, completeness=statement)
        )
        actions = [planned(ActionKind.ADD_TO_PM_QUEUE, n) for n in range(3)] + [
            planned(ActionKind.ALERT_CS_MANAGER, 1),
            planned(ActionKind.CREATE_JIRA_P0, 2),
        ]
        await unit.decisions.save(actions, decided=[], now=NOW)
        window = Window(start=T0, end=NOW)
        report = await unit.figures.report(window, top=5, currency="EUR", now=NOW)
    assert [h.conversation_id for h in report.criticals] == ["1001", "1000"], "the likelier to leave first"
    assert [h.conversation_id for h in report.high_churn] == ["1001", "1002"], "the more urgent first"
    first = report.criticals[0]
    assert (first.quote, first.customer, first.company, first.plan, first.mrr) == (
        "slow 1",
        "Person 1",
        "Company 1",
        "pro",
        100.0,
    )
    assert report.action_counts == {"ADD_TO_PM_QUEUE": 3, "ALERT_CS_MANAGER": 1, "CREATE_JIRA_P0": 1}
    assert [(a.kind, a.conversation_id) for a in report.actions][:3] == [
        (ActionKind.CREATE_JIRA_P0, "1002"),
        (ActionKind.ALERT_CS_MANAGER, "1001"),
        (ActionKind.ADD_TO_PM_QUEUE, "1002"),
    ]
    assert (report.cost.usd, report.cost.calls, report.cost.input_tokens, report.cost.output_tokens) == (
        0.5,
        2,
        200,
        20,
    )
    assert report.cost.by_model == {"m-1": 2, "local-1": 1}
    assert (report.completeness, report.completeness_at) == (statement, NOW)
    assert (report.workspace, report.currency, report.unread, report.filtered_out) == ("Acme", "EUR", 1, 1)
    assert report.held_since == T0


def planned(kind: ActionKind, number: int) -> Action:
    return Action(
        key=f"{kind}-{number}",
        kind=kind,
        subject=Subject.CONVERSATION,
        subject_id=str(1000 + number),
        conversation_id=str(1000 + number),
        rule="r",
        reason="",
        created_at=NOW,
    )


async def test_an_unknown_price_makes_the_cost_unknown(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c, provenance=Provenance(classifier="llm", model="new", input_tokens=5)))
    async with store.unit() as unit:
        report = await unit.figures.report(Window(start=T0, end=NOW), top=5, currency="USD", now=NOW)
    assert (report.cost.usd, report.cost.calls) == (None, 1)


async def test_an_empty_database_gives_an_empty_report(store: PostgresStore) -> None:
    async with store.unit() as unit:
        report = await unit.figures.report(Window(start=T0, end=NOW), top=5, currency="USD", now=NOW)
    assert (report.totals.conversations, report.totals.avg_sentiment, report.themes, report.cost.usd) == (
        0,
        None,
        (),
        None,
    )
    assert (report.completeness, report.workspace) == (None, None)


async def test_a_wrong_time_zone_is_named(store: PostgresStore) -> None:
    async with store.unit() as unit:
        with pytest.raises(Misconfigured, match="Mars/Olympus"):
            await unit.figures.report(
                Window(start=T0, end=NOW, timezone="Mars/Olympus"), top=5, currency="USD", now=NOW
            )


async def test_two_refreshes_at_once_stay_exact(store: PostgresStore, database_url: str) -> None:
    given_ = [conversation(n, f"slow {n}") for n in range(30)]
    await keep(store, *given_)
    moment: datetime = NOW
    async with store.unit() as early:
        await early.figures.refresh()
        await read(store, *map(insight, given_[:15]))
        async with store.unit() as late:
            await late.figures.refresh()
            await late.commit()
        await early.commit()
    await read(store, *map(insight, given_[15:]))
    async with store.unit() as unit:
        report = await unit.figures.report(Window(start=T0, end=moment), top=5, currency="USD", now=NOW)
    assert report.totals.conversations == 30
