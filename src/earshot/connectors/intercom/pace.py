"""How fast requests may leave: a share of the limit that Intercom names, never all of it."""

import random
from collections.abc import Mapping

from earshot.ports.clock import Clock
from earshot.ports.pace import SharedPace

WINDOW_SECONDS = 10.0
"""Intercom counts calls in windows of ten seconds; `X-RateLimit-Limit` is the allowance of one window."""

UNKNOWN_LIMIT = 100
"""Calls per window that are taken as the limit until an answer names it: below every published tier."""

_BURST = 0.05
_NEARLY_SPENT = 0.05
_LONGEST_PAUSE = 60.0


class Pace:
    """Lets requests through evenly (the generic cell rate algorithm), with pauses until the limit resets.

    A window never gets more than `share` of the limit. When other apps of the workspace have nearly spent
    the limit, everybody waits for the reset. With `shared`, all processes keep the share together, as
    soon as an answer named the limit; each hears of pauses by its own answers.
    """

    def __init__(
        self, clock: Clock, jitter: random.Random, *, share: float, shared: SharedPace | None = None
    ) -> None:
        self._clock = clock
        self._shared = shared
        self._jitter = jitter
        self._share = share
        self._due = float("-inf")
        self._paused_until = float("-inf")
        self.limit: int | None = None
        self._interval = self._slack = 0.0
        self._allow(max(1.0, UNKNOWN_LIMIT * min(share, 1.0)))

    async def turn(self) -> None:
        """Wait until one more request may leave."""
        if self._shared is not None and self.limit is not None:
            wait = await self._shared.turn(self._interval, self._slack)
        else:
            wait = self._next()
        if wait > 0:
            await self._clock.sleep(wait)
        while (pause := self._paused_until - self._clock.monotonic()) > 0:
            await self._clock.sleep(pause)

    def _next(self) -> float:
        now = self._clock.monotonic()
        self._due = max(self._due, now - self._slack) + self._interval
        return self._due - now

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take limit, remainder and reset from an answer's headers; headers that are missing change nothing."""
        limit = _whole(headers.get("x-ratelimit-limit"))
        if limit is None or limit <= 0:
            return
        if limit != self.limit:
            self.limit = limit
            self._allow(max(1.0, limit * self._share))
        remaining = _whole(headers.get("x-ratelimit-remaining"))
        if remaining is not None and remaining <= limit * _NEARLY_SPENT:
            self._pause(self._until_reset(headers))

    def refused(self, headers: Mapping[str, str]) -> float:
        """Stop everybody after a 429 until the limit resets, plus up to a second; how long that is."""
        named = _seconds(headers.get("retry-after"))
        wait = self._until_reset(headers) if named is None else min(named, _LONGEST_PAUSE)
        wait += self._jitter.random()
        self._pause(wait)
        return wait

    @property
    def per_second(self) -> float:
        """Requests a second at the present pace."""
        return 1.0 / self._interval

    def _allow(self, budget: float) -> None:
        """Spread a window's budget: what may leave at once and what flows after it add up to the budget."""
        burst = max(1.0, budget * _BURST)
        self._interval = WINDOW_SECONDS / max(budget - burst, budget / 2)
        self._slack = burst * self._interval
        self._due = min(self._due, self._clock.monotonic())

    def _until_reset(self, headers: Mapping[str, str]) -> float:
        reset = _seconds(headers.get("x-ratelimit-reset"))
        if reset is None:
            return WINDOW_SECONDS
        return min(max(reset - self._clock.now().timestamp(), 0.0), _LONGEST_PAUSE)

    def _pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)


def _whole(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() else None


def _seconds(value: str | None) -> float | None:
    whole = _whole(value.strip()) if value else None
    return None if whole is None else float(whole)
