"""Where notifications become durable: while one commit runs, what arrives meanwhile gathers for the next.

A caller hears "kept" only after the commit that holds its notification. A database that is away is tried again
until the caller's patience ends, so that a short restart costs nobody anything; what was not kept is refused, never
lost behind a "kept". One writer suffices: the fuller the house, the more share one commit.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from earshot.domain.notification import Notification
from earshot.errors import EarshotError, Transient
from earshot.pipeline.parts import Parts

log = logging.getLogger(__name__)

PATIENCE = 4.0
"""Seconds after which a caller is refused: Intercom waits five."""
MOST_WAITING = 5_000
WRITERS = 2
GROUP = 500
"""Most notifications in one commit."""
PAUSE = 0.1
"""Seconds before the database is tried again."""


class Full(Transient):
    """Too many notifications wait already."""


class NotKept(Transient):
    """The database did not take it in time; the sender should try again."""


@dataclass(eq=False)
class _Letter:
    notification: Notification
    kept: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Mailbox:
    """Keeps notifications in groups. `run` is its writer; without it nothing is kept."""

    def __init__(self, parts: Parts, *, most: int = MOST_WAITING, patience: float = PATIENCE) -> None:
        self._parts = parts
        self._most = most
        self._patience = patience
        self._waiting: deque[_Letter] = deque()
        self._under_way = 0
        self._arrived = asyncio.Event()
        self._closing = False

    @property
    def waiting(self) -> int:
        """How many notifications are not durable yet."""
        return len(self._waiting) + self._under_way

    @property
    def full(self) -> bool:
        """Whether the next notification would be refused."""
        return self.waiting >= self._most

    async def put(self, notification: Notification) -> None:
        """Return when it is durable. Raises Full at once, NotKept when the database does not take it in time."""
        if self.full or self._closing:
            raise Full("too many notifications wait for the database", retry_after=1.0)
        letter = _Letter(notification)
        self._waiting.append(letter)
        self._arrived.set()
        try:
            async with asyncio.timeout(self._patience):
                await letter.kept
        except TimeoutError:
            raise NotKept("the database did not take the notification in time", retry_after=5.0) from None

    async def run(self) -> None:
        """Write until closed and empty."""
        async with asyncio.TaskGroup() as writers:
            for _ in range(WRITERS):
                writers.create_task(self._write_on())

    async def close(self) -> None:
        """Take nothing more; `run` ends when what waits is written or its patience is over."""
        self._closing = True
        self._arrived.set()

    async def _write_on(self) -> None:
        while self._waiting or not self._closing:
            if self._waiting:
                await self._write_group()
            else:
                self._arrived.clear()
                await self._arrived.wait()

    async def _write_group(self) -> None:
        letters = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
        self._under_way += len(letters)
        self._parts.meter.gauge("earshot_mailbox_waiting", self.waiting)
        try:
            await self._write(letters)
        finally:
            self._under_way -= len(letters)

    async def _write(self, letters: Sequence[_Letter]) -> None:
        """Keep these, whatever it takes: again while the database is away, one by one where one is the matter."""
        while alive := [letter for letter in letters if not letter.kept.done()]:
            try:
                await self._take([letter.notification for letter in alive])
            except (Transient, TimeoutError):
                await asyncio.sleep(PAUSE)
            except Exception as error:  # noqa: BLE001 (whatever it is, the caller must be refused, and others go on)
                await self._apart(alive, error)
                return
            else:
                _tell(alive)
                return

    async def _apart(self, letters: Sequence[_Letter], error: Exception) -> None:
        if len(letters) > 1:
            for letter in letters:
                await self._write([letter])
            return
        reason = str(error) if isinstance(error, EarshotError) else type(error).__name__
        log.error("a notification could not be kept: %s", reason)
        if not letters[0].kept.done():
            letters[0].kept.set_exception(NotKept("the notification could not be kept", retry_after=60.0))

    async def _take(self, notifications: Sequence[Notification]) -> None:
        """One commit. Given up after the callers' patience; a connection that hangs is left to itself."""
        writing = asyncio.create_task(self._commit(notifications))
        done, _ = await asyncio.wait([writing], timeout=self._patience)
        if not done:
            writing.add_done_callback(_forget)
            writing.cancel()
            raise TimeoutError
        if writing.cancelled():  # by the driver, whose connection went
            raise TimeoutError
        new = writing.result()
        if new < len(notifications):
            self._parts.meter.count("earshot_webhook_duplicates_total", len(notifications) - new)

    async def _commit(self, notifications: Sequence[Notification]) -> int:
        async with self._parts.store.single() as unit:
            return await unit.inbox.take(
                notifications,
                debounce=timedelta(seconds=self._parts.realtime.debounce_seconds),
                now=self._parts.clock.now(),
            )


def _tell(letters: Sequence[_Letter]) -> None:
    for letter in letters:
        if not letter.kept.done():
            letter.kept.set_result(None)


def _forget(task: asyncio.Task[int]) -> None:
    """Look at how an abandoned commit ended, so that nobody complains about an unseen error."""
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
