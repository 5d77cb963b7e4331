"""Commands of ours as child processes: on a leash, so that none outlives the worker that started it."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from earshot.ports.clock import Clock
from earshot.worker.leashed import GRACE

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds until a child that died is started again: doubled each time."""
HEALTHY = 60.0
"""A child that lived for so many seconds is started again after the first wait."""
_SLACK = 3.0


class Child:
    """A child process under way."""

    def __init__(self, process: asyncio.subprocess.Process, *, grace: float) -> None:
        self._process = process
        self._grace = grace

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def ended(self) -> int:
        """Its exit code, when it has ended by itself; negative: the signal that killed it."""
        return await self._process.wait()

    async def end(self, *, at_once: bool = False) -> int:
        """Let go of the leash and see it end; its exit code. It is killed when it takes longer than it may."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            return await asyncio.wait_for(self._process.wait(), _SLACK if at_once else self._grace + _SLACK)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            return await self._process.wait()


async def spawn(arguments: Sequence[str], *, grace: float) -> Child:
    """Start a command of ours; what it prints goes where ours goes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "earshot.worker.leashed",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        env={**os.environ, GRACE: str(grace)},
        start_new_session=True,
    )
    return Child(process, grace=grace)


class Kept:
    """A child that is there as long as it is wanted: started again, with growing waits, whenever it dies."""

    def __init__(self, arguments: Sequence[str], *, grace: float, clock: Clock) -> None:
        self._arguments = arguments
        self._grace = grace
        self._clock = clock
        self.pid: int | None = None
        """Of the child under way; None while there is none."""

    async def run(self, stop: asyncio.Event, *, at_once: Callable[[], bool] = lambda: False) -> None:
        """Keep it until `stop`, then see it end."""
        wait = FIRST_WAIT
        while not stop.is_set():
            began = self._clock.monotonic()
            child = await spawn(self._arguments, grace=self._grace)
            self.pid = child.pid
            try:
                code = await _first(child, stop)
            finally:
                await child.end(at_once=at_once())
                self.pid = None
            if code is None:
                return
            wait = FIRST_WAIT if self._clock.monotonic() - began > HEALTHY else wait
            log.warning("The process of the background lane ended (%d); starting it again in %.0f s.", code, wait)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait)
            wait = min(2 * wait, LONGEST_WAIT)


async def _first(child: Child, stop: asyncio.Event) -> int | None:
    """The exit code of a child that ended by itself, None when it is told to stop before."""
    ended, stopped = asyncio.create_task(child.ended()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return ended.result() if ended.done() else None
    finally:
        for task in (ended, stopped):
            task.cancel()
        await asyncio.gather(ended, stopped, return_exceptions=True)
