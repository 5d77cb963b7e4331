"""Cancels tasks at random await points: while they wait, or after what they waited for came and before its use."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Generator
from typing import Any

OURS = frozenset({"act", "Courier.carry"})
"""The tasks that are cut: those of a worker, not those in which a simulated vendor answers."""


class Sabotage:
    """A task factory that cuts a share of the tasks that begin while it is armed; `cuts` counts them by kind.

    A task is cut once, at one of its first `depth` steps.
    """

    def __init__(self, *, seed: int, share: float, depth: int) -> None:
        self.armed = False
        self.cuts: Counter[str] = Counter()
        self._rng = random.Random(seed)
        self._share, self._depth = share, depth

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make every task of the loop pass through here."""
        loop.set_task_factory(self._make)

    def _make(self, loop: asyncio.AbstractEventLoop, coro: Any, **named: Any) -> "asyncio.Task[Any]":
        ours = getattr(coro, "__qualname__", "") in OURS
        if not (self.armed and ours) or self._rng.random() >= self._share:
            return asyncio.Task(coro, loop=loop, **named)
        at, early = self._rng.randint(1, self._depth), self._rng.random() < 0.5
        return asyncio.Task(Cut(coro, at=at, early=early, cuts=self.cuts), loop=loop, **named)


class Cut(Coroutine[Any, Any, Any]):
    """A coroutine that is cancelled at its n-th step."""

    def __init__(self, inner: Coroutine[Any, Any, Any], *, at: int, early: bool, cuts: Counter[str]) -> None:
        self._inner, self._at, self._early, self._cuts = inner, at, early, cuts
        self._step = 0

    def send(self, value: Any, /) -> Any:
        self._step += 1
        if self._step != self._at:
            return self._inner.send(value)
        if not self._early:
            self._cuts["cancelled after an await"] += 1
            return self._inner.throw(asyncio.CancelledError())
        awaited = self._inner.send(value)
        task = asyncio.current_task()
        if task is not None:
            self._cuts["cancelled while awaiting"] += 1
            asyncio.get_running_loop().call_soon(task.cancel)
        return awaited

    def throw(self, *error: Any) -> Any:
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield from self._inner.__await__())
