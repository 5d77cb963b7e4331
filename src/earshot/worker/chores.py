"""Ticks of schedules, each done by a command in a child process: memory comes back, and the loop stays free."""

import asyncio
import logging
from datetime import datetime

from earshot.errors import Transient
from earshot.pipeline.scheduling.keys import parse_key, tick_text
from earshot.ports.jobs import Later
from earshot.worker.children import Child, spawn

log = logging.getLogger(__name__)
DONE, FAILED = 0, 1
"""Exit codes of `earshot schedule run`; after any other it is worth trying again."""
AGAIN = 1.0
"""Seconds until what was interrupted is offered to another worker."""


class Chores:
    """Runs at most so many chores at once; a worker that stops interrupts them after half of its grace time."""

    def __init__(self, *, most: int, stop: asyncio.Event, grace: float) -> None:
        self._room = most
        self._stop = stop
        self._grace = grace

    async def serve(self, key: str) -> None:
        """Do one tick: `<schedule>@<time>`. What failed and says so in its outcome is not tried again."""
        if self._room <= 0 or self._stop.is_set():
            raise Later(AGAIN, "this worker has its hands full")
        self._room -= 1
        try:
            await self._run(*parse_key(key))
        finally:
            self._room += 1

    async def _run(self, name: str, tick: datetime) -> None:
        child = await spawn(["schedule", "run", name, "--tick", tick_text(tick), "--quiet"], grace=self._grace / 4)
        try:
            code = await self._ended(child)
        except BaseException:
            await child.end(at_once=True)
            raise
        if code == FAILED:
            log.warning("The schedule %s failed; `earshot schedule` says why.", name)
        elif code != DONE:
            raise Transient(f"the schedule {name} ended with code {code}")

    async def _ended(self, child: Child) -> int:
        """The exit code; Later when it had to be interrupted."""
        ended = asyncio.create_task(child.ended())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await asyncio.wait({ended}, timeout=self._grace / 2)
            if ended.done():
                return ended.result()
            await child.end()
            raise Later(AGAIN, "the worker stops")
        finally:
            for task in (ended, stopped):
                task.cancel()
            await asyncio.gather(ended, stopped, return_exceptions=True)
