"""The one place that knows asyncpg, which ships no types: the part of it that is used, typed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] (see above)

_UNTYPED = cast("Any", asyncpg)

PostgresError = cast("type[Exception]", _UNTYPED.PostgresError)
"""Anything the server answers with an error code."""
InterfaceError = cast("type[Exception]", _UNTYPED.InterfaceError)
"""Wrong use of a connection, or one that was lost."""
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


class Version(Protocol):
    """A server's version."""

    major: int


class Driver(Protocol):
    """A connection of asyncpg."""

    async def execute(self, query: str, *args: Any) -> str:
        """Run statements; the last one's tag."""
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

    def get_server_version(self) -> Version:
        """The server's version."""
        ...

    async def close(self) -> None:
        """Say goodbye."""
        ...


async def dial(**options: Any) -> Driver:
    """A new connection with asyncpg's own options."""
    return cast("Driver", await _UNTYPED.connect(**options))
