"""What workers do beside jobs: give forgotten rows a job, let schedules tick, drop what is old."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from earshot.domain.schedule import Schedule
from earshot.pipeline.parts import Parts
from earshot.pipeline.scheduling.ticking import tick

log = logging.getLogger(__name__)
RECONCILE_SECONDS, TICK_SECONDS, PRUNE_SECONDS = 30.0, 10.0, 3600.0


class Upkeep:
    """The loops of one worker. Several may do the same: each step is one transaction that repeats nothing."""

    def __init__(self, parts: Parts, schedules: Sequence[Schedule]) -> None:
        self._parts = parts
        self._schedules = schedules

    async def go_on(self) -> None:
        """Do it until cancelled, whatever hinders one of the steps."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._again(self.tick, TICK_SECONDS))
            tasks.create_task(self._again(self.reconcile, RECONCILE_SECONDS))
            tasks.create_task(self._again(self.prune, PRUNE_SECONDS))

    async def tick(self) -> int:
        """Enqueue what is due by the schedules; how much."""
        return await tick(self._parts, self._schedules, now=self._parts.clock.now())

    async def reconcile(self) -> int:
        """Give pending rows without a job one; how many."""
        async with self._parts.store.unit() as unit:
            found = await unit.jobs.reconcile(now=self._parts.clock.now())
            await unit.commit()
        for queue, count in sorted(found.items()):
            if count:
                self._parts.meter.count("earshot_reconciled_total", count, queue=queue)
                log.info("%d pending rows of %s had no job and have one now.", count, queue)
        return sum(found.values())

    async def prune(self) -> int:
        """Drop settled notifications, old log lines and dead workers' signs; how many."""
        before = self._parts.clock.now() - timedelta(days=self._parts.realtime.keep_days)
        async with self._parts.store.unit() as unit:
            dropped = await unit.jobs.prune(before=before)
            await unit.commit()
        return dropped

    async def _again(self, step: Callable[[], Awaitable[int]], seconds: float) -> None:
        while True:
            try:
                await step()
            except Exception as error:  # noqa: BLE001 (the next time may go well)
                log.warning("Upkeep (%s) failed: %s.", step.__name__, type(error).__name__)
            await self._parts.clock.sleep(seconds)
