"""kill -9 of everything, at random moments, and commands that people and cron start meanwhile."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.processes import Late, Running
from tests.soak.stage import Post, Stage, children

_COMMANDS: tuple[tuple[tuple[str, ...], int], ...] = (
    (("sync",), 5),
    (("run", "--yes", "--format", "json", "--out", "report.json"), 3),
    (("run", "--yes", "--batch", "--format", "json", "--out", "report.json"), 2),
    (("report", "--format", "json", "--out", "report.json"), 2),
    (("actions", "deliver"), 2),
    (("worker", "--status", "--json"), 2),
    (("themes",), 1),
    (("costs",), 1),
    (("schedule",), 1),
)
_GRACE = 20.0
"""Seconds after a restart of the database in which a command may fail."""

_WHILE_STARTING = 0.2


class Chaos:
    """`done` counts what was killed and run; `faults` are things that must not happen."""

    def __init__(self, stage: Stage, *, seed: int) -> None:
        self.stage = stage
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []
        self._dice = random.Random(seed)
        self._killers: list[tuple[Callable[[], Awaitable[bool]], int]] = [
            (self._kill_receiver, 4),
            (self._kill_worker, 6),
            (self._kill_child, 4),
            (self._kill_database, 2),
            (self._stop_database, 1),
            (self._restart_one, 3),
        ]
        self._command: Running | None = None

    async def rage(self, *, every: float, stop: asyncio.Event) -> None:
        """Kill something about every so many seconds."""
        while not await _over(stop, self._dice.uniform(0.4, 1.6) * every):
            await self.strike()

    async def strike(self) -> None:
        """One blow."""
        killers, chances = zip(*self._killers, strict=True)
        act = self._dice.choices(killers, chances)[0]
        if await act():
            self.done[act.__name__.strip("_").replace("_", " ")] += 1

    async def command(self, *, every: float, stop: asyncio.Event, kills: float = 0.25) -> None:
        """Start commands one after another; a share of them is killed at work."""
        while not await _over(stop, self._dice.uniform(0.3, 1.7) * every):
            await self.one_command(killed=self._dice.random() < kills)

    async def one_command(self, *, killed: bool) -> None:
        """One command, as a person or cron would start it."""
        commands, chances = zip(*_COMMANDS, strict=True)
        arguments = self._dice.choices(commands, chances)[0]
        running = await self.stage.processes.start(*arguments)
        self.done[f"earshot {arguments[0]}"] += 1
        if killed:
            with suppress(Late):
                await running.ended(within=self._dice.uniform(0.3, 6.0))
            self.done["kill command"] += running.alive
            running.sweep()
            return
        began = asyncio.get_running_loop().time()
        try:
            code = await running.ended(within=240)
        except Late as late:
            running.sweep()
            self.faults.append(str(late))
            return
        if code != 0 and self.stage.crew.excused < began:
            told = " ".join(running.text[-500:].split())
            self.faults.append(f"earshot {' '.join(arguments)} ended with {code}: {told}")

    async def _kill_receiver(self) -> bool:
        return self._kill(self.stage.crew.posts[0])

    async def _kill_worker(self) -> bool:
        return self._kill(self._dice.choice(self.stage.crew.posts[1:]))

    def _kill(self, post: Post) -> bool:
        """Now and then while it starts; always then, a busy machine would never see it ready."""
        return (post.ready or self._dice.random() < _WHILE_STARTING) and self.stage.crew.kill(post)

    async def _kill_child(self) -> bool:
        """The background lane of a worker, or what that one started."""
        running = self._dice.choice(self.stage.crew.posts[1:]).running
        if running is None or not running.alive:
            return False
        found = children(running.pid)
        found += [grandchild for child in found for grandchild in children(child)]
        if not found:
            return False
        with suppress(ProcessLookupError):
            os.kill(self._dice.choice(found), signal.SIGKILL)
        return True

    async def _kill_database(self) -> bool:
        await self._database(signal.SIGKILL)
        return True

    async def _stop_database(self) -> bool:
        await self._database(signal.SIGINT)
        return True

    async def _database(self, number: signal.Signals) -> None:
        loop = asyncio.get_running_loop()
        self.stage.crew.excused = loop.time() + 60
        await self.stage.postgres.restart(number)
        self.stage.crew.excused = loop.time() + _GRACE

    async def _restart_one(self) -> bool:
        """SIGTERM, as a deployment does: it must end well and in time."""
        post = self._dice.choice(self.stage.crew.posts)
        excused = self.stage.crew.excused > asyncio.get_running_loop().time()
        fault = await self.stage.crew.relieve(post)
        if fault is not None and not excused:
            self.faults.append(fault)
        return True


async def _over(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until `stop`; whether it is over."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
