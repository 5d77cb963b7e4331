"""One worker at work: leases what is due, sends to several destinations at once, and naps in between."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from earshot.domain.delivery import Breaker, Delivery
from earshot.pipeline.acting.sending import Courier
from earshot.pipeline.acting.tally import Tally
from earshot.pipeline.parts import Parts
from earshot.ports.outbox import Allowance
from earshot.ports.tool import Tool

AT_ONCE = 16
"""Deliveries under way at most."""
PER_DESTINATION = 4
"""Deliveries under way at one destination at most, so that a slow one does not stop the others."""
GRACE = 25.0
"""Seconds that what is under way gets to end when the work is cancelled."""
_LEAST_WAIT = 0.01
_SHUT = {Breaker.PAUSED: "paused", Breaker.DISABLED: "switched off"}
_LONGEST_LOOK = 1.0
"""Seconds after which the outbox is looked at again while something is under way."""


class Worker:
    """Delivers what is due. With `stop` set nothing new is begun; what is under way is finished."""

    def __init__(
        self, parts: Parts, tools: Mapping[str, Tool], *, tally: Tally, stop: asyncio.Event | None = None
    ) -> None:
        self._parts, self._tools, self._tally = parts, tools, tally
        self._stop = stop or asyncio.Event()
        self._id = parts.ids.new()
        self._running: dict[asyncio.Task[Delivery | None], Delivery] = {}
        self._step = parts.progress.step("Delivering actions")
        self._courier = Courier(
            parts.store,
            tools,
            settings=parts.act,
            clock=parts.clock,
            dice=Random(self._id),  # noqa: S311 (jitter only)
            meter=parts.meter,
        )

    @property
    def stopped(self) -> bool:
        """Whether work is to stop."""
        return self._stop.is_set()

    async def deliver(self) -> int:
        """Send until nothing is due just now and nothing is under way; how many were begun."""
        begun = 0
        while not self._stop.is_set():
            begun += (now_begun := await self._begin())
            if self._running:
                await self._wait_for_one()
            elif not now_begun:
                break
        return begun

    async def nap(self, *, longest: float) -> bool:
        """Sleep until something falls due; False when nothing does within so many seconds, or work is to stop."""
        due = await self._next_due()
        wait = None if due is None else (due - self._parts.clock.now()).total_seconds()
        if wait is None or wait > longest or self._stop.is_set():
            return False
        sleep = asyncio.ensure_future(self._parts.clock.sleep(max(wait, _LEAST_WAIT)))
        try:
            await self._first_of(sleep)
        finally:
            sleep.cancel()
        return not self._stop.is_set()

    async def finish(self) -> None:
        """Wait for what is under way; what takes too long is left to its lease."""
        if self._running:
            await asyncio.wait(self._running, timeout=GRACE)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._collect()
        self._step.done()

    async def waiting(self) -> int:
        """How many deliveries wait; of a destination that only a person can open again it is said why."""
        async with self._parts.store.unit() as unit:
            fares = await unit.outbox.health()
        for health in fares:
            if health.destination in self._tools and (word := _SHUT.get(health.breaker)):
                name = health.destination
                self._tally.complain(f"{name} is {word}: {health.reason} (earshot actions resume {name})")
        return sum(health.waiting for health in fares)

    async def _begin(self) -> int:
        """Lease what is due and start it; how many."""
        room = AT_ONCE - len(self._running)
        allowed = self._allowed()
        if room <= 0 or not allowed:
            return 0
        now = self._parts.clock.now()
        lease = timedelta(seconds=self._parts.act.lease_seconds)
        async with self._parts.store.unit() as unit:
            outbox = unit.outbox
            await outbox.expire(now=now)
            doubtful = await outbox.claim_unknown(room, now=now, lease=lease, worker=self._id, destinations=allowed)
            allowed, left = self._allowed(doubtful), room - len(doubtful)
            due: list[Delivery] = []
            if left and allowed:
                due = await outbox.claim(left, now=now, lease=lease, worker=self._id, destinations=allowed)
            await unit.commit()
        for delivery in (*doubtful, *due):
            self._running[asyncio.create_task(self._courier.carry(delivery))] = delivery
        return len(doubtful) + len(due)

    def _allowed(self, taken: Sequence[Delivery] = ()) -> dict[str, Allowance]:
        """The destinations that may get more just now."""
        busy = Counter(one.destination for one in (*self._running.values(), *taken))
        return {
            name: Allowance(per_second=tool.abilities.per_second, room=PER_DESTINATION - busy[name])
            for name, tool in self._tools.items()
            if busy[name] < PER_DESTINATION
        }

    async def _wait_for_one(self) -> None:
        """Until something under way ended, something else falls due, or work is to stop."""
        due = await self._next_due()
        wait = _LONGEST_LOOK if due is None else (due - self._parts.clock.now()).total_seconds()
        await self._first_of(*self._running, seconds=min(max(wait, _LEAST_WAIT), _LONGEST_LOOK))
        self._collect()

    async def _first_of(self, *work: asyncio.Future[Any], seconds: float | None = None) -> None:
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({*work, stop}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()

    async def _next_due(self) -> datetime | None:
        async with self._parts.store.unit() as unit:
            return await unit.outbox.next_due(now=self._parts.clock.now(), destinations=self._allowed())

    def _collect(self) -> None:
        """Take note of what ended. An error of the store ends the work; its deliveries are left to their leases."""
        ended = [task for task in self._running if task.done()]
        for task in ended:
            self._running.pop(task)
            self._step.advance()
        for task in ended:
            if not task.cancelled() and (stands := task.result()) is not None:
                self._tally.note([stands])
                self._parts.meter.count(
                    "earshot_actions_total", destination=stands.destination, state=stands.state.value
                )
                self._tally.complain_of(stands)
