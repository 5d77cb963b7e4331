"""The bounds of the flow, watched over a real store: told through the fallback, once, whoever looks."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from earshot.act.settings import ActSettings
from earshot.domain.delivery import DeliveryState
from earshot.domain.job import JobName
from earshot.pipeline.acting.acting import act
from earshot.pipeline.deciding import decide
from earshot.pipeline.parts import Parts
from earshot.pipeline.watching.settings import WatchSettings
from earshot.pipeline.watching.watching import Watched, watch
from earshot.ports.tool import Tool
from earshot.store import PostgresStore
from tests.contract.tools.case import Bench
from tests.flow.vendors import PatientClock, all_cases
from tests.integration.pipeline.ruling_world import rule, switched_on, told, world
from tests.integration.store.store_samples import NOW

TICKETS = rule("TICKETS", "true", "CREATE_TICKET")
BOUNDS = WatchSettings(approval_minutes=10)


@asynccontextmanager
async def desk(store: PostgresStore, *, approve: bool = True) -> AsyncGenerator[tuple[Parts, PatientClock, Bench]]:
    """Slack and Jira at work, where every action waits for approval."""
    clock = PatientClock(NOW)
    cases = {case.name: case for case in all_cases()}
    async with cases["slack"].bench() as slack, cases["jira"].bench() as jira:
        tools: dict[str, Tool] = {"slack": slack.tool, "jira": jira.tool}
        settings = ActSettings(approve=approve)
        parts = replace(world(store, [TICKETS]), make_tools=lambda: tools, clock=clock, act=settings)
        await switched_on(parts, TICKETS)
        yield parts, clock, slack


async def looked(parts: Parts, settings: WatchSettings = BOUNDS) -> Watched:
    """One look, and whatever is to be said goes out."""
    found = await watch(parts, settings)
    await act(parts, settled=True, patience=5.0)
    return found


def said(slack: Bench) -> list[str]:
    return [json.loads(body)["text"] for body in slack.bodies()]


async def set_age(store: PostgresStore, seconds: float) -> None:
    """The oldest thing that a webhook told of is so old; 0: nothing waits."""
    async with store.unit() as unit:
        await unit.sql.run("delete from live_turn")
        if seconds:
            await unit.sql.run(
                """insert into live_turn (source, concern, external_id, effect, version, asked_at, due_at)
                values ('intercom', 'conversation', '1', 'changed', 1, :at, :at)""",
                at=NOW - timedelta(seconds=seconds),
            )
        await unit.commit()


async def test_people_are_told_once_of_what_waits_for_their_approval(store: PostgresStore) -> None:
    async with desk(store) as (parts, clock, slack):
        await told(store, 1, by="local")
        await decide(parts)
        await looked(parts)
        assert said(slack) == [], "it waits for minutes only"
        clock.pass_by(11 * 60)
        found = await looked(parts)
        assert found.news == {"approval": "left"}
        assert found.told == 1
        (message,) = said(slack)
        assert "1 action waits for approval" in message
        for _ in range(3):
            clock.pass_by(60)
            assert (await looked(parts)).news == {}
        assert len(said(slack)) == 1
        clock.pass_by(24 * 3600)
        assert (await looked(parts)).news == {"approval": "still"}
        assert len(said(slack)) == 2
        assert "Still: " in said(slack)[1]
        async with store.unit() as unit:
            (held,) = await unit.outbox.deliveries(states=(DeliveryState.HELD,), limit=10)
            await unit.outbox.change(
                held.model_copy(update={"state": DeliveryState.DISCARDED, "ended_at": clock.now()}),
                only_from=(DeliveryState.HELD,),
                now=clock.now(),
            )
            await unit.commit()
        assert (await looked(parts)).news == {"approval": "kept"}
        assert len(said(slack)) == 2, "who approved it knows"


async def test_a_queue_that_is_too_old_is_told_and_that_it_is_well_again(store: PostgresStore) -> None:
    async with desk(store) as (parts, clock, slack):
        await set_age(store, 1000)
        assert [(await looked(parts)).news for _ in range(3)] == [{}, {"queue_age": "left"}, {}]
        await set_age(store, 0)
        assert [(await looked(parts)).news for _ in range(3)] == [{}, {}, {"queue_age": "kept"}]
        left, kept = said(slack)
        assert "Work waits too long" in left
        assert "earshot worker" in left
        assert "Kept again: Work waits too long" in kept
        await set_age(store, 1000)
        for _ in range(2):
            clock.pass_by(60)
            await looked(parts)
        assert len(said(slack)) == 3, "a new episode is told anew"


async def test_many_that_look_at_once_tell_once(store: PostgresStore) -> None:
    async with desk(store) as (parts, _, slack):
        await set_age(store, 1000)
        for _ in range(4):
            await asyncio.gather(*(watch(parts, BOUNDS) for _ in range(5)))
        await act(parts, settled=True)
        assert len(said(slack)) == 1


async def test_what_is_told_gets_a_job_in_the_same_commit(store: PostgresStore) -> None:
    async with desk(store) as (parts, _, _):
        await set_age(store, 1000)
        await watch(parts, BOUNDS)
        async with store.unit() as unit:
            assert sum(queue.waiting for queue in await unit.jobs.queues()) == 0
        await watch(parts, BOUNDS)
        async with store.unit() as unit:
            assert {queue.name: queue.waiting for queue in await unit.jobs.queues()}[JobName.DELIVER] == 1


async def test_without_a_destination_states_are_kept_and_told_later(store: PostgresStore) -> None:
    async with desk(store) as (parts, _, slack):
        mute = replace(parts, make_tools=dict)
        await set_age(store, 1000)
        found = [await watch(mute, BOUNDS) for _ in range(3)]
        assert [one.told for one in found] == [0, 0, 0]
        assert [one for one in found[-1].problems if "Work waits too long" in one]
        assert (await looked(parts)).news == {"queue_age": "left"}
        assert len(said(slack)) == 1


async def test_switched_off_nothing_is_looked_at(store: PostgresStore) -> None:
    async with desk(store) as (parts, _, _):
        assert not (await watch(parts, WatchSettings(enabled=False))).looked
        async with store.unit() as unit:
            assert await unit.watch.states() == []
