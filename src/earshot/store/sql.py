"""One connection inside one transaction: text SQL with named parameters, and COPY.

Statements go to the driver without a detour: real time runs dozens of small ones at a time, and SQLAlchemy takes
longer over one of those than the database does. What is left to it is the pool.
"""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from earshot.store.driver import Confused, Driver, Prepared, Row, is_lost

T = TypeVar("T")
_PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
_MOST_DEAD = 200
"""Rows that are deleted from a stage one by one before it is truncated: plans go by its pages, dead or alive."""
_FEW, _TIMES = 50, 4
"""A stage is counted again when it holds so many times the rows it was counted with, and more than a few."""
_MOST_PREPARED = 400
"""Statements that a connection keeps prepared; more of them make it begin anew."""


@dataclass(frozen=True)
class Stage:
    """A temporary table that a bulk write is copied into before one set-based statement takes it over.

    Its rows go with the transaction. Not by `on commit delete rows`: that truncates all such tables of a connection
    at each commit, with their TOAST tables and indexes, which took longer than all that the transaction was for.
    """

    name: str
    columns: Mapping[str, str]

    @property
    def counting(self) -> str:
        """The statement that tells the planner how many rows it has; uncounted, it is taken for ten full pages."""
        return f"analyze {self.name} ({next(iter(self.columns))})"

    @property
    def ddl(self) -> str:
        """The statement that makes it, once per connection."""
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        return f"create temp table if not exists {self.name} ({columns})"


@dataclass
class _Kept:
    """What one connection of the pool keeps from one transaction to the next."""

    driver: Driver
    prepared: dict[str, Prepared]
    stages: set[str]
    dead: Counter[str]
    """Rows that were copied into each stage since it was last truncated."""
    counted: dict[str, int]
    """The rows each stage was last counted with since then."""


class Sql:
    """Runs statements. The transaction begins with the first one and ends with the unit of work.

    `single`: there is one statement only, which is a transaction by itself.
    """

    def __init__(self, connection: AsyncConnection, *, single: bool = False) -> None:
        self._connection = connection
        self._single = single
        self._kept: _Kept | None = None
        self._staged = set[str]()
        self._made = set[str]()
        self._broken = False

    async def rows(self, statement: str, **parameters: Any) -> Sequence[Row]:
        """All rows of a query."""
        return (await self._run(statement, parameters))[1]

    async def row(self, statement: str, **parameters: Any) -> Row | None:
        """The first row, None when there is none."""
        rows = (await self._run(statement, parameters))[1]
        return rows[0] if rows else None

    async def value(self, statement: str, **parameters: Any) -> Any:
        """The first column of the first row, None when there is none."""
        rows = (await self._run(statement, parameters))[1]
        return rows[0][0] if rows else None

    async def column(self, statement: str, **parameters: Any) -> list[Any]:
        """The first column of all rows."""
        return [row[0] for row in (await self._run(statement, parameters))[1]]

    async def run(self, statement: str, **parameters: Any) -> int:
        """Execute a statement; how many rows it touched."""
        prepared, _ = await self._run(statement, parameters)
        return _count(prepared.get_statusmsg() or "")

    async def stage(self, stage: Stage, rows: Iterable[Sequence[Any]]) -> None:
        """Fill a stage by COPY, replacing what it held, until the transaction ends."""
        kept = await self._emptied(stage)
        left = iter(rows)
        if (first := next(left, None)) is not None:
            records, columns = chain([first], left), list(stage.columns)
            copied = await self._safe(
                lambda: kept.driver.copy_records_to_table(
                    stage.name, schema_name="pg_temp", records=records, columns=columns
                )
            )
            await self._filled(kept, stage, rows=_count(copied))

    async def fill(self, stage: Stage, statement: str) -> None:
        """The same by a statement that inserts into the stage."""
        kept = await self._emptied(stage)
        await self._filled(kept, stage, rows=await self.run(statement))

    async def _emptied(self, stage: Stage) -> _Kept:
        if self._single:
            raise RuntimeError("a stage without a transaction")
        kept = await self._begun()
        if stage.name not in kept.stages | self._made:
            await self.run(stage.ddl)
            self._made.add(stage.name)
        if stage.name in self._staged:
            await self.run(f"delete from {stage.name}")
        self._staged.add(stage.name)
        return kept

    async def _filled(self, kept: _Kept, stage: Stage, *, rows: int) -> None:
        """Count it where its rows are many more than plans were made for."""
        kept.dead[stage.name] += rows
        counted = kept.counted.get(stage.name)
        if rows and (counted is None or rows > max(_FEW, _TIMES * counted)):
            await self._safe(lambda: kept.driver.execute(stage.counting))
            kept.counted[stage.name] = rows

    async def batches(self, statement: str, *, size: int, **parameters: Any) -> AsyncIterator[Sequence[Row]]:
        """The rows of a query through a server-side cursor, so that memory stays flat."""
        query, names = numbered(statement)
        kept = await self._begun()
        prepared = await self._prepared(kept, query)
        cursor = await self._safe(lambda: prepared.cursor(*[parameters[name] for name in names]))
        while rows := await self._safe(lambda: cursor.fetch(size)):
            yield rows

    async def commit(self) -> None:
        """Make everything durable at once; the next statement begins a new transaction."""
        if self._broken:
            raise _gone()
        if (kept := self._kept) is None or self._single:
            return
        ending = "; ".join([*(self._cleared(kept, name) for name in sorted(self._staged)), "commit"])
        await self._safe(lambda: kept.driver.execute(ending))
        kept.stages.update(self._made)
        self._forget()

    def _cleared(self, kept: _Kept, stage: str) -> str:
        """The statement that empties a stage: it leaves dead rows behind until there are too many."""
        if kept.dead[stage] <= _MOST_DEAD:
            return f"delete from {stage}"
        del kept.dead[stage]
        kept.counted.pop(stage, None)
        return f"truncate {stage}"

    async def rollback(self) -> None:
        """Undo what was not committed."""
        if (kept := self._kept) is not None:
            if not self._single:
                await self._safe(lambda: kept.driver.execute("rollback"))
            for stage in self._made:
                del kept.dead[stage]
                kept.counted.pop(stage, None)
            self._forget()

    async def _run(self, statement: str, parameters: Mapping[str, Any]) -> tuple[Prepared, list[Row]]:
        query, names = numbered(statement)
        kept = await self._begun()
        prepared = kept.prepared.get(query) or await self._prepared(kept, query)
        values = [parameters[name] for name in names]
        try:
            return prepared, await self._safe(lambda: prepared.fetch(*values))
        except Exception:
            kept.prepared.pop(query, None)
            raise

    async def _prepared(self, kept: _Kept, query: str) -> Prepared:
        if len(kept.prepared) >= _MOST_PREPARED:
            kept.prepared.clear()
        prepared = kept.prepared[query] = await self._safe(lambda: kept.driver.prepare(query))
        return prepared

    async def _begun(self) -> _Kept:
        """The connection with a transaction under way; one that was lost while it lay in the pool is replaced."""
        if self._broken:
            raise _gone()
        if self._kept is None:
            kept = await kept_of(self._connection)
            while kept.driver.is_closed():
                await self._connection.invalidate()
                kept = await kept_of(self._connection)
            if not self._single:
                await self._safe(lambda: kept.driver.execute("begin"))
            self._kept = kept
        elif self._single:
            raise RuntimeError("a second statement in a unit for one")
        return self._kept

    async def _safe(self, run: Callable[[], Awaitable[T]]) -> T:
        """What the driver gives. A connection that is lost, or left in the middle, does not go back to the pool."""
        try:
            return await run()
        except asyncio.CancelledError:
            await self._drop()
            raise
        except Confused as error:
            await self._drop()
            raise _gone() from error
        except Exception as error:
            if is_lost(error) or (self._kept is not None and self._kept.driver.is_closed()):
                await self._drop()
            raise

    async def _drop(self) -> None:
        self._broken = True
        self._forget()
        await self._connection.invalidate()

    def _forget(self) -> None:
        self._kept = None
        self._staged.clear()
        self._made.clear()


def _count(status: str) -> int:
    """The rows that a status such as `UPDATE 3` tells of."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdecimal() else 0


def _gone() -> Exception:
    """What was done before is undone: nothing may go on as if it were not."""
    return ConnectionError("the connection was lost within this transaction")


@lru_cache(maxsize=1024)
def numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """A statement with its named parameters (`:name`) as the driver wants them ($1), and their names in order."""
    places: dict[str, int] = {}
    query = _PARAMETER.sub(lambda found: f"${places.setdefault(found[1], len(places) + 1)}", statement)
    return query.replace("\\:", ":"), tuple(places)


async def kept_of(connection: AsyncConnection) -> _Kept:
    """What a connection of the pool keeps."""
    raw = await connection.get_raw_connection()
    kept = cast("_Kept | None", raw.info.get("earshot"))
    if kept is None:
        kept = raw.info["earshot"] = _Kept(
            await driver_of(connection), prepared={}, stages=set(), dead=Counter(), counted={}
        )
    return kept


async def driver_of(connection: AsyncConnection) -> Driver:
    """The driver's own connection under one of SQLAlchemy's."""
    raw = await connection.get_raw_connection()
    driver = cast("Driver | None", raw.driver_connection)
    if driver is None:
        raise RuntimeError("the connection is closed")
    return driver
