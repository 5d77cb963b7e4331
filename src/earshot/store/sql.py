"""One connection inside one transaction: text SQL with named parameters, and COPY."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, cast

from sqlalchemy import RowMapping
from sqlalchemy import text as parsed
from sqlalchemy.ext.asyncio import AsyncConnection

from earshot.store.driver import Driver

text = lru_cache(maxsize=512)(parsed)
"""A statement with its parameters found, which takes longer than many a statement itself: kept."""


@dataclass(frozen=True)
class Stage:
    """A temporary table that a bulk write is copied into before one set-based statement takes it over."""

    name: str
    columns: Mapping[str, str]

    @property
    def ddl(self) -> str:
        """The statement that makes it, once per connection."""
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        return f"create temp table if not exists {self.name} ({columns}) on commit delete rows"


class Sql:
    """Runs statements. The transaction begins with the first one and ends with the unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._staged = set[str]()

    async def rows(self, statement: str, **parameters: Any) -> Sequence[RowMapping]:
        """All rows of a query."""
        return (await self._connection.execute(text(statement), parameters)).mappings().all()

    async def row(self, statement: str, **parameters: Any) -> RowMapping | None:
        """The first row, None when there is none."""
        return (await self._connection.execute(text(statement), parameters)).mappings().first()

    async def value(self, statement: str, **parameters: Any) -> Any:
        """The first column of the first row, None when there is none."""
        return (await self._connection.execute(text(statement), parameters)).scalar()

    async def column(self, statement: str, **parameters: Any) -> list[Any]:
        """The first column of all rows."""
        return list((await self._connection.execute(text(statement), parameters)).scalars().all())

    async def run(self, statement: str, **parameters: Any) -> int:
        """Execute a statement; how many rows it touched."""
        return max(0, (await self._connection.execute(text(statement), parameters)).rowcount)

    async def stage(self, stage: Stage, rows: Iterable[Sequence[Any]]) -> None:
        """Fill a stage by COPY, replacing what it held."""
        await self.run(stage.ddl)
        if stage.name in self._staged:
            await self.run(f"delete from {stage.name}")
        self._staged.add(stage.name)
        left = iter(rows)
        if (first := next(left, None)) is not None:
            driver = await driver_of(self._connection)
            records, columns = chain([first], left), list(stage.columns)
            await driver.copy_records_to_table(stage.name, schema_name="pg_temp", records=records, columns=columns)

    async def batches(self, statement: str, *, size: int, **parameters: Any) -> AsyncIterator[Sequence[RowMapping]]:
        """The rows of a query through a server-side cursor, so that memory stays flat."""
        result = await self._connection.stream(text(statement), parameters, execution_options={"yield_per": size})
        async for rows in result.mappings().partitions(size):
            yield rows


async def driver_of(connection: AsyncConnection) -> Driver:
    """The driver's own connection under one of SQLAlchemy's."""
    raw = await connection.get_raw_connection()
    driver = cast("Driver | None", raw.driver_connection)
    if driver is None:
        raise RuntimeError("the connection is closed")
    return driver
