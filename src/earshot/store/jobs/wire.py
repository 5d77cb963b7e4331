"""The engine's own connections to the database: some that work and one that listens, renewed when lost."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any, Self, TypeVar

from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import NotifyCallback

from earshot.errors import Transient
from earshot.store.address import Address, connect
from earshot.store.driver import Driver, is_lost
from earshot.store.jobs.polling import Gathering

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

PATIENCE = 30.0
"""Seconds after which a statement that has no answer is taken for lost with its connection."""
_LOOK = 10.0
"""Seconds between two looks whether the listening connection still lives, and until it must have answered."""
_GOODBYE = 2.0
"""Seconds that saying goodbye may take."""
_PAUSES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
"""Seconds between attempts to reach the database again, the last one for ever."""


class Wire:
    """pgqueuer's `Driver`: what it is asked is repeated on a fresh connection until the database answers.

    So a worker outlives a restart of the database, and its jobs with it. Whatever it asks may be asked twice.
    """

    def __init__(self, address: Address, *, size: int = 3, patience: float = PATIENCE, gather: float = 0.0) -> None:
        """`gather`: within so many seconds it is told once that something changed."""
        self._address = address
        self._gather = gather
        self._patience = patience
        self._free = asyncio.LifoQueue[Driver | None]()
        for _ in range(size):
            self._free.put_nowait(None)
        self._heard: dict[str, NotifyCallback] = {}
        self._ear: asyncio.Task[None] | None = None
        self._closing = False
        self._shutdown = asyncio.Event()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """All rows."""
        rows = await self._ask(lambda connection: connection.fetch(query, *args))
        return [dict(row) for row in rows]

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement; its tag."""
        return await self._ask(lambda connection: connection.execute(query, *args))

    async def notify(self, channel: str, payload: str) -> None:
        """Notify."""
        await self.execute("select pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Hear what is notified on a channel from now on, and a wake-up after each time it could not be heard."""
        self._heard[channel] = Gathering(callback, seconds=self._gather).hear
        if self._ear is None:
            ready = asyncio.Event()
            self._ear = asyncio.create_task(self._listen(ready))
            listening = asyncio.create_task(ready.wait())
            await asyncio.wait({self._ear, listening}, return_when=asyncio.FIRST_COMPLETED)
            listening.cancel()
            if self._ear.done():
                self._ear.result()

    @property
    def shutdown(self) -> asyncio.Event:
        """Set when no more work is wanted; the engine asks for it."""
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        """Nothing runs beside."""
        return TaskManager()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.cancel()
            await asyncio.wait({ear})
            if not ear.cancelled() and (error := ear.exception()):
                _log.error("the job engine stopped hearing the database: %s", type(error).__name__)

    async def close(self) -> None:
        """Say goodbye; from now on a lost connection is an error."""
        self._closing = True
        while not self._free.empty():
            connection = self._free.get_nowait()
            if connection is not None and not connection.is_closed():
                await _part(connection)

    async def _ask(self, run: Callable[[Driver], Awaitable[_T]]) -> _T:
        for pause in _pauses():
            connection = await self._free.get()
            try:
                if connection is None or connection.is_closed():
                    connection = await connect(self._address)
                async with asyncio.timeout(self._patience):
                    return await run(connection)
            except Exception as error:  # noqa: BLE001 (raised again where it is not a lost connection)
                connection = self._dropped(connection, error)
            finally:
                self._free.put_nowait(connection)
            await asyncio.sleep(pause)
        raise AssertionError("pauses never end")

    def _dropped(self, connection: Driver | None, error: Exception) -> None:
        """Drop a lost connection; any other error goes on to whoever asked."""
        gone = isinstance(error, Transient) or is_lost(error) or (connection is not None and connection.is_closed())
        if connection is not None and gone:
            connection.terminate()
        if self._closing or not gone:
            raise error
        _log.warning("the job engine lost the database (%s), trying again", type(error).__name__)

    async def _listen(self, ready: asyncio.Event) -> None:
        pauses = _pauses()
        while True:
            connection: Driver | None = None
            try:
                connection = await connect(self._address)
                for channel in self._heard:
                    await connection.add_listener(channel, self._relay)
                pauses = _pauses()
                self._wake()
                ready.set()
                await self._stay(connection)
            except Exception as error:
                if not (isinstance(error, Transient) or is_lost(error) or (connection and connection.is_closed())):
                    raise
                _log.warning("the job engine does not hear the database (%s)", type(error).__name__)
            finally:
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(next(pauses))

    async def _stay(self, connection: Driver) -> None:
        """Until the connection is lost."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        while not lost.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(lost.wait(), _LOOK)
                return
            async with asyncio.timeout(_LOOK):
                await connection.execute("select 1")

    def _relay(self, *told: Any) -> None:
        *_, channel, payload = told
        self._heard[channel](payload)

    def _wake(self) -> None:
        """Make the engine look for jobs that were announced while nobody listened."""
        for channel, heard in self._heard.items():
            told = {"channel": channel, "operation": "insert", "table": "pgqueuer", "type": "table_changed_event"}
            heard(json.dumps(told | {"sent_at": datetime.now(UTC).isoformat()}))


def _pauses() -> Iterator[float]:
    return chain(_PAUSES, repeat(_PAUSES[-1]))


async def _part(connection: Driver) -> None:
    try:
        async with asyncio.timeout(_GOODBYE):
            await connection.close()
    except Exception:  # noqa: BLE001 (it is gone, which is all that was wanted)
        connection.terminate()
