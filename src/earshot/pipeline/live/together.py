"""Doing things together: what comes while a round is under way shares the next one, so many cost little more."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Round = Callable[[Sequence[T]], Awaitable[Sequence[R]]]
"""Does several things at once, all or none; the results in their order."""


class _Waiting(NamedTuple, Generic[T, R]):
    thing: T
    result: asyncio.Future[R]


class Together(Generic[T, R]):
    """Rounds of one kind, each of everything that came meanwhile, at most `at_once` of them under way.

    A lone thing is done at once. Where a round of several fails, each is done `apart`, so that a fault in one stops
    no other. Whoever stops waiting stops nothing: the round goes on for the others.
    """

    def __init__(self, do: Round[T, R], *, most: int = 50, at_once: int = 1, apart: bool = True) -> None:
        self._do = do
        self._most = most
        self._at_once = at_once
        self._each = apart
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._busy = 0
        self._runners: set[asyncio.Task[None]] = set()

    async def one(self, thing: T) -> R:
        """The result for one thing; raises what doing it raised."""
        waiting = _Waiting[T, R](thing, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._busy < self._at_once:
            self._busy += 1
            runner = asyncio.create_task(self._run())
            self._runners.add(runner)
            runner.add_done_callback(self._runners.discard)
        return await waiting.result

    async def _run(self) -> None:
        try:
            while self._waiting:
                count = min(self._most, len(self._waiting))
                await self._round([self._waiting.popleft() for _ in range(count)])
        finally:
            self._busy -= 1

    async def _round(self, things: Sequence[_Waiting[T, R]]) -> None:
        wanted = [one for one in things if not one.result.done()]
        if not wanted:
            return
        try:
            results = await self._do([one.thing for one in wanted])
        except Exception as error:  # noqa: BLE001 (handed to whoever waits for it)
            await self._apart(wanted, error)
            return
        for one, result in zip(wanted, results, strict=True):
            if not one.result.done():
                one.result.set_result(result)

    async def _apart(self, things: Sequence[_Waiting[T, R]], error: Exception) -> None:
        if self._each and len(things) > 1:
            for one in things:
                await self._round([one])
            return
        for one in things:
            if not one.result.done():
                one.result.set_exception(error)
