"""Delivery under faults: nothing is lost, nothing is done twice where the vendor makes that possible."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random

import pytest

from earshot.act.settings import ActSettings
from earshot.domain.delivery import Breaker, Delivery, DeliveryState, Op
from earshot.errors import BadInput, NotFound
from earshot.pipeline.acting import people
from earshot.pipeline.acting.acting import act
from earshot.pipeline.acting.sending import Courier, order_of
from earshot.pipeline.parts import Parts
from earshot.ports.outbox import Allowance
from earshot.ports.tool import Resend
from earshot.sim.tools.settings import ToolFault
from earshot.store import PostgresStore
from tests.flow.sabotage import Sabotage
from tests.flow.vendors import (
    PASSING,
    PATIENT,
    START,
    PatientClock,
    Vendor,
    judge,
    plan,
    seed,
    struck,
    vendors,
    wired,
    work_through,
)
from tests.integration.pipeline.ruling_world import world

LEASE = timedelta(seconds=PATIENT.lease_seconds)


class Desk:
    """One vendor with parts and a clock."""

    def __init__(self, parts: Parts, vendor: Vendor, clock: PatientClock, name: str) -> None:
        self.parts, self.vendor, self.clock, self.name = parts, vendor, clock, name

    async def rows(self) -> list[Delivery]:
        async with self.parts.store.unit() as unit:
            return await unit.outbox.deliveries(destination=self.name, limit=1000)

    async def create(self) -> Delivery:
        return next(row for row in await self.rows() if row.op is Op.CREATE)

    async def claim(self, worker: str = "other") -> list[Delivery]:
        able = {self.name: Allowance(per_second=1000, room=10)}
        now = self.clock.now()
        async with self.parts.store.unit() as unit:
            rows = await unit.outbox.claim(10, now=now, lease=LEASE, worker=worker, destinations=able)
            await unit.commit()
        return rows

    async def hold(self) -> None:
        """Put the create before a person."""
        async with self.parts.store.unit() as unit:
            for row in await unit.outbox.deliveries(states=[DeliveryState.PENDING], limit=1000):
                held = row.model_copy(update={"state": DeliveryState.HELD, "cause": "its rule wants approval"})
                await unit.outbox.change(held, only_from=[DeliveryState.PENDING], now=self.clock.now())
            await unit.commit()


@asynccontextmanager
async def at(
    store: PostgresStore, name: str, *, things: int = 1, settings: ActSettings = PATIENT
) -> AsyncGenerator[Desk]:
    clock = PatientClock(START)
    async with vendors(clock, kinds=(), rate=0.0, seed=1, only=(name,)) as found:
        parts = wired(world(store, []), found, clock, settings)
        await seed(store, found, first=0, count=things, now=clock.now())
        yield Desk(parts, found[name], clock, name)


async def test_random_faults_on_every_connector_lose_and_double_nothing(store: PostgresStore) -> None:
    sabotage = Sabotage(seed=7, share=0.4, depth=30)
    sabotage.install(asyncio.get_running_loop())
    clock = PatientClock(START)
    async with vendors(clock, kinds=PASSING, rate=0.06, seed=7) as found:
        parts = wired(world(store, []), found, clock)
        await seed(store, found, first=0, count=4, now=clock.now())
        await work_through(parts, sabotage, clock)
        verdict = await judge(store, found)
        assert sabotage.cuts.total() > 5
        assert struck(found).total() > 20
    assert len(verdict.made) >= 8
    assert verdict.lost == {}
    assert verdict.given_up == {}
    assert verdict.doubled == {}


@pytest.mark.parametrize("fault", [ToolFault.RESET, ToolFault.LOST, ToolFault.LATE_ERROR, ToolFault.GARBAGE])
@pytest.mark.parametrize("name", ["jira", "linear", "pagerduty", "productboard", "hubspot", "webhook"])
async def test_a_connection_cut_before_or_after_the_deed_gives_one_thing(
    store: PostgresStore, name: str, fault: ToolFault
) -> None:
    async with at(store, name) as desk:
        desk.vendor.bench.strike(fault)
        await act(desk.parts, patience=10_000)
        assert (await desk.create()).state is DeliveryState.DONE
        assert desk.vendor.bench.duplicates() == 0
        assert {row.state for row in await desk.rows()} == {DeliveryState.DONE}


async def test_what_is_surely_not_there_is_looked_up_once_before_it_is_sent_again(store: PostgresStore) -> None:
    async with at(store, "hubspot") as desk:
        desk.vendor.bench.strike(ToolFault.RESET)
        await act(desk.parts, patience=10_000)
        asked = desk.vendor.bench.sim.tally.requests
        assert asked["POST /crm/objects/2026-09/tasks"] == 2
        assert asked["POST /crm/objects/2026-09/tasks/search"] == 2, "those of the contact, then all, and no more"
        assert (await desk.create()).state is DeliveryState.DONE
        assert desk.vendor.bench.objects() == 1


async def test_what_used_up_its_tries_is_given_up_and_shown_but_not_lost(store: PostgresStore) -> None:
    settings = PATIENT.model_copy(update={"attempts": 2})
    async with at(store, "hubspot", settings=settings) as desk:
        for _ in range(2):
            desk.vendor.bench.strike(ToolFault.SERVER_ERROR)
        told = await act(desk.parts, patience=10_000)
        verdict = await judge(store, {"hubspot": desk.vendor})
        assert (verdict.lost, verdict.given_up, verdict.good) == ({}, {"hubspot": 1}, True)
        (stray,) = verdict.strays
        assert stray.words.startswith(
            "given up: hubspot create of theme-0: dead after 2 tries, may have arrived; it is not there; cause: "
        )
        assert told.problems, "people are told"
        await people.retry(desk.parts, [stray.row])
        await act(desk.parts, patience=10_000)
        assert (await judge(store, {"hubspot": desk.vendor})).made == {"hubspot": 1}
        assert desk.vendor.bench.duplicates() == 0


async def test_what_is_said_to_be_done_and_is_not_there_is_lost_once(store: PostgresStore) -> None:
    async with at(store, "hubspot", things=2) as desk:
        await act(desk.parts, patience=10_000)
        assert (await judge(store, {"hubspot": desk.vendor})).strays == ()
        row = await desk.create()
        del desk.vendor.bench.sim.tally.stored["task", row.object_key[:16]]
        verdict = await judge(store, {"hubspot": desk.vendor})
        assert (verdict.lost, verdict.given_up, verdict.good) == ({"hubspot": 1}, {}, False)
        assert [(one.row.id, one.there) for one in verdict.strays] == [(row.id, False)]
        assert verdict.strays[0].words.startswith("LOST: hubspot create")


async def test_what_ended_without_being_sent_is_lost(store: PostgresStore) -> None:
    async with at(store, "hubspot") as desk:
        await people.discard(desk.parts, await desk.rows(), reason="not wanted")
        verdict = await judge(store, {"hubspot": desk.vendor})
        assert (verdict.lost, verdict.given_up) == ({"hubspot": 1}, {})
        assert "not wanted" in verdict.strays[0].words


async def test_slack_is_never_asked_twice_when_it_may_have_arrived(store: PostgresStore) -> None:
    async with at(store, "slack") as desk:
        assert desk.vendor.resend is Resend.NEVER
        desk.vendor.bench.strike(ToolFault.LOST)
        await act(desk.parts, patience=10_000)
        row = await desk.create()
        assert (row.state, row.note) == (DeliveryState.DONE, "may have been sent")
        assert desk.vendor.bench.objects() == 1


async def test_a_dead_worker_leaves_what_it_held_to_the_next(store: PostgresStore) -> None:
    async with at(store, "jira") as desk:
        (leased,) = await desk.claim()
        await desk.vendor.tool.deliver(order_of(leased))  # it sent, and died before it wrote that down
        await act(desk.parts)
        assert (await desk.create()).state is DeliveryState.SENDING, "the lease is not over"
        desk.clock.pass_by(PATIENT.lease_seconds + 1)
        await act(desk.parts, patience=10_000)
        assert (await desk.create()).state is DeliveryState.DONE
        assert desk.vendor.bench.objects() == 1
        assert desk.vendor.bench.duplicates() == 0


async def test_a_worker_that_slept_past_its_lease_sends_nothing(store: PostgresStore) -> None:
    async with at(store, "jira") as desk:
        (leased,) = await desk.claim()
        desk.clock.pass_by(PATIENT.lease_seconds)
        tools = desk.parts.make_tools()
        courier = Courier(store, tools, settings=PATIENT, clock=desk.clock, dice=Random(1))
        assert await courier.carry(leased) is None
        assert desk.vendor.bench.objects() == 0


async def test_two_workers_share_what_is_due(store: PostgresStore) -> None:
    async with at(store, "webhook", things=30) as desk:
        one, other = await asyncio.gather(act(desk.parts, patience=60), act(desk.parts, patience=60))
        assert one.done + other.done == len(await desk.rows())
        assert desk.vendor.bench.duplicates() == 0


async def test_a_refused_token_pauses_the_destination_until_a_person_resumes_it(store: PostgresStore) -> None:
    async with at(store, "jira", things=3) as desk:
        desk.vendor.bench.strike(ToolFault.UNAUTHORIZED)
        told = await act(desk.parts, patience=10_000)
        (health,) = await people.healths(desk.parts)
        assert health.breaker is Breaker.PAUSED
        assert told.waiting > 0
        assert not any(row.state is DeliveryState.DEAD for row in await desk.rows()), "the rows are kept"
        before = desk.vendor.bench.objects()
        await act(desk.parts, patience=10_000)
        assert desk.vendor.bench.objects() == before, "nothing is tried meanwhile"
        await people.resume(desk.parts, "jira")
        await act(desk.parts, patience=10_000)
        assert desk.vendor.bench.objects() == 3


async def test_what_was_shown_is_what_is_sent(store: PostgresStore) -> None:
    async with at(store, "webhook") as desk:
        await desk.hold()
        await act(desk.parts, patience=10_000)
        assert desk.vendor.bench.objects() == 0, "nothing goes before it is approved"
        held = await people.held(desk.parts, [])
        approved = await people.approve(desk.parts, held)
        assert [row.content for row in approved] == [row.content for row in held]
        assert await people.approve(desk.parts, held) == [], "once"
        await act(desk.parts, patience=10_000)
        stands = await desk.create()
        assert (stands.state, stands.approved_by) == (DeliveryState.DONE, desk.parts.actor)
        assert stands.content == next(row for row in held if row.op is Op.CREATE).content


async def test_a_refused_delivery_is_dead_with_its_reason_and_can_be_tried_again(store: PostgresStore) -> None:
    settings = PATIENT.model_copy(update={"attempts": 2, "breaker_failures": 100})
    async with at(store, "jira", settings=settings) as desk:
        for _ in range(2):
            desk.vendor.bench.strike(ToolFault.SERVER_ERROR)
        told = await act(desk.parts, patience=10_000)
        dead = await desk.create()
        assert dead.state is DeliveryState.DEAD
        assert dead.cause
        assert told.failed == 1
        assert told.problems
        assert not told.ok
        (found,) = await people.find(desk.parts, [], states=people.FAILED, cause=dead.cause[:10].upper())
        await people.retry(desk.parts, [found])
        await act(desk.parts, patience=10_000)
        assert (await desk.create()).state is DeliveryState.DONE
        assert desk.vendor.bench.objects() == 1


async def test_what_is_discarded_is_not_sent_and_says_why(store: PostgresStore) -> None:
    async with at(store, "webhook") as desk:
        await people.discard(desk.parts, await desk.rows(), reason="not wanted")
        await act(desk.parts, patience=10_000)
        assert desk.vendor.bench.objects() == 0
        assert all("not wanted" in row.cause for row in await desk.rows())


async def test_people_name_actions_by_the_beginning_of_an_id(store: PostgresStore) -> None:
    async with at(store, "jira", things=2) as desk:
        row = await desk.create()
        action, _ = plan("jira", desk.vendor, 1, now=START)
        by_action = await people.find(desk.parts, [action.key[:12]], states=people.GIVEN_UP)
        assert {one.action_key for one in by_action} == {action.key}
        assert await people.find(desk.parts, [row.id], states=people.GIVEN_UP) == [row]
        with pytest.raises(NotFound):
            await people.find(desk.parts, ["zzz"], states=people.GIVEN_UP)
        with pytest.raises(NotFound, match="held"):
            await people.find(desk.parts, [row.id], states=people.HELD)


async def test_a_silence_has_a_matcher_an_end_and_an_author(store: PostgresStore) -> None:
    async with at(store, "jira") as desk:
        until = desk.clock.now() + timedelta(hours=1)
        with pytest.raises(BadInput, match="everything"):
            await people.silence(desk.parts, {}, until=until, reason="?")
        with pytest.raises(BadInput, match="colour"):
            await people.silence(desk.parts, {"colour": "red"}, until=until, reason="?")
        with pytest.raises(BadInput, match="past"):
            await people.silence(desk.parts, {"rule": "X"}, until=desk.clock.now(), reason="?")
        added = await people.silence(desk.parts, {"rule": "X"}, until=until, reason="maintenance")
        assert await people.silences(desk.parts) == [added]
        await people.lift(desk.parts, added.id[:6])
        assert await people.silences(desk.parts) == []
        assert len(await people.silences(desk.parts, every=True)) == 1


async def test_being_cancelled_finishes_what_is_under_way(store: PostgresStore) -> None:
    async with at(store, "webhook", things=5) as desk:
        stop = asyncio.Event()
        stop.set()
        told = await act(desk.parts, patience=10_000, stop=stop)
        assert told.done == 0
        working = asyncio.ensure_future(act(desk.parts, patience=10_000))
        while not desk.vendor.bench.objects():  # noqa: ASYNC110 (until the first arrived)
            await asyncio.sleep(0)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert not any(row.state is DeliveryState.SENDING for row in await desk.rows())
