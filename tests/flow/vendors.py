"""All connectors at work against their simulators in this process, with one outbox, two workers and many faults."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules

from earshot.act.settings import ActSettings
from earshot.domain.action import Action, ActionKind, Subject
from earshot.domain.delivery import (
    Delivery,
    DeliveryState,
    Link,
    Op,
    Order,
    Outcome,
    Planned,
    Remote,
    Thing,
)
from earshot.pipeline.acting.acting import act
from earshot.pipeline.parts import Parts
from earshot.ports.store import Store
from earshot.ports.tool import Abilities, Resend, Tool, ToolAccess
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings
from tests.contract.tools import cases
from tests.contract.tools.case import HttpBench, ToolCase
from tests.flow.sabotage import Sabotage
from tests.still import StillClock

START = datetime.fromisoformat("2026-03-10T12:00:00+00:00")
PASSING = frozenset(ToolFault) - {ToolFault.UNAUTHORIZED}
"""Faults that a delivery survives without a person."""
OPEN = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN)
PATIENT = ActSettings(
    give_up_hours=24 * 30,
    disable_after_days=365,
    page_give_up_minutes=24 * 60,
    breaker_failures=1000,
    longest_retry_seconds=60,
).model_copy(update={"attempts": 100_000})
"""Nobody gives up: whatever fails is only a fault that passes. More tries than settings allow: a look-up is many
requests in a row of which none may fail, and a third of them do."""
_ALL = 1_000_000
GIVEN_UP = "given up after"
"""How the cause of a delivery begins that used up its tries."""


class PatientClock(StillClock):
    """Time that moves when somebody sleeps, but not while a request is under way: leases outlast requests."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.under_way = 0

    async def sleep(self, seconds: float) -> None:
        until = self.at.timestamp() + seconds
        while self.under_way:  # noqa: ASYNC110 (real requests end by themselves)
            await asyncio.sleep(0.001)
        if until > self.at.timestamp():
            self.pass_by(until - self.at.timestamp())


@dataclass
class Watched:
    """A tool whose requests under way are counted."""

    name: str
    inner: Tool
    clock: PatientClock

    @property
    def abilities(self) -> Abilities:
        return self.inner.abilities.model_copy(update={"per_second": 1_000.0})

    def check(self, order: Order) -> str:
        return self.inner.check(order)

    def preview(self, order: Order) -> str:
        return self.inner.preview(order)

    async def deliver(self, order: Order) -> Outcome:
        self.clock.under_way += 1
        try:
            return await self.inner.deliver(order)
        finally:
            self.clock.under_way -= 1

    async def find(self, order: Order) -> Outcome:
        self.clock.under_way += 1
        try:
            return await self.inner.find(order)
        finally:
            self.clock.under_way -= 1

    async def statuses(self, external_ids: Sequence[str]) -> list[Remote]:
        return await self.inner.statuses(external_ids)

    async def access(self) -> ToolAccess:
        return await self.inner.access()

    async def close(self) -> None:
        await self.inner.close()


@dataclass(frozen=True)
class Vendor:
    """One tool at its simulator, and what it is asked to make."""

    bench: HttpBench
    tool: Watched
    order: Order

    @property
    def resend(self) -> Resend:
        return self.tool.abilities.resend[self.order.thing]


@dataclass(frozen=True)
class Stray:
    """A create that did not end well. `there`: whether the vendor has its thing, None where that cannot be told."""

    row: Delivery
    there: bool | None

    @property
    def given_up(self) -> bool:
        return self.row.state is DeliveryState.DEAD and self.row.cause.startswith(GIVEN_UP)

    @property
    def words(self) -> str:
        """How it ended, for people."""
        row = self.row
        there = {True: "it is there", False: "it is not there", None: "whether it is there cannot be told"}
        arrived = ", may have arrived" if row.maybe_arrived else ""
        fate = "given up" if self.given_up else "LOST"
        return (
            f"{fate}: {row.destination} {row.op} of {row.subject_id}: {row.state} after {row.attempts} tries"
            f"{arrived}; {there[self.there]}; cause: {row.cause or '-'}"
        )


@dataclass(frozen=True)
class Verdict:
    """What a run of faults ended with, by destination. `unsure` are things that may not be sent again.

    `given_up` used up their tries: they are dead with a cause, and shown to a person who can try them again.
    `lost` ended otherwise, or are said to be done and are not there. `strays` are the rows of both.
    """

    made: Mapping[str, int]
    lost: Mapping[str, int]
    doubled: Mapping[str, int]
    unsure: Mapping[str, int]
    given_up: Mapping[str, int]
    states: Mapping[str, int]
    strays: tuple[Stray, ...]

    @property
    def good(self) -> bool:
        return not self.lost and not self.doubled


@asynccontextmanager
async def vendors(
    clock: PatientClock, *, kinds: Collection[ToolFault], rate: float, seed: int, only: Collection[str] = ()
) -> AsyncGenerator[dict[str, Vendor]]:
    """Every tool that has a case in the contract suite, at a simulator that misbehaves at random."""
    async with AsyncExitStack() as stack:
        found: dict[str, Vendor] = {}
        for case in all_cases():
            if only and case.name not in only:
                continue
            bench = await stack.enter_async_context(case.bench())
            if not isinstance(bench, HttpBench):
                continue
            bench.sim.faults.settings = ToolFaultSettings(
                kinds=frozenset(kinds), seed=seed, rate=rate, hang_seconds=0.0, retry_after=7.0
            )
            tool = Watched(case.name, bench.tool, clock)
            found[case.name] = Vendor(bench, tool, case.orders[0])
        yield found


def all_cases() -> list[ToolCase]:
    names = sorted(module.name for module in iter_modules(cases.__path__))
    return [import_module(f"{cases.__name__}.{name}").CASE for name in names]


def wired(parts: Parts, found: Mapping[str, Vendor], clock: PatientClock, settings: ActSettings = PATIENT) -> Parts:
    """The parts with these vendors as their tools."""
    tools: dict[str, Tool] = {name: vendor.tool for name, vendor in found.items()}
    return replace(parts, make_tools=lambda: tools, clock=clock, act=settings)


async def seed(store: Store, found: Mapping[str, Vendor], *, first: int, count: int, now: datetime) -> None:
    """Actions with a thing to be made at each vendor, and what changes it afterwards where that is possible."""
    plans = [plan(name, vendor, n, now=now) for name, vendor in found.items() for n in range(first, first + count)]
    async with store.unit() as unit:
        await unit.decisions.save([action for action, _ in plans], decided=[], now=now)
        await unit.outbox.save_plans([planned for _, planned in plans], now=now)
        await unit.commit()


def plan(name: str, vendor: Vendor, n: int, *, now: datetime) -> tuple[Action, Planned]:
    key = hashlib.sha256(f"{name} {n}".encode()).hexdigest()[:32]
    subject = f"theme-{n}"
    thing = vendor.order.thing
    action = Action(
        key=key,
        kind=ActionKind.CREATE_TICKET,
        subject=Subject.THEME,
        subject_id=subject,
        conversation_id=f"c-{n}",
        rule="test",
        reason="a test",
        dry_run=False,
        created_at=now,
    )
    link = Link(object_key=key, destination=name, thing=thing, subject_id=subject, action_key=key, planned_at=now)
    able = vendor.tool.abilities.orders[thing]
    wanted = [op for op in (Op.CREATE, Op.UPDATE, Op.RESOLVE) if op in able]
    return action, Planned(
        action_key=key, links=(link,), deliveries=tuple(_delivery(link, vendor, op, now=now) for op in wanted)
    )


def _delivery(link: Link, vendor: Vendor, op: Op, *, now: datetime) -> Delivery:
    return Delivery(
        id=hashlib.sha256(f"{link.object_key} {op}".encode()).hexdigest()[:32],
        object_key=link.object_key,
        action_key=link.action_key,
        destination=link.destination,
        thing=link.thing,
        op=op,
        subject_id=link.subject_id,
        content=vendor.order.content.model_copy(update={"title": f"Matter {link.subject_id}"}),
        not_before=now,
        created_at=now,
    )


async def work_through(parts: Parts, sabotage: Sabotage, clock: PatientClock, *, most: int = 3000) -> int:
    """Two workers at once, again and again, until nothing is open; how many times they were begun."""
    for number in range(1, most + 1):
        sabotage.armed = number < most
        workers = [asyncio.ensure_future(act(parts, patience=200_000)) for _ in range(2)]
        try:
            await asyncio.gather(*workers, return_exceptions=True)
        finally:
            sabotage.armed = False
        for worker in workers:
            if not worker.cancelled() and (error := worker.exception()) is not None:
                raise error
        async with parts.store.unit() as unit:
            if not await unit.outbox.deliveries(states=OPEN, limit=1):
                return number
        clock.pass_by(1)
    async with parts.store.unit() as unit:
        left = [(row.destination, row.op, row.state) for row in await unit.outbox.deliveries(states=OPEN, limit=9)]
        raise AssertionError(f"still open: {left}")


async def judge(store: Store, found: Mapping[str, Vendor]) -> Verdict:
    """Every thing is there once; where the vendor cannot say, it is there at most once."""
    async with store.unit() as unit:
        every = await unit.outbox.deliveries(limit=_ALL)
    creates = [one for one in every if one.op is Op.CREATE or one.thing is Thing.EVENT]
    made, lost, doubled, unsure, given_up = (Counter[str]() for _ in range(5))
    strays: list[Stray] = []
    for name, vendor in found.items():
        own = [one for one in creates if one.destination == name]
        sure = [one for one in own if one.state is DeliveryState.DONE and not _is_doubtful(one, vendor)]
        here = astray(own, vendor)
        made[name] = vendor.bench.objects() - vendor.bench.duplicates()
        given_up[name] = sum(one.given_up for one in here)
        missing = sum(one.row.state is DeliveryState.DONE for one in here)
        lost[name] = len(here) - given_up[name] + max(0, len(sure) - missing - made[name])
        doubled[name] = vendor.bench.duplicates()
        unsure[name] = sum(_is_doubtful(one, vendor) for one in own)
        strays += here
    states = Counter(f"{one.destination} {one.op.value} {one.state.value}" for one in every)
    return Verdict(made, +lost, +doubled, +unsure, +given_up, states, tuple(strays))


def astray(creates: Sequence[Delivery], vendor: Vendor) -> list[Stray]:
    """Those that are not done, and those that are said to be done and that the vendor does not have."""
    marks = {mark for _, mark in vendor.bench.sim.tally.stored}
    pieces = {piece for mark in marks for piece in (mark, mark[:16], mark.removeprefix("earshot-")[:16])}
    there = {one.id: one.object_key[:16] in pieces or one.id in marks for one in creates}
    tells = any(there.values()) or not marks
    strays = [Stray(one, there[one.id] if tells else None) for one in creates]
    return [
        one
        for one in strays
        if one.row.state is not DeliveryState.DONE or (one.there is False and not _is_doubtful(one.row, vendor))
    ]


def _is_doubtful(create: Delivery, vendor: Vendor) -> bool:
    return create.maybe_arrived and vendor.resend is Resend.NEVER


def struck(found: Mapping[str, Vendor]) -> Counter[str]:
    """How often each fault of the vendors struck."""
    total = Counter[str]()
    for vendor in found.values():
        total.update({fault.value: n for fault, n in vendor.bench.sim.faults.struck.items()})
    return total
