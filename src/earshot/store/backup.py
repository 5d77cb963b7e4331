"""Backup and restore of everything in our schema, on any server and without its programs."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import AsyncGenerator, Generator, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from earshot.errors import BadInput, Rejected
from earshot.store import migrating
from earshot.store.address import Address, connect
from earshot.store.archive import FORMAT, VERSION, Reader, header_of, written
from earshot.store.driver import Driver
from earshot.store.sql import driver_of

_TABLES = """
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'earshot'::regnamespace and c.relkind = 'r'
        and c.relname not in ('revision', 'reading_lease', 'worker')
        and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.relname order by c.relname
"""
_SEQUENCES = """
    select c.relname as name, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'earshot'::regnamespace and c.relkind = 'r' and a.attidentity <> ''
"""
_HOLDS = """
    select exists (select from conversation) or exists (select from conversation_insights)
        or exists (select from run) or exists (select from existing_item)
"""

Records = Iterator[tuple[bytes, bytes]]


async def backup(address: Address, path: Path, *, now: datetime) -> dict[str, int]:
    """Write one moment's state of all tables to a file; rows by table."""
    connection = await connect(address)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            tables = await connection.fetch(_TABLES)
            revision = await migrating.revision(connection)
            with written(path) as writer:
                head = {"format": FORMAT, "version": VERSION, "revision": revision, "created_at": now.isoformat()}
                writer.json(b"H", head)
                counts: dict[str, int] = {}
                for table in tables:
                    writer.json(b"T", {"name": table["name"], "columns": table["columns"]})
                    done = await connection.copy_from_table(
                        table["name"], schema_name="earshot", columns=table["columns"], output=writer.rows
                    )
                    counts[table["name"]] = int(done.split()[-1])
    finally:
        await connection.close()
    return counts


async def restore(address: Address, engine: AsyncEngine, *, path: Path, replace: bool) -> dict[str, int]:
    """Put a backup in place of all that is there, in one transaction; rows by table.

    The file is read whole before anything is touched. It may come from an older schema, which is then run forward.
    """
    header = header_of(path)
    if header["revision"] not in migrating.REVISIONS:
        raise BadInput(f"{path} was written by a newer Earshot", hint="upgrade Earshot, nothing was changed")
    async with engine.connect() as connection:
        driver = await driver_of(connection)
        await driver.execute(migrating.LOCK)
        try:
            if not replace and await driver.fetchval(_HOLDS):
                raise Rejected(
                    f"the database at {address.place} is not empty",
                    hint="restore elsewhere, or add --replace to drop what it holds",
                )
            for schema in migrating.SCHEMAS:
                await connection.exec_driver_sql(f"drop schema if exists {schema} cascade")
                await connection.exec_driver_sql(f"create schema {schema}")
            await connection.run_sync(migrating.upgrade, header["revision"])
            with Reader(path) as reader:
                counts = await _fill(driver, reader.records())
            await connection.run_sync(migrating.upgrade, "head")
            await connection.commit()
        finally:
            await connection.rollback()
            await driver.execute(migrating.UNLOCK)
    return counts


async def _fill(driver: Driver, records: Records) -> dict[str, int]:
    counts: dict[str, int] = {}
    pending = next(records, None)
    while pending is not None:
        kind, body = pending
        pending = next(records, None)
        if kind == b"T":
            table: dict[str, Any] = json.loads(body)
            rest = _Rows(records, pending)
            counts[table["name"]] = await _copy(driver, table, rows=rest)
            pending = rest.after
    for row in await driver.fetch(_SEQUENCES):
        await driver.execute(
            f"select setval(pg_get_serial_sequence('earshot.{row['name']}', '{row['column']}'),"
            f" coalesce((select max({row['column']}) from earshot.{row['name']}), 0) + 1, false)"
        )
    return counts


async def _copy(driver: Driver, table: dict[str, Any], *, rows: "_Rows") -> int:
    """Copy one table with its triggers off: what they would do is in the backup."""
    name = f'earshot."{table["name"]}"'
    await driver.execute(f"alter table {name} disable trigger user")
    done = await driver.copy_to_table(
        table["name"], schema_name="earshot", columns=table["columns"], source=rows.stream()
    )
    await driver.execute(f"alter table {name} enable trigger user")
    return int(done.split()[-1])


class _Rows:
    """The D records that follow a T record; `after` is the record that ended them."""

    def __init__(self, records: Records, first: tuple[bytes, bytes] | None) -> None:
        self._records = records
        self.after = first

    async def stream(self) -> AsyncGenerator[bytes]:
        """The rows."""
        for body in self._bodies():
            yield body

    def _bodies(self) -> Generator[bytes]:
        first = [] if self.after is None else [self.after]
        self.after = None
        for kind, body in chain(first, self._records):
            if kind != b"D":
                self.after = (kind, body)
                return
            yield body
