"""The store's side of watching: numbers of this moment, and how bounds stand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.pulse import Pulse, WatchState


class Watch(Protocol):
    """What is watched."""

    async def pulse(self, *, now: datetime, day: str) -> Pulse:
        """How the flow stands; `day` (2026-11-30) is today in the report's time zone. Gives up after a second."""
        ...

    async def problem(self) -> str:
        """Why the database cannot be worked with by this program, in words; "" when it can."""
        ...

    async def lock(self) -> bool:
        """Be the only one that watches until the end of the transaction; False when another process does."""
        ...

    async def states(self) -> list[WatchState]:
        """How bounds stand that were ever looked at, by name."""
        ...

    async def save(self, states: Sequence[WatchState]) -> None:
        """Keep how bounds stand."""
        ...
