"""Reading the figures from the database for whoever asks, but rarely, and never twice at once."""

import asyncio
import logging
from zoneinfo import ZoneInfo

from earshot.pipeline.parts import Parts
from earshot.pipeline.watching.figures import Seen, figures
from earshot.pipeline.watching.seeing import lost_after
from earshot.telemetry.meter import PrometheusMeter

EVERY = 5.0
"""Seconds between two looks at most, however often somebody asks."""

log = logging.getLogger(__name__)


class Gauges:
    """Keeps the figures of a meter fresh. One per process."""

    def __init__(self, parts: Parts, meter: PrometheusMeter) -> None:
        self._parts = parts
        self._meter = meter
        self._looked: float | None = None
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Look if the last look is too old. When the database does not answer, the figures are gone, not old."""
        async with self._lock:
            clock = self._parts.clock
            if self._looked is not None and clock.monotonic() - self._looked < EVERY:
                return
            began = clock.monotonic()
            try:
                self._meter.series.replace(figures(await see(self._parts), now=clock.now()))
            except Exception as error:  # noqa: BLE001 (metrics are shown whatever is wrong, above all then)
                log.warning("the figures cannot be read: %s", type(error).__name__)
                self._meter.series.replace({})
                self._meter.gauge("earshot_database_up", 0.0)
            else:
                self._meter.gauge("earshot_database_up", 1.0)
                self._meter.observe("earshot_gather_seconds", clock.monotonic() - began)
            self._looked = clock.monotonic()


async def see(parts: Parts) -> Seen:
    """Read everything in one transaction."""
    now = parts.clock.now()
    day = now.astimezone(ZoneInfo(parts.report.timezone)).date().isoformat()
    async with parts.store.unit() as unit:
        return Seen(
            pulse=await unit.watch.pulse(now=now, day=day),
            queues=tuple(await unit.jobs.queues()),
            workers=tuple(await unit.jobs.workers(seen_since=now - lost_after(parts.workers))),
            schedules=tuple(await unit.schedules.states()),
            bounds=tuple(await unit.watch.states()),
        )
