"""Themes, decisions, runs and the directory."""

import asyncio
from datetime import timedelta

import pytest
from store_samples import NOW, T0, arrival, conversation, customer, group, insight, keep, query, read, value

from earshot.domain.action import Action, ActionKind, ActionStatus, Subject
from earshot.domain.conversation import Author
from earshot.domain.facts import ThemeFacts
from earshot.domain.grouping import Partition
from earshot.domain.reading import Finding, IssueType
from earshot.domain.report import Window
from earshot.domain.run import Completeness, Gap, Run
from earshot.domain.theme import Lexicon
from earshot.errors import Misconfigured
from earshot.ports.source import Behind, Workspace
from earshot.ports.store import SyncState
from earshot.store import PostgresStore

ALL = Window(start=T0 - timedelta(days=1), end=NOW)


def action(key: str, c: str, kind: ActionKind = ActionKind.CREATE_TICKET) -> Action:
    return Action(
        key=key,
        kind=kind,
        subject=Subject.CONVERSATION,
        subject_id=c,
        conversation_id=c,
        rule="r",
        reason="because",
        created_at=NOW,
    )


async def test_unplaced_mentions_come_by_time_and_leave_when_grouped(store: PostgresStore) -> None:
    given = [conversation(n, f"text {n}") for n in (2, 0, 1)]
    await keep(store, *given)
    await read(store, *map(insight, given))
    async with store.unit() as unit:
        assert [m.summary for m in await unit.themes.mentions(2, placed=False)] == ["text 0", "text 1"]
        assert await unit.themes.count_unplaced() == 3
    lexicon = Lexicon(documents=3, frequencies={"ünïcode": 2}, meanings={"ünïcode": b"\x00\xff\x80"})
    await group(store, {"text 0": "a"}, lexicon=lexicon)
    async with store.unit() as unit:
        assert await unit.themes.mentions(9, placed=False) == []
        assert await unit.themes.count_unplaced() == 0
        assert [m.summary for m in await unit.themes.mentions(9)] == ["text 0", "text 1", "text 2"]
        partition = await unit.themes.partition()
    assert partition.cells == {"a": "a", "rest": "rest"}
    assert [(one.id, one.title) for one in partition.heads.values()] == [("a", "text 0"), ("rest", "text 1")]
    assert sorted(p.cell_id for p in partition.placements.values()) == ["a", "rest", "rest"]
    assert partition.lexicon == lexicon


async def test_a_fresh_store_knows_nothing(store: PostgresStore) -> None:
    async with store.unit() as unit:
        assert await unit.themes.partition() == Partition()
        assert await unit.themes.mentions(9) == []
        assert await unit.themes.top(ALL, limit=3) == []
        assert await unit.runs.latest("run") is None
        assert await unit.runs.workspace() is None
        assert await unit.runs.sync_state("intercom") == SyncState()
        assert await unit.decisions.undecided(3, now=NOW) == []


async def test_both_sides_words_come_with_a_conversations_own_matter_only(store: PostgresStore) -> None:
    given = conversation(1, "é" * 700)
    said, agent = given.messages
    bot = agent.model_copy(update={"id": "b", "author": Author.BOT, "text": "beep"})
    again = said.model_copy(update={"id": "again", "text": "x" * 900})
    given = given.model_copy(update={"messages": (agent, bot, said, again)})
    await keep(store, given)
    await read(store, insight(given, more=(Finding(issue_type=IssueType.BILLING, summary="an aside"),)))
    async with store.unit() as unit:
        own, aside = await unit.themes.mentions(9)
    assert (own.context, own.reply) == ("é" * 700 + "\n" + "x" * 499, "Thanks, we look.")
    assert (aside.summary, aside.context, aside.reply) == ("an aside", None, None)


async def test_top_counts_conversations_and_customers_once(store: PostgresStore) -> None:
    given = [conversation(n, f"slow {n}") for n in range(6)]
    await keep(store, *given)
    twice = Finding(issue_type=IssueType.PRODUCT_BUG, summary="slow again", affected_feature="exports")
    await read(store, *(insight(c, more=(twice,)) for c in given))
    await group(store, {f"slow {n}": "slow" for n in range(6)} | {"slow again": "slow"})
    async with store.unit() as unit:
        (theme,) = await unit.themes.top(ALL, limit=3)
    assert (theme.conversations, theme.customers, theme.mrr) == (6, 4, 600.0)
    assert (theme.first_seen, theme.last_seen, theme.segments) == (T0, T0 + timedelta(hours=5), ("smb",))
    assert theme.avg_sentiment == -0.69
    assert [q.text for q in theme.quotes][:3] == ["slow 5", "slow 4", "slow 3"]
    assert len(theme.quotes) == 6
    assert theme.quotes[0].url == "https://inbox.example/1005"


async def test_what_is_counted_of_customers_follows_them(store: PostgresStore) -> None:
    given = [conversation(n, f"slow {n}") for n in range(1, 4)]
    await keep(store, *given)
    await read(store, *map(insight, given))
    await group(store, {})
    facts = "select companies, customers, mrr from theme"
    richer = customer(1, mrr=1000.0)
    alone = customer(2, company_id=None, company=None, mrr=None)
    for changes, expected in (
        ({}, (3, 3, 600.0)),
        ({0: {"customer": richer}}, (3, 3, 1500.0)),
        ({1: {"customer": alone}}, (2, 3, 1300.0)),
    ):
        await keep(store, *(conversation(n + 1, f"slow {n + 1}", updated_at=NOW, **c) for n, c in changes.items()))
        async with store.unit() as unit:
            await unit.figures.refresh()
            await unit.commit()
        assert tuple((await query(store, facts))[0]) == expected


async def test_the_window_before_is_compared(store: PostgresStore) -> None:
    given = [conversation(n, f"slow {n}") for n in range(5)]
    await keep(store, *given)
    await read(store, *map(insight, given))
    await group(store, {})
    window = Window(start=T0 + timedelta(hours=3), end=T0 + timedelta(hours=5))
    async with store.unit() as unit:
        (theme,) = await unit.themes.top(window, limit=3)
    assert (theme.conversations, theme.previous_conversations) == (2, 2)


async def test_feature_requests_follow_their_themes(store: PostgresStore) -> None:
    given = [conversation(n, "Dark mode, please!") for n in range(3)]
    await keep(store, *given)
    await read(store, *(insight(c, issue_type="FEATURE_REQUEST", sentiment="POSITIVE") for c in given))
    await group(store, {"Dark mode, please!": "dark"})
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    (row,) = await query(store, "select * from feature_requests")
    assert (row["summary"], row["normalized_summary"], row["frequency"]) == (
        "Dark mode, please!",
        "dark mode please",
        3,
    )
    assert (row["first_seen"], row["last_seen"]) == (T0, T0 + timedelta(hours=2))
    assert (row["conversation_ids"], row["customer_segments"]) == (["1002", "1001", "1000"], ["smb"])
    assert row["avg_sentiment"] == pytest.approx(0.2)
    async with store.unit() as unit:
        await unit.erasure.conversation("1002")
        await unit.commit()
    assert await value(store, "select conversation_ids from feature_requests") == ["1001", "1000"]
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    assert await value(store, "select frequency from feature_requests") == 2


async def test_facts_are_complete(store: PostgresStore) -> None:
    week = timedelta(days=7)
    given = [conversation(24 * n, f"slow {n}", team_id="team", rating=4) for n in (0, 1, 9, 10, 11)]
    given.append(conversation(600, "alone", customer=None))
    await keep(store, *given)
    await read(store, *(insight(c, affected_feature=None) for c in given))
    await group(store, {c.messages[0].text: "slow" for c in given[:5]})
    now = T0 + timedelta(days=11, hours=1)
    async with store.unit() as unit:
        facts = await unit.decisions.undecided(10, now=now)
    assert [f.theme for f in facts[:1]] == [
        ThemeFacts(id="slow", title="slow 0", frequency=5, customers=1, mrr=0.0, trend=3 - 2)
    ]
    first, last = facts[0], facts[-1]
    assert (first.conversation.team_id, first.conversation.rating, first.conversation.messages) == ("team", 4, 2)
    assert (first.customer.company, first.customer.previous_conversations) == ("Company 0", -1)
    assert (last.customer.id, last.insight.affected_feature, last.insight.customer_segment) == ("", "", "unknown")
    assert now - week < T0 + timedelta(days=9)


async def test_actions_are_kept_once_and_shown_to_the_guide_s_readers(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c))
    async with store.unit() as unit:
        assert await unit.decisions.save([action("k1", c.id), action("k2", c.id)], decided=[c.id], now=NOW) == 2
        assert await unit.decisions.save([action("k1", c.id)], decided=[c.id], now=NOW) == 0
        assert await unit.decisions.undecided(5, now=NOW) == []
        assert [a.key for a in await unit.decisions.list(None, limit=5)] == ["k1", "k2"]
        assert await unit.decisions.list(ActionStatus.COMPLETED, limit=5) == []
        assert len(await unit.decisions.list(ActionStatus.PENDING, limit=1)) == 1
        await unit.commit()
    rows = await query(store, "select * from escalation_actions order by action_key")
    assert [(r["conversation_id"], r["action_type"], r["reason"], r["status"]) for r in rows] == [
        ("1001", "CREATE_TICKET", "because", "PENDING")
    ] * 2


async def test_runs_are_kept(store: PostgresStore) -> None:
    first = Run(id="1", kind="run", started_at=T0)
    statement = Completeness(seen=3, failed=1, gaps=(Gap(what="conversation 5", reason="500"),))
    ended = first.model_copy(update={"ended_at": NOW, "ok": False, "completeness": statement, "classified": 2})
    async with store.unit() as unit:
        await unit.runs.start(first)
        assert await unit.runs.latest("run") == first
        await unit.runs.finish(ended)
        await unit.runs.start(Run(id="2", kind="sync", started_at=NOW))
        assert await unit.runs.latest("run") == ended
        assert await unit.runs.latest("run", only_ok=True) is None


async def test_sync_state_is_kept_by_source(store: PostgresStore) -> None:
    state = SyncState(cursor=NOW, backfill_from=T0, deleted_at=None, deep_at=NOW)
    async with store.unit() as unit:
        await unit.runs.save_sync_state("intercom", SyncState(cursor=T0))
        await unit.runs.save_sync_state("intercom", state)
        assert await unit.runs.sync_state("intercom") == state
        assert await unit.runs.sync_state("jsonl") == SyncState()


async def test_a_database_belongs_to_one_workspace(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.runs.bind("intercom", Workspace(id="w1", name="One"))
        await unit.runs.bind("intercom", Workspace(id="w1", name="One renamed", region="eu"))
        assert await unit.runs.workspace() == Workspace(id="w1", name="One renamed", region="eu")
        with pytest.raises(Misconfigured, match="One renamed"):
            await unit.runs.bind("intercom", Workspace(id="w2", name="Two"))


async def test_the_directory_gives_back_what_is_fresh(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.directory.save("contact", {"1": {"name": "A\x00"}, "2": {"n": [1, None]}}, fetched_at=T0)
        await unit.directory.save("contact", {"1": {"name": "B"}}, fetched_at=NOW)
        await unit.directory.save("contact", {"1": {"name": "late"}}, fetched_at=T0)
        assert await unit.directory.load("contact", ["1", "2", "3"], fresh_since=T0) == {
            "1": ({"name": "B"}, NOW),
            "2": ({"n": [1, None]}, T0),
        }
        assert await unit.directory.load("contact", ["1", "2"], fresh_since=NOW) == {"1": ({"name": "B"}, NOW)}
        assert await unit.directory.load("company", ["1"], fresh_since=T0) == {}


async def test_who_is_behind_a_conversation_stays_until_it_is_stored(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.directory.save("contact", {"1": {"name": "A"}, "2": {"name": "B"}}, fetched_at=T0)
        await unit.commit()
    used = [Behind("contact", key, T0) for key in ("2", "1")]
    gone, older = Behind("company", "1", T0), Behind("contact", "1", T0 - timedelta(hours=1))

    async def rename() -> None:
        async with store.unit() as other:
            await other.directory.save("contact", {"1": {"name": "C"}}, fetched_at=NOW)
            await other.commit()

    async with store.unit() as unit:
        assert await unit.directory.changed([]) == frozenset()
        assert await unit.directory.changed([*used, gone, older]) == {gone, older}
        renaming = asyncio.create_task(rename())
        await asyncio.sleep(0.2)
        assert not renaming.done()
        await unit.commit()
    await renaming
    async with store.unit() as unit:
        assert await unit.directory.changed(used) == {used[1]}


async def test_undated_texts_stay_out_of_windows(store: PostgresStore) -> None:
    undated = conversation(1, "no time", times_known=False, customer=customer(2))
    dated = conversation(2, "with time")
    async with store.unit() as unit:
        await unit.conversations.save([arrival(undated), arrival(dated)], now=NOW)
        await unit.commit()
    await read(store, insight(undated), insight(dated))
    await group(store, {"no time": "a", "with time": "b"})
    everything = Window(start=T0.replace(year=1970), end=NOW)
    async with store.unit() as unit:
        assert [t.id for t in await unit.themes.top(ALL, limit=5)] == ["b"]
        assert [t.id for t in await unit.themes.top(everything, limit=5)] == ["a", "b"]
        report = await unit.figures.report(ALL, top=5, currency="EUR", now=NOW)
        whole = await unit.figures.report(everything, top=5, currency="EUR", now=NOW)
    assert (report.totals.conversations, report.undated, len(report.issue_days)) == (1, 1, 1)
    assert (whole.totals.conversations, whole.undated, len(whole.issue_days)) == (2, 1, 1)
