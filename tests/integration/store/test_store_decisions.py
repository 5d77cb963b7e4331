"""Decisions become actions once per subject; conversations join; subjects that become known are found again."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from outbox_samples import action, decide, delivery, hexed, link, plan
from store_samples import NOW, conversation, group, head, insight, keep, query, read, value

from earshot.domain.action import PROVISIONAL, Action, ActionKind, ActionStatus
from earshot.domain.delivery import Thing
from earshot.domain.grouping import Change, Lineage, Regrouping
from earshot.store import PostgresStore

PAGE = ActionKind.PAGE_ONCALL_ENGINEER
STANDIN = f"{PROVISIONAL}PRODUCT_BUG:exports:CRITICAL"
HOUR = timedelta(hours=1)


async def actions(store: PostgresStore) -> list[Any]:
    return await query(store, "select * from action order by created_at, key")


async def members(store: PostgresStore, key: str) -> dict[str, str]:
    async with store.unit() as unit:
        return {m.conversation_id: m.suspect for m in await unit.decisions.members(key, limit=99)}


async def planned(store: PostgresStore) -> None:
    """Nothing is due any more."""
    await query(store, "update action set plan_at = null")


def paged(conversation_id: str, **changes: Any) -> Action:
    """A page under a stand-in."""
    return action(conversation_id, PAGE, subject_id=STANDIN, **changes)


def known(conversation_id: str, **changes: Any) -> Action:
    """The same page once the theme is known."""
    return action(conversation_id, PAGE, subject_id="t1", standin_key=paged("x").key, **changes)


async def test_the_same_decision_is_one_action_with_members(store: PostgresStore) -> None:
    first, second = action("1"), action("2", rule="other", created_at=NOW + HOUR)
    assert await decide(store, first, second) == 1
    assert await decide(store, first, second) == 0
    (row,) = await actions(store)
    assert (row["conversation_id"], row["plan_at"], row["urgent"]) == ("1", NOW, False)
    assert await members(store, first.key) == {"1": "", "2": ""}
    assert await value(store, "select count(*) from escalation_actions") == 1
    async with store.unit() as unit:
        (found,) = await unit.decisions.find(first.key[:6], limit=9)
        assert found == first
        assert await unit.decisions.get(["nothing", first.key]) == [first]
        assert await unit.decisions.find("zz", limit=9) == []
        assert await unit.rulebook.actions_of("2") == [first]


async def test_everything_about_an_action_is_kept(store: PostgresStore) -> None:
    one = action(
        "1",
        ActionKind.TAG,
        parameters={"tag": "processed\x00"},
        rule_hash="h",
        suspect="it instructs",
        approve=True,
        period=7,
    )
    await decide(store, one)
    async with store.unit() as unit:
        (found,) = await unit.decisions.list(None, limit=9)
    assert found == one.model_copy(update={"parameters": {"tag": "processed"}})


async def test_only_growth_by_trusted_conversations_is_due(store: PostgresStore) -> None:
    one = action("1")
    await decide(store, one)
    await planned(store)
    await decide(store, one)
    await decide(store, action("2", suspect="it instructs"))
    assert [row["plan_at"] for row in await actions(store)] == [None]
    await decide(store, action("3"), now=NOW + HOUR)
    assert [row["plan_at"] for row in await actions(store)] == [NOW + HOUR]
    await planned(store)
    await decide(store, action("2"), now=NOW + HOUR)
    assert [row["plan_at"] for row in await actions(store)] == [NOW + HOUR], "it was cleared"
    assert await members(store, one.key) == {"1": "", "2": "", "3": ""}
    await planned(store)
    await decide(store, action("1", suspect="the readers differ"))
    assert (await members(store, one.key))["1"] == "the readers differ"
    assert [row["plan_at"] for row in await actions(store)] == [None]


async def test_a_later_look_is_brought_forward(store: PostgresStore) -> None:
    await decide(store, action("1"))
    await query(store, "update action set plan_at = $1", NOW + 2 * HOUR)
    await decide(store, action("1"), now=NOW + HOUR)
    assert [row["plan_at"] for row in await actions(store)] == [NOW + HOUR]


async def test_inward_actions_are_never_planned(store: PostgresStore) -> None:
    counter = action("1", ActionKind.INCREMENT_FEATURE_COUNTER, status=ActionStatus.COMPLETED)
    queue = action("1", ActionKind.ADD_TO_PM_QUEUE)
    await decide(store, counter, queue)
    await decide(store, queue.model_copy(update={"conversation_id": "2"}))
    assert [row["plan_at"] for row in await actions(store)] == [None, None]
    rows = await query(store, "select status, completed_at from escalation_actions order by status")
    assert [tuple(row) for row in rows] == [("COMPLETED", NOW), ("PENDING", None)]


async def grouped(store: PostgresStore, *numbers: int) -> None:
    """These conversations are read and belong to theme t1."""
    some = [conversation(n) for n in numbers]
    await keep(store, *some)
    await read(store, *(insight(c) for c in some))
    await group(store, {"The export stops half way.": "t1"})


async def test_an_action_is_adopted_by_its_theme(store: PostgresStore) -> None:
    first = paged("1001")
    await decide(store, first, paged("1002"))
    about = link("pagerduty", thing=Thing.PAGE, subject_id=STANDIN, action_key=first.key)
    await plan(store, [about], [delivery(about)], first.key)
    await grouped(store, 1, 2, 3)
    assert await decide(store, known("1003")) == 0, "the theme's next conversation joins what was decided before"
    (row,) = await actions(store)
    assert (row["key"], row["subject_id"], row["urgent"]) == (first.key, "t1", True)
    assert await members(store, first.key) == {"1001": "", "1002": "", "1003": ""}
    async with store.unit() as unit:
        (moved,) = await unit.outbox.links(subject_id="t1")
        assert moved.object_key == about.object_key
        assert [d.subject_id for d in await unit.outbox.deliveries(limit=9)] == ["t1"]
        (found,) = await unit.decisions.get([known("1003").key])
        assert found.key == first.key
        assert [a.key for a in await unit.decisions.find(known("x").key[:8], limit=9)] == [first.key]
    assert await decide(store, paged("1004")) == 0, "a conversation of the same hour without a theme joins too"


async def test_nobody_waits_for_a_plan_to_adopt_an_action_that_is_not_asked_for(store: PostgresStore) -> None:
    first = paged("1001")
    await decide(store, first)
    await grouped(store, 1, 2, 3)
    async with store.unit() as planner:
        await planner.sql.run("select from action where key = :key for update", key=first.key)
        async with asyncio.timeout(20):
            assert await decide(store, paged("1004")) == 0, "it joins without waiting"
        assert [row["subject_id"] for row in await actions(store)] == [STANDIN]
    assert await decide(store, known("1002")) == 0
    assert [row["subject_id"] for row in await actions(store)] == ["t1"]
    assert await members(store, first.key) == {"1001": "", "1002": "", "1004": ""}


@pytest.mark.parametrize("differs", [{"dry_run": True}, {"parameters": {"channel": "#b"}, "key": hexed("b")}])
async def test_another_thing_is_not_adopted(store: PostgresStore, differs: dict[str, Any]) -> None:
    await decide(store, paged("1001"))
    await grouped(store, 1, 2)
    assert await decide(store, known("1002", **differs)) == 1


async def test_a_provisional_subject_is_free_for_a_new_incident_after_a_day(store: PostgresStore) -> None:
    first = paged("1001")
    await decide(store, first)
    await grouped(store, 1)
    later = NOW + 25 * HOUR
    fresh = paged("1005", created_at=later)
    assert await decide(store, fresh, now=later) == 1
    assert await decide(store, paged("1006", created_at=later + HOUR), now=later + HOUR) == 0
    old, new = await actions(store)
    assert (old["subject_id"], new["subject_id"]) == ("t1", f"{STANDIN}:{new['key'][:8]}")
    assert await members(store, new["key"]) == {"1005": "", "1006": ""}
    assert await decide(store, fresh, now=later) == 0


async def test_an_adopted_action_counts_for_one_cooldown_period(store: PostgresStore) -> None:
    await decide(store, paged("1001", period=100))
    await grouped(store, 1, 2, 3)
    assert await decide(store, known("1002", period=101)) == 0
    assert await decide(store, known("1003", period=101)) == 0
    assert await decide(store, known("1003", period=102)) == 1


async def test_a_decision_of_the_same_conversation_is_known_by_its_stand_in(store: PostgresStore) -> None:
    alert = action("1", ActionKind.ALERT_CS_MANAGER, subject_id="conversation:1")
    await decide(store, alert)
    named = {"subject_id": "company-1", "standin_key": alert.key}
    assert await decide(store, action("1", ActionKind.ALERT_CS_MANAGER, **named)) == 0
    assert await decide(store, action("2", ActionKind.ALERT_CS_MANAGER, **named)) == 0
    assert await members(store, alert.key) == {"1": "", "2": ""}
    assert await decide(store, action("2", ActionKind.ALERT_CS_MANAGER, subject_id="company-2")) == 1


@pytest.mark.parametrize("change", [Change.JOINED, Change.MERGED])
async def test_a_theme_that_went_into_another_takes_its_actions_along(store: PostgresStore, change: Change) -> None:
    one = action("1001", subject_id="t0")
    await decide(store, one)
    about = link(subject_id="t0", action_key=one.key)
    await plan(store, [about], [delivery(about)], one.key)
    await grouped(store, 1)
    events = [
        Lineage(theme_id="t0", change=change, other_id="tx", at=NOW),
        Lineage(theme_id="tx", change=change, other_id="t1", at=NOW),
    ]
    async with store.unit() as unit:
        mention = (await unit.themes.mentions(1))[0]
        await unit.themes.save(Regrouping(heads=(head("t1", mention),), lineage=tuple(events)), now=NOW)
        await unit.commit()
    assert await decide(store, action("1002")) == 0
    (row,) = await actions(store)
    assert (row["key"], row["subject_id"]) == (one.key, "t1")
    async with store.unit() as unit:
        assert [found.object_key for found in await unit.outbox.links(subject_id="t1")] == [about.object_key]


async def test_due_cases_hold_all_that_is_known(store: PostgresStore) -> None:
    some = [conversation(n) for n in range(1, 6)]
    await keep(store, *some)
    await read(store, *(insight(c, priority="CRITICAL") for c in some))
    await group(store, {"The export stops half way.": "t1"})
    await decide(store, action("1001"), action("1002"), action("1005", suspect="it instructs"))
    await decide(store, known("1001"))
    about = link(action_key="elsewhere")
    page = link("pagerduty", thing=Thing.PAGE, subject_id="t9", action_key="other")
    waiting = delivery(about)
    incident = delivery(page).model_copy(
        update={"content": delivery(page).content.model_copy(update={"area": "billing"})}
    )
    await plan(store, [about, page], [waiting, incident])
    async with store.unit() as unit:
        await unit.figures.refresh()  # who finds something to count holds the counts until its end
        await unit.commit()
    async with store.unit() as unit:
        urgent, case = await unit.outbox.due(9, now=NOW)
        assert urgent.dossier.action.kind is PAGE
        async with store.unit() as other:
            assert await other.outbox.due(9, now=NOW) == [], "they are held"
        dossier = case.dossier
        assert (dossier.conversations, dossier.suspects, dossier.customers) == (2, 1, 2)
        assert dossier.insight.conversation_id == dossier.conversation.id == "1002"
        assert (dossier.first_seen, dossier.last_seen) == (some[0].spoken_at, some[1].spoken_at)
        assert (dossier.mrr, dossier.companies) == (300.0, ("Company 2", "Company 1"))
        assert dossier.theme is not None
        assert (dossier.theme.id, dossier.theme.conversations) == ("t1", 5)
        assert [q.conversation_id for q in dossier.quotes] == ["1002", "1001"]
        assert dossier.theme.quotes == dossier.quotes, "no word of a suspect"
        assert [w.text for w in dossier.links] == ["1002", "1001"]
        assert case.links == (about,)
        assert [d.id for d in case.waiting] == [waiting.id]
        assert case.recent_objects == {"jira": 1, "pagerduty": 1}
        assert case.incidents == ("billing",)
        assert await unit.outbox.dossier(dossier.action.key) == dossier
        assert await unit.outbox.dossier("nothing") is None


async def test_what_is_being_read_again_is_planned_later(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await decide(store, action("1001"), action("external:7", subject_id="t2"))
    async with store.unit() as unit:
        assert await unit.outbox.due(9, now=NOW) == []
        assert await unit.outbox.next_due(now=NOW, destinations={}) == NOW + HOUR
        await unit.commit()
    await read(store, insight(c))
    await decide(store, action("1001"), now=NOW)
    async with store.unit() as unit:
        (case,) = await unit.outbox.due(9, now=NOW)
    assert case.dossier.action.subject_id == "t1"


async def test_insights_of_other_programs_have_dossiers_too(store: PostgresStore) -> None:
    await query(
        store,
        """insert into conversation_insights (conversation_id, issue_type, priority, sentiment, sentiment_score,
        churn_risk, summary, created_at) values ('zendesk:7', 'OTHER', 'LOW', 'NEUTRAL', 0, 'LOW', 's', $1)""",
        NOW,
    )
    await decide(store, action("zendesk:7"))
    async with store.unit() as unit:
        (case,) = await unit.outbox.due(9, now=NOW)
    assert (case.dossier.conversation.id, case.dossier.theme, case.dossier.mrr) == ("zendesk:7", None, None)
