"""The one place that knows asyncpg, which ships no types: the part of it that is used, typed."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] (see above)

_UNTYPED = cast("Any", asyncpg)

PostgresError = cast("type[Exception]", _UNTYPED.PostgresError)
"""Anything the server answers with an error code."""
InterfaceError = cast("type[Exception]", _UNTYPED.InterfaceError)
"""Wrong use of a connection, or one that was lost."""
Confused = cast("type[Exception]", _UNTYPED.InternalClientError)
"""The driver's state is not what it should be, as when the server ended the connection a moment ago."""
NotReady = cast("type[Exception]", _UNTYPED.CannotConnectNowError)
"""The server starts, stops or recovers."""
TooManyConnections = cast("type[Exception]", _UNTYPED.TooManyConnectionsError)
"""The server takes no more clients."""
BadPassword = cast("type[Exception]", _UNTYPED.InvalidPasswordError)
"""User or password is wrong."""
BadAuthorization = cast("type[Exception]", _UNTYPED.InvalidAuthorizationSpecificationError)
"""The server does not let this user in from here."""
NoSuchDatabase = cast("type[Exception]", _UNTYPED.InvalidCatalogNameError)
"""The database does not exist."""
NoSuchTable = cast("type[Exception]", _UNTYPED.UndefinedTableError)
"""The table does not exist."""
NoSuchColumn = cast("type[Exception]", _UNTYPED.UndefinedColumnError)
"""The table has no such column."""
NoSuchSchema = cast("type[Exception]", _UNTYPED.InvalidSchemaNameError)
"""The schema does not exist."""
NoPrivilege = cast("type[Exception]", _UNTYPED.InsufficientPrivilegeError)
"""The user may not do that."""
LockNotAvailable = cast("type[Exception]", _UNTYPED.LockNotAvailableError)
"""A lock was held longer than the connection waits."""


class Version(Protocol):
    """A server's version."""

    major: int


class Row(Protocol):
    """A row of a result: its values by name, or by place."""

    def __getitem__(self, key: str | int, /) -> Any:
        """One value."""
        ...

    def keys(self) -> Iterable[str]:
        """The names."""
        ...

    def values(self) -> Iterable[Any]:
        """The values."""
        ...

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and values."""
        ...


class Cursor(Protocol):
    """A query under way on the server."""

    async def fetch(self, count: int) -> list[Row]:
        """The next rows, none at its end."""
        ...


class Prepared(Protocol):
    """A statement that the server knows."""

    async def fetch(self, *args: Any) -> list[Row]:
        """Run it; all rows."""
        ...

    def cursor(self, *args: Any) -> Awaitable[Cursor]:
        """Run it piece by piece."""
        ...

    def get_statusmsg(self) -> str | None:
        """What the server said of the last run, such as `UPDATE 3`."""
        ...


class Driver(Protocol):
    """A connection of asyncpg."""

    async def execute(self, query: str, *args: Any) -> str:
        """Run statements; the last one's tag."""
        ...

    async def prepare(self, query: str) -> Prepared:
        """Have the server know a statement."""
        ...

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """All rows."""
        ...

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """The first row or None."""
        ...

    async def fetchval(self, query: str, *args: Any) -> Any:
        """The first value or None."""
        ...

    async def copy_records_to_table(
        self, table_name: str, *, records: Iterable[Sequence[Any]], columns: Sequence[str], schema_name: str
    ) -> str:
        """COPY values in."""
        ...

    async def copy_to_table(
        self, table_name: str, *, source: AsyncIterator[bytes], columns: Sequence[str], schema_name: str
    ) -> str:
        """COPY text in."""
        ...

    async def copy_from_table(
        self,
        table_name: str,
        *,
        output: Callable[[bytes], Awaitable[None]],
        columns: Sequence[str],
        schema_name: str,
    ) -> str:
        """COPY text out."""
        ...

    def transaction(self, *, isolation: str, readonly: bool) -> AbstractAsyncContextManager[Any]:
        """A transaction block."""
        ...

    async def add_listener(self, channel: str, callback: Callable[[object, int, str, str], None]) -> None:
        """Hear what is notified on a channel."""
        ...

    def add_termination_listener(self, callback: Callable[[object], None]) -> None:
        """Hear when the connection ends."""
        ...

    def get_server_version(self) -> Version:
        """The server's version."""
        ...

    def is_closed(self) -> bool:
        """Whether the connection is known to be lost."""
        ...

    def terminate(self) -> None:
        """Drop it at once, without a word to the server."""
        ...

    async def close(self) -> None:
        """Say goodbye."""
        ...


def is_lost(error: BaseException) -> bool:
    """Whether an error says that the connection is gone or the server restarts, not that a query is wrong."""
    code = str(getattr(error, "sqlstate", None) or "")
    return isinstance(error, (OSError, TimeoutError, NotReady, TooManyConnections)) or code[:2] in {"08", "57"}


QUIET_SECONDS, PROBE_SECONDS, PROBES = 10, 5, 3
"""When a connection over the network says nothing: after how long it is probed, how often, and how many times."""
LOST_SECONDS = 25
"""What was sent and is not acknowledged for so long means that the connection is lost."""


async def dial(**options: Any) -> Driver:
    """A new connection with asyncpg's own options; one that is cut off is noticed within half a minute."""
    connection = await _UNTYPED.connect(**options)
    steady(connection)
    return cast("Driver", connection)


def steady(connection: Any) -> None:
    """Have the system find out when the other side of a connection is gone, where the system can."""
    transport = getattr(connection, "_transport", None)  # asyncpg has no option for it
    peer = transport.get_extra_info("socket") if transport is not None else None
    if peer is None or peer.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    wanted = {
        "TCP_KEEPIDLE": QUIET_SECONDS,
        "TCP_KEEPINTVL": PROBE_SECONDS,
        "TCP_KEEPCNT": PROBES,
        "TCP_USER_TIMEOUT": 1000 * LOST_SECONDS,
    }
    for name, value in wanted.items():
        if (option := getattr(socket, name, None)) is not None:
            peer.setsockopt(socket.IPPROTO_TCP, option, value)
