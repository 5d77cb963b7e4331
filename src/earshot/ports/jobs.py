"""The sockets of the job engine: what a transaction enqueues, and what a worker serves."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from earshot.domain.job import HeldJob, Job, JobName, Lane, Queue, WorkerSign
from earshot.domain.notification import Concern, InboxFigures, Notification, Turn
from earshot.domain.schedule import ScheduleState


class Later(Exception):
    """Raised by what serves a job: do it again after so many seconds. Counts as no failure."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason)
        self.seconds = seconds


Serve = Callable[[str], Awaitable[None]]
"""Does one job; gets its key. An exception is a failure: tried again with back-off, held in the end."""


class Jobs(Protocol):
    """The queue, in the caller's transaction: a job is there exactly when the commit is."""

    async def enqueue(self, jobs: Sequence[Job]) -> int:
        """Enqueue in one statement; those whose name and key wait or run already are left out. How many are new."""
        ...

    async def queues(self) -> list[Queue]:
        """How each queue stands."""
        ...

    async def held(self, *, limit: int) -> list[HeldJob]:
        """Jobs that gave up, newest first."""
        ...

    async def requeue(self, numbers: Sequence[int]) -> int:
        """Give held jobs another life; how many."""
        ...

    async def discard(self, numbers: Sequence[int]) -> int:
        """Drop held jobs; how many."""
        ...

    async def sign(self, sign: WorkerSign) -> None:
        """Store a worker's sign of life."""
        ...

    async def unsign(self, worker: str) -> None:
        """A worker ended in good order."""
        ...

    async def workers(self, *, seen_since: datetime) -> list[WorkerSign]:
        """Workers that gave a sign since then."""
        ...

    async def reconcile(self, *, now: datetime, limit: int = 1_000) -> dict[str, int]:
        """Enqueue what is pending in rows but has no job; how many by queue. What runs is not repeated."""
        ...

    async def prune(self, *, before: datetime) -> int:
        """Drop the engine's log, settled notifications and dead workers' signs older than that; rows dropped."""
        ...


class Inbox(Protocol):
    """What webhooks brought, and whose turn it is."""

    async def take(self, notifications: Sequence[Notification], *, debounce: timedelta, now: datetime) -> int:
        """Keep notifications not seen before and enqueue what they ask for; how many are new.

        The first about a thing is due at once, the next ones at the earliest `debounce` after its last turn began.
        """
        ...

    async def claim(
        self, source: str, concern: Concern, *, external_id: str, lease: timedelta, now: datetime
    ) -> Turn | None:
        """The turn for a thing; None when nothing about it is unsettled. Raises Later while another holds it."""
        ...

    async def claim_all(
        self, things: Sequence[tuple[str, Concern, str]], *, lease: timedelta, now: datetime
    ) -> list[Turn | Later | None]:
        """The turns for things (source, concern, external id), in their order; Later is told, not raised.

        Of a thing that is named twice the first one has the turn.
        """
        ...

    async def settle(self, turn: Turn, *, now: datetime) -> bool:
        """All up to the turn's version is dealt with. False when the turn was lost to another worker meanwhile."""
        ...

    async def settle_all(self, turns: Sequence[Turn], *, now: datetime) -> list[bool]:
        """The same for several turns, each of another thing."""
        ...

    async def give_back(
        self, turn: Turn, *, reason: str, again_at: datetime | None, now: datetime, innocent: bool = False
    ) -> None:
        """The turn did not end well: again at that time, or given up for good (None); `reason` holds no text.

        `innocent`: that was no try, as when the worker was told to stop.
        """
        ...

    async def caught_up(self, source: str, *, before: datetime, now: datetime) -> int:
        """A complete sync that began then brought all changes: what was given up earlier is settled; how many."""
        ...

    async def figures(self, *, now: datetime) -> InboxFigures:
        """How receiving stands."""
        ...


class Schedules(Protocol):
    """When schedules come next and how they went."""

    async def states(self) -> list[ScheduleState]:
        """All known schedules, by name."""
        ...

    async def lock(self) -> None:
        """Hold all schedules until the transaction ends, so that a tick happens once on however many machines."""
        ...

    async def save(self, state: ScheduleState) -> None:
        """Store how a schedule stands."""
        ...

    async def forget(self, names: Sequence[str]) -> None:
        """Drop schedules that the settings no longer name."""
        ...


class Engine(Protocol):
    """The worker's side of the queue."""

    async def serve(
        self,
        serving: Mapping[JobName, Serve],
        *,
        lane: Lane,
        concurrency: int,
        stop: asyncio.Event,
        doing: Callable[[Mapping[str, int]], None] = lambda _: None,
    ) -> None:
        """Serve these jobs until `stop`; then finish what runs within the grace time, hand the rest back, return.

        Survives a restart of the database. `doing` hears how many jobs of each name are under way.
        """
        ...
