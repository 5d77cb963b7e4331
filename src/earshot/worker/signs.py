"""Signs of life: that a worker is there, what it does, and how it feels (memory, lateness of its event loop)."""

import asyncio
import logging
import os
import resource
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from earshot.domain.job import Lane, WorkerSign
from earshot.pipeline.parts import Parts
from earshot.worker.serving import Tally

log = logging.getLogger(__name__)
PULSE = 0.5
"""Seconds between two looks at how late the event loop is."""


class Signs:
    """Gives the signs of one worker."""

    def __init__(self, parts: Parts, lane: Lane, *, version: str, tally: Tally) -> None:
        self._parts = parts
        self._tally = tally
        now = parts.clock.now()
        host = socket.gethostname()
        self.own = WorkerSign(
            id=f"{host}-{os.getpid()}-{parts.ids.new()[:8]}",
            host=host,
            pid=os.getpid(),
            lane=lane,
            version=version,
            started_at=now,
            seen_at=now,
        )

    def doing(self, jobs: Mapping[str, int]) -> None:
        """What is under way."""
        self.own = self.own.model_copy(update={"doing": {name: n for name, n in jobs.items() if n}})

    async def give(self) -> None:
        """Give one sign of life."""
        update = {
            "seen_at": self._parts.clock.now(),
            "done": self._tally.done,
            "failed": self._tally.failed,
            "memory_mb": resident_bytes() // 1_000_000,
        }
        async with self._parts.store.unit() as unit:
            await unit.jobs.sign(self.own.model_copy(update=update))
            await unit.commit()

    async def go_on(self) -> None:
        """Give signs until cancelled, whatever hinders one of them."""
        while True:
            await asyncio.sleep(self._parts.workers.beat_seconds)
            self._parts.meter.gauge("earshot_resident_bytes", resident_bytes())
            try:
                await self.give()
            except Exception as error:  # noqa: BLE001 (the next one may succeed)
                log.warning("No sign of life could be given (%s).", type(error).__name__)

    async def end(self) -> None:
        """Say goodbye, where that is possible."""
        try:
            async with self._parts.store.unit() as unit:
                await unit.jobs.unsign(self.own.id)
                await unit.commit()
        except Exception as error:  # noqa: BLE001 (a worker without signs counts as gone soon)
            log.warning("The worker could not say goodbye (%s).", type(error).__name__)

    async def feel_pulse(self) -> None:
        """Measure how late the event loop is, until cancelled."""
        while True:
            due = self._parts.clock.monotonic() + PULSE
            await asyncio.sleep(PULSE)
            late = max(0.0, self._parts.clock.monotonic() - due)
            self._parts.meter.observe("earshot_loop_lag_seconds", late)


def resident_bytes() -> int:
    """This process's memory; where the system does not tell, the most it ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * resource.getpagesize()
