"""Asking the queue: what is announced by the dozen is looked up once, and once instead of four times."""

import asyncio
from datetime import timedelta
from typing import Any

from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueEntrypoint
from pgqueuer.ports.driver import NotifyCallback

from earshot.store.jobs.adding import QUEUE

_AHEAD = f"""
    select (
        select count(*) from (
            select from {QUEUE} where entrypoint = any($1) and status = 'queued' and execute_after <= now() limit 1
        ) ready
    )::integer as ready, (
        select execute_after - now() from {QUEUE}
        where entrypoint = any($1) and status = 'queued' and execute_after > now() order by execute_after limit 1
    ) as eta
"""  # noqa: S608 (a constant name)
_CHANGED = "table_changed_event"


class Polled(Queries):
    """pgqueuer's statements, but that a batch which was not full is not followed by a vain look for more (the
    look at what is ahead tells of more), and that one statement tells all about what is ahead.
    """

    _sated = False
    _eta: timedelta | None = None

    async def dequeue(self, batch_size: int, *args: Any, **named: Any) -> list[Job]:
        """Take jobs; none, without asking, where the last ones were fewer than wanted."""
        if self._sated:
            self._sated = False
            return []
        jobs = await super().dequeue(batch_size, *args, **named)
        self._sated = 0 < len(jobs) < batch_size
        return jobs

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """Whether a job waits that is due; when the next one is, is remembered."""
        (row,) = await self.driver.fetch(_AHEAD, entrypoints)
        eta, ready = row["eta"], row["ready"]
        self._eta = eta if isinstance(eta, timedelta) else None
        return int(bool(ready))

    async def next_deferred_eta(self, entrypoints: list[QueueEntrypoint]) -> timedelta | None:
        """How long until the next job is due, as of the same moment."""
        _ = entrypoints
        return self._eta

    async def queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """Whether any job waits, as of the same moment, when none was due."""
        _ = entrypoints
        return int(self._eta is not None)


class Gathering:
    """Passes news on, at once when it was quiet, otherwise once for all that comes within so many seconds."""

    def __init__(self, tell: NotifyCallback, *, seconds: float) -> None:
        self._tell = tell
        self._seconds = seconds
        self._told_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, news: str | bytes | bytearray) -> None:
        """News came. Only that something changed is worth telling late, and once."""
        if _CHANGED not in str(news):
            self._tell(news)
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            wait = self._told_at + self._seconds - loop.time()
            if wait <= 0:
                self._pass_on(news)
            else:
                self._timer = loop.call_later(wait, self._pass_on, news)

    def _pass_on(self, news: str | bytes | bytearray) -> None:
        self._timer = None
        self._told_at = asyncio.get_running_loop().time()
        self._tell(news)
