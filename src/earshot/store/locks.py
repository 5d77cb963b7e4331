"""Named locks across processes, freed when their holder dies.

A lock is held by a connection of its own. One that is free again is kept for the next: planning takes its lock
several times a second, and a new connection costs more than a plan.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from earshot.errors import Transient
from earshot.store import driver
from earshot.store.address import Address, connect
from earshot.store.driver import Driver

_NAME = "hashtextextended('earshot:lock:' || $1, 0)"
_TRY = f"select pg_try_advisory_lock({_NAME})"
_WAIT = f"select pg_advisory_lock({_NAME})"
_FREE = f"select pg_advisory_unlock({_NAME})"
_KEPT = 1
"""Connections that are kept while they hold no lock."""


class Locks:
    """The locks of one process."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[Driver] = []

    @asynccontextmanager
    async def hold(self, name: str, *, patience: timedelta | None = None) -> AsyncGenerator[bool]:
        """Hold a lock; whether it had to be waited for. Transient when that takes longer than `patience`."""
        connection = await self._connection()
        freed = False
        try:
            free = bool(await connection.fetchval(_TRY, name))
            if not free:
                await _wait(connection, name, patience=patience)
            try:
                yield not free
            finally:
                with suppress(driver.PostgresError, driver.InterfaceError, OSError):
                    freed = bool(await connection.fetchval(_FREE, name))
        finally:
            await self._put_back(connection, whole=freed and patience is None)

    async def close(self) -> None:
        """Give the kept connections back."""
        while self._idle:
            await self._idle.pop().close()

    async def _connection(self) -> Driver:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await connect(self._address)

    async def _put_back(self, connection: Driver, *, whole: bool) -> None:
        """Keep it when it holds nothing for certain; otherwise its end frees what it holds."""
        if whole and len(self._idle) < _KEPT and not connection.is_closed():
            self._idle.append(connection)
        else:
            await connection.close()


async def _wait(connection: Driver, name: str, *, patience: timedelta | None) -> None:
    if patience is not None:
        await connection.execute(f"set lock_timeout = {max(1, round(patience.total_seconds() * 1000))}")
    try:
        await connection.execute(_WAIT, name)
    except driver.LockNotAvailable as error:
        raise Transient(
            "A run is under way and changes what you want to change; nothing of yours was done.",
            hint="Try again in a moment. Health and `earshot worker status` say what is at work.",
        ) from error
