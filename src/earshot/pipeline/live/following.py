"""What follows a decision: acting on what is due, and themes for what was read."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from earshot.domain.job import Job, JobName
from earshot.pipeline.acting.acting import act
from earshot.pipeline.acting.tally import Acted
from earshot.pipeline.clashes import clash_safe
from earshot.pipeline.deciding import decide
from earshot.pipeline.live.judging import deliver_job, judge, trace_of
from earshot.pipeline.live.timing import Stages
from earshot.pipeline.live.together import Together
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.group import group_new, place_some
from earshot.ports.jobs import Later
from earshot.ports.outbox import Allowance

log = logging.getLogger(__name__)
MANY = 50
"""Conversations without a theme from which on everything is grouped instead of each placed."""
REST = 4.0
"""A grouping of everything is followed by so many times its duration before the next one."""
ROUNDS = 4
"""Rounds of acting at once: one that waits for a slow tool must not hold up the others."""
SOON = timedelta(hours=1)
"""Deliveries that fall due within so long get a job of their own."""


class Following:
    """Acting and theming of one process: whoever asks while it is under way is served by the next round."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._paging = Together[str, None](self._page, most=1_000, at_once=ROUNDS, apart=False)
        self._acting = Together[str, None](self._act, most=1_000, apart=False)
        self._theming = Together[str, None](self._place, most=1_000, apart=False)
        self._rest_until = 0.0

    async def page_now(self, key: str) -> None:
        """Plan and deliver a few of what is due, the urgent first (job ACT; the key says it is another job)."""
        await self._paging.one(key)

    async def act_now(self, key: str) -> None:
        """Plan and deliver everything that is due (job DELIVER)."""
        await self._acting.one(key)

    async def place_new(self, key: str) -> None:
        """Give new findings their themes and judge again what waited for them (job THEME)."""
        await self._theming.one(key)

    async def _page(self, keys: Sequence[str]) -> Sequence[None]:
        parts = self._parts
        with Stages(parts.meter, parts.clock).stage("page", parent=trace_of(keys)):
            _tell(await act(parts, brief=True))
        return [None] * len(keys)

    async def _act(self, keys: Sequence[str]) -> Sequence[None]:
        parts = self._parts
        with Stages(parts.meter, parts.clock).stage("act", parent=trace_of(keys)):
            _tell(await act(parts))
        await self._act_later()
        return [None] * len(keys)

    async def _act_later(self) -> None:
        """A job for when the next delivery or plan falls due; what is due later still is brought by the sweep."""
        parts, now = self._parts, self._parts.clock.now()
        allowed = {
            name: Allowance(per_second=tool.abilities.per_second, room=1)
            for name, tool in parts.make_tools().items()
        }
        async with parts.store.unit() as unit:
            due = await unit.outbox.next_due(now=now, destinations=allowed)
            if due is None or due > now + SOON:
                return
            at = datetime.fromtimestamp(int(max(due, now).timestamp()) + 1, UTC)
            await unit.jobs.enqueue([Job(name=JobName.DELIVER, key=f"{at:%Y-%m-%dT%H:%M:%SZ}", run_at=at)])
            await unit.commit()

    async def _place(self, keys: Sequence[str]) -> Sequence[None]:
        parts = self._parts
        async with parts.store.unit() as unit:
            waiting = await unit.themes.unplaced(MANY + 1)
        with Stages(parts.meter, parts.clock).stage("place"):
            if len(waiting) > MANY:
                await self._all()
            elif waiting:
                await self._some(waiting)
        return [None] * len(keys)

    async def _all(self) -> None:
        """Group everything, with a rest after it, so that a stream of many does not take the whole machine."""
        parts, clock = self._parts, self._parts.clock
        if (left := self._rest_until - clock.monotonic()) > 0:
            raise Later(left, "themes were given a moment ago")
        began = clock.monotonic()
        await group_new(parts)
        if await decide(parts):
            await self._enqueue_delivery()
        self._rest_until = clock.monotonic() + REST * (clock.monotonic() - began)

    async def _some(self, waiting: Sequence[str]) -> None:
        await place_some(self._parts, waiting)
        await clash_safe(lambda: self._judged(waiting))

    async def _judged(self, ids: Sequence[str]) -> None:
        parts = self._parts
        async with parts.store.unit() as unit:
            await unit.figures.refresh()
            await judge(parts, unit, ids=ids, now=parts.clock.now(), themed=True)
            await unit.commit()

    async def _enqueue_delivery(self) -> None:
        async with self._parts.store.unit() as unit:
            await unit.jobs.enqueue([deliver_job(self._parts)])
            await unit.commit()


def _tell(acted: Acted) -> None:
    for state, count in (("done", acted.done), ("failed", acted.failed), ("held", acted.held)):
        if count:
            log.info("actions: %d %s", count, state)
