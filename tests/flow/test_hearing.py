"""Hearing one conversation: the real client against the simulator, a real database, real jobs rows."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from earshot.domain.hearing import Fate
from earshot.domain.job import JobName
from earshot.domain.notification import Concern, Effect, Notification
from earshot.errors import Transient
from earshot.pipeline.arriving import Renewing
from earshot.pipeline.deciding import decide
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.live.hearing import classify_now
from earshot.pipeline.live.serving import live_serving
from earshot.pipeline.syncing import sync
from earshot.pipeline.theming.group import group
from earshot.ports.jobs import Later, Serve
from earshot.ports.source import Fetched, Source
from earshot.sim.intercom.simulator import IntercomSim

Open = Callable[..., Awaitable[Earshot]]
_TOLD = itertools.count(1)
LOST = "Data loss: all our invoices disappeared after the update, this is critical, production is down for us."


class Failing:
    """A source that cannot be asked."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.fails = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    async def fetch(self, external_id: str) -> Fetched:
        if self.fails:
            raise Transient("nobody answers")
        return await self._source.fetch(external_id)


class Between:
    """A source on which something happens once, between the answer to a question and what is done with it."""

    def __init__(self, source: Source, happens: Callable[[], Awaitable[None]]) -> None:
        self._source = source
        self._happens = [happens]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    async def fetch(self, external_id: str) -> Fetched:
        fetched = await self._source.fetch(external_id)
        while self._happens:
            await self._happens.pop()()
        return fetched


class Restless(Between):
    """The same, and again so many times as somebody is looked up once more."""

    def __init__(self, source: Source, happens: Callable[[], Awaitable[None]], *, again: int) -> None:
        super().__init__(source, happens)
        self._again, self._happening = again, happens

    async def renewed(self, raw: bytes) -> Fetched:
        found = await cast("Renewing", self._source).renewed(raw)
        if self._again:
            self._again -= 1
            await self._happening()
        return found


class Ear:
    """Notifications put in and jobs done by hand, as a worker would."""

    def __init__(self, earshot: Earshot, source: Source | None = None) -> None:
        self.parts = earshot.parts if source is None else replace(earshot.parts, make_source=lambda: source)
        self.serving: dict[JobName, Serve] = live_serving(self.parts)

    async def told(
        self, external_id: str, effect: Effect = Effect.CHANGED, concern: Concern = Concern.CONVERSATION
    ) -> None:
        now = datetime.now(UTC)
        note = Notification(
            id=f"n{next(_TOLD)}",
            topic="t",
            effect=effect,
            concern=concern,
            external_id=external_id,
            occurred_at=now,
            received_at=now,
        )
        async with self.parts.store.unit() as unit:
            await unit.inbox.take([note], debounce=timedelta(), now=now)
            await unit.commit()

    async def hear(
        self, external_id: str, effect: Effect = Effect.CHANGED, concern: Concern = Concern.CONVERSATION
    ) -> None:
        await self.told(external_id, effect, concern)
        await self.serving[JobName.HEAR](f"intercom/{concern.value}/{external_id}/1")

    async def queued(self) -> dict[str, int]:
        async with self.parts.store.unit() as unit:
            return {queue.name: queue.waiting for queue in await unit.jobs.queues() if queue.waiting}

    async def waiting(self) -> tuple[int, int]:
        async with self.parts.store.unit() as unit:
            figures = await unit.inbox.figures(now=datetime.now(UTC))
        return figures.waiting, figures.failed


async def test_a_conversation_is_stored_read_judged_and_followed_in_one_turn(
    sim: IntercomSim, open_line: Open
) -> None:
    ear = Ear(await open_line(sim))
    talk = sim.begin(LOST)
    await ear.hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        insight, labels = await unit.insights.present(talk["id"])
        actions = await unit.decisions.list(None, limit=10)
    assert insight is not None
    assert labels is None
    assert not insight.provenance.provisional
    assert "CREATE_JIRA_P0" in {action.kind for action in actions}
    assert await ear.waiting() == (0, 0)
    queued = await ear.queued()
    assert queued["deliver"] == 1
    assert queued["theme"] == 1


async def test_what_says_nothing_new_is_stored_and_not_read_again(sim: IntercomSim, open_line: Open) -> None:
    ear = Ear(await open_line(sim))
    talk = sim.begin(LOST)
    await ear.hear(talk["id"])
    before = await ear.queued()
    async with ear.parts.store.unit() as unit:
        first, _ = await unit.insights.present(talk["id"])
    sim.reply(talk["id"], "note", text="Looked at by Earshot: critical.")
    sim.set_state(talk["id"], "close")
    await ear.hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        second, _ = await unit.insights.present(talk["id"])
        (held,) = await unit.conversations.get([talk["id"]])
    assert second == first
    assert held.state == "closed"
    assert await ear.queued() == before | {"hear": 2}


async def test_a_further_message_is_read_and_judged_again(sim: IntercomSim, open_line: Open) -> None:
    ear = Ear(await open_line(sim))
    talk = sim.begin("How do I invite a colleague?")
    await ear.hear(talk["id"])
    sim.reply(talk["id"], "customer", text=LOST)
    await ear.hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        insight, _ = await unit.insights.present(talk["id"])
        actions = await unit.decisions.list(None, limit=10)
    assert insight is not None
    assert insight.reading.priority == "CRITICAL"
    assert "CREATE_JIRA_P0" in {action.kind for action in actions}


async def test_what_was_deleted_is_purged_told_so_or_not(sim: IntercomSim, open_line: Open) -> None:
    ear = Ear(await open_line(sim))
    told, untold = sim.begin(LOST), sim.begin(LOST)
    for talk in (told, untold):
        await ear.hear(talk["id"])
        sim.delete(talk["id"])
    await ear.hear(told["id"], Effect.DELETED)
    await ear.hear(untold["id"])
    async with ear.parts.store.unit() as unit:
        for talk in (told, untold):
            assert await unit.insights.present(talk["id"]) == (None, None)
            (held,) = await unit.conversations.get([talk["id"]])
            assert held.deleted
            assert not held.messages
    assert await ear.waiting() == (0, 0)


async def test_many_at_once_are_heard_together_and_each_once(sim: IntercomSim, open_line: Open) -> None:
    ear = Ear(await open_line(sim))
    talks = [sim.begin(f"{LOST} Invoice {n}.")["id"] for n in range(30)]
    for one in talks:
        await ear.told(one)
    await asyncio.gather(*(ear.serving[JobName.HEAR](f"intercom/conversation/{one}/1") for one in talks * 2),
                         return_exceptions=True)  # fmt: skip
    async with ear.parts.store.unit() as unit:
        found = [await unit.insights.present(one) for one in talks]
    assert all(insight is not None for insight, _ in found)
    assert await ear.waiting() == (0, 0)


async def test_a_turn_that_another_worker_holds_is_left_for_later(sim: IntercomSim, open_line: Open) -> None:
    ear = Ear(await open_line(sim))
    talk = sim.begin(LOST)
    await ear.told(talk["id"])
    now = datetime.now(UTC)
    async with ear.parts.store.unit() as unit:
        turn = await unit.inbox.claim(
            "intercom", Concern.CONVERSATION, external_id=talk["id"], lease=timedelta(seconds=60), now=now
        )
        await unit.commit()
    assert turn is not None
    with pytest.raises(Later):
        await ear.serving[JobName.HEAR](f"intercom/conversation/{talk['id']}/1")


async def test_a_renamed_contact_shows_in_stored_conversations_which_are_not_read_again(
    sim: IntercomSim, open_line: Open
) -> None:
    ear = Ear(await open_line(sim))
    talk = sim.begin(LOST)
    await ear.hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        before, _ = await unit.insights.present(talk["id"])
        (held,) = await unit.conversations.get([talk["id"]])
    assert held.customer is not None
    sim.update_contact(held.customer.id, {"name": "Another Name"})
    await ear.hear(held.customer.id, concern=Concern.CONTACT)
    async with ear.parts.store.unit() as unit:
        (renewed,) = await unit.conversations.get([talk["id"]])
        assert (await unit.insights.present(talk["id"]))[0] == before
    assert renewed.customer is not None
    assert renewed.customer.name == "Another Name"
    assert await ear.waiting() == (0, 0)


@pytest.mark.parametrize("way", ["webhook", "sync", "first of all"])
async def test_a_contact_renamed_while_its_conversation_is_on_the_way_is_not_stored_as_it_was(
    sim: IntercomSim, open_line: Open, way: str
) -> None:
    earshot = await open_line(sim)
    ear, talk = Ear(earshot), sim.begin(LOST)
    contact = str(talk["contacts"]["contacts"][0]["id"])
    if way != "first of all":  # otherwise nothing is held of anybody
        await ear.hear(sim.begin("An earlier question.", contact_id=contact)["id"])

    async def renamed() -> None:
        sim.update_contact(contact, {"name": "Another Name"})
        await ear.hear(contact, concern=Concern.CONTACT)

    between = Between(earshot.parts.make_source(), renamed)
    if way == "sync":
        parts = replace(earshot.parts, make_source=lambda: cast("Source", between))
        assert (await sync(parts, since=datetime.now(UTC) - timedelta(hours=1), until=None)).complete
    else:
        await Ear(earshot, cast("Source", between)).hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        (held,) = await unit.conversations.get([talk["id"]])
    assert held.customer is not None
    assert held.customer.name == "Another Name"


async def test_a_sync_goes_on_where_somebody_changes_again_and_again(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    ear, talk = Ear(earshot), sim.begin(LOST)
    contact, names = str(talk["contacts"]["contacts"][0]["id"]), iter(range(100))

    async def renamed() -> None:
        sim.update_contact(contact, {"name": f"Name {next(names)}"})
        await ear.hear(contact, concern=Concern.CONTACT)

    restless = cast("Source", Restless(earshot.parts.make_source(), renamed, again=9))
    parts = replace(earshot.parts, make_source=lambda: restless)
    assert (await sync(parts, since=datetime.now(UTC) - timedelta(hours=1), until=None)).complete
    async with ear.parts.store.unit() as unit:
        (held,) = await unit.conversations.get([talk["id"]])
    assert held.customer is not None
    assert held.customer.name == "Name 9"


async def test_where_nobody_is_remembered_many_conversations_of_one_contact_are_stored(
    sim: IntercomSim, open_line: Open
) -> None:
    ear = Ear(await open_line(sim, intercom={"cache_hours": 0}))
    talks = [sim.begin(f"{LOST} {number}") for number in range(3)]
    contact = str(talks[0]["contacts"]["contacts"][0]["id"])
    assert (await sync(ear.parts, since=datetime.now(UTC) - timedelta(hours=1), until=None)).complete
    sim.update_contact(contact, {"name": "Another Name"})
    await ear.hear(contact, concern=Concern.CONTACT)
    async with ear.parts.store.unit() as unit:
        held = await unit.conversations.get([talk["id"] for talk in talks])
    assert [one.customer.name for one in held if one.customer] == ["Another Name"] * 3
    assert await ear.waiting() == (0, 0)


async def test_conversations_of_a_deleted_contact_are_fetched_anew(sim: IntercomSim, open_line: Open) -> None:
    ear = Ear(await open_line(sim))
    talk = sim.begin(LOST)
    await ear.hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        (held,) = await unit.conversations.get([talk["id"]])
    assert held.customer is not None
    sim.delete_contact(held.customer.id)
    await ear.hear(held.customer.id, Effect.DELETED, Concern.CONTACT)
    assert (await ear.waiting())[0] == 1
    await ear.serving[JobName.HEAR](f"intercom/conversation/{talk['id']}/2")
    assert await ear.waiting() == (0, 0)


async def test_what_fails_comes_again_and_is_given_up_with_its_reason(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim, realtime={"attempts": 2})
    talk = sim.begin(LOST)
    source = Failing(earshot.parts.make_source())
    ear = Ear(earshot, cast("Source", source))
    await ear.hear(talk["id"])
    assert await ear.waiting() == (1, 0)
    async with ear.parts.store.unit() as unit:
        assert next(q for q in await unit.jobs.queues() if q.name == "hear").waiting == 2
    await ear.serving[JobName.HEAR](f"intercom/conversation/{talk['id']}/2")
    assert await ear.waiting() == (0, 1)
    source.fails = False
    await ear.hear(talk["id"])
    assert await ear.waiting() == (0, 0)


async def test_filters_keep_a_conversation_from_being_heard_but_not_from_being_stored(
    sim: IntercomSim, open_line: Open
) -> None:
    ear = Ear(await open_line(sim, realtime={"only_states": ["snoozed"]}))
    talk = sim.begin(LOST)
    await ear.hear(talk["id"])
    async with ear.parts.store.unit() as unit:
        assert await unit.insights.present(talk["id"]) == (None, None)
        assert await unit.conversations.count_pending() == 1
    assert await ear.waiting() == (0, 0)
    heard = await classify_now(ear.parts, talk["id"])
    assert heard.fate is Fate.JUDGED
    assert heard.insight is not None
    assert "P0_BUG_TICKET" in heard.rules
    again = await classify_now(ear.parts, talk["id"])
    assert again.fate is Fate.UNCHANGED
    assert again.insight == heard.insight
    assert again.rules == heard.rules


async def test_themes_follow_and_what_needs_them_is_judged_then(sim: IntercomSim, open_line: Open) -> None:
    rule = {"name": "GROWING", "when": "theme.frequency >= 2", "actions": ["CREATE_TICKET"]}
    ear = Ear(await open_line(sim, decide={"packs": [], "rules": [rule]}))
    for _ in range(2):
        await ear.hear(sim.begin(LOST)["id"])
    async with ear.parts.store.unit() as unit:
        assert not await unit.decisions.list(None, limit=10)
    await ear.serving[JobName.THEME]("any")
    async with ear.parts.store.unit() as unit:
        (action,) = await unit.decisions.list(None, limit=10)
        members = await unit.decisions.members(action.key, limit=10)
        assert not await unit.decisions.undecided(10, now=datetime.now(UTC))
    assert len(members) == 2


async def test_placing_in_real_time_and_a_grouping_at_once_give_each_finding_one_theme(
    sim: IntercomSim, open_line: Open
) -> None:
    ear = Ear(await open_line(sim))
    await asyncio.gather(*(ear.hear(sim.begin(f"{LOST} Number {n}.")["id"]) for n in range(12)))
    await asyncio.gather(
        group(ear.parts), ear.serving[JobName.THEME]("a"), group(ear.parts), place_new_of(ear), decide(ear.parts)
    )
    async with ear.parts.store.unit() as unit:
        assert not await unit.themes.unplaced(10)
        state = await unit.themes.partition()
    assert len(state.heads) == len({state.cells[p.cell_id] for p in state.placements.values()})


async def place_new_of(ear: Ear) -> None:
    """Another process's placing."""
    await live_serving(ear.parts)[JobName.THEME]("b")
