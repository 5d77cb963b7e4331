"""Databases for tests: copies of a template, each for one test at a time, set back to the template's rows after it.

Making and dropping a database for every test costs more than most tests do: a file system that has just deleted
some thousand files is slow to make new ones. So a copy is used again once its rows are those of the template again;
one whose schema, settings or size a test changed is left aside.
"""

import itertools
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from earshot.store import driver

LARGEST = 64 * 2**20
"""Bytes; a database that grew larger is not used again."""
_NUMBERS = itertools.count(1)
_TABLES = """
    select format('%I.%I', nspname, relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1
"""
_ROWS = "select {number} as number, md5(string_agg(md5(t::text), '' order by md5(t::text))) as digest from {name} t"
_SEQUENCES = """
    select format('%I.%I', schemaname, sequencename) as name, last_value, start_value from pg_sequences order by 1
"""
_SCHEMA = """
    select md5(string_agg(said, '|' order by said)) from (
        select format('%s %s %s %s %s %s', oid::regclass, relkind, relnatts, relchecks, relacl, reloptions) as said
        from pg_class where relnamespace in (select oid from pg_namespace where nspname !~ '^pg_')
        union all select format('%s %s %s', oid::regprocedure, md5(prosrc), proacl) from pg_proc
        where pronamespace in (select oid from pg_namespace where nspname !~ '^pg_')
        union all select format('%s %s %s', tgrelid::regclass, tgname, tgenabled) from pg_trigger
        union all select format('%s %s', conrelid::regclass, conname) from pg_constraint
        union all select format('%s %s', nspname, nspacl) from pg_namespace where nspname !~ '^pg_'
        union all select format('%s %s', extname, extversion) from pg_extension
        union all select setconfig::text from pg_db_role_setting
        where setdatabase = (select oid from pg_database where datname = current_database())
    ) things
"""
_COLUMNS = """
    select attname as name from pg_attribute
    where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
"""
_ALONE = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL. `lasting`: it is there after the tests, so nothing may stay on it."""

    url: str
    lasting: bool = False

    def database(self, name: str) -> str:
        """The address of one database on it."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def execute(self, *statements: str) -> None:
        """Execute statements on the server's own database."""
        connection = await driver.dial(dsn=self.url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@dataclass
class Contents:
    """What a database holds: a digest of its schema, of each table's rows, and where its sequences stand."""

    schema: str
    tables: list[str]
    rows: dict[str, str | None]
    sequences: dict[str, tuple[int, bool]]

    @classmethod
    async def of(cls, connection: driver.Driver) -> "Contents":
        """Look at a database."""
        tables = [row["name"] for row in await connection.fetch(_TABLES)]
        digests = " union all ".join(_ROWS.format(number=n, name=name) for n, name in enumerate(tables))
        found = await connection.fetch(digests) if tables else []
        sequences = {
            row["name"]: (row["start_value"] if row["last_value"] is None else row["last_value"],
                          row["last_value"] is not None)
            for row in await connection.fetch(_SEQUENCES)
        }  # fmt: skip
        return cls(
            schema=await connection.fetchval(_SCHEMA),
            tables=tables,
            rows={tables[row["number"]]: row["digest"] for row in found},
            sequences=sequences,
        )


@dataclass(frozen=True)
class Filled:
    """The rows of a table, as COPY gives and takes them."""

    schema: str
    table: str
    columns: tuple[str, ...]
    text: bytes

    @classmethod
    async def of(cls, connection: driver.Driver, name: str) -> "Filled":
        """What a table holds now."""
        schema, table = name.split(".")
        columns = tuple(row["name"] for row in await connection.fetch(_COLUMNS, name))
        pieces: list[bytes] = []

        async def keep(piece: bytes) -> None:
            pieces.append(piece)

        await connection.copy_from_table(table, output=keep, columns=columns, schema_name=schema)
        return cls(schema, table, columns, b"".join(pieces))

    async def fill(self, connection: driver.Driver) -> None:
        """Put the rows into the emptied table of another database."""

        async def source() -> AsyncGenerator[bytes]:
            yield self.text

        await connection.copy_to_table(self.table, source=source(), columns=self.columns, schema_name=self.schema)


@dataclass
class Copies:
    """Copies of one template, which nobody is connected to while a new copy is made."""

    server: Server
    template: str
    _free: list[str] = field(default_factory=list[str])
    _made: list[str] = field(default_factory=list[str])
    _contents: Contents | None = None
    _filled: dict[str, "Filled"] = field(default_factory=dict[str, "Filled"])

    async def take(self) -> str:
        """The name of a database that is as the template."""
        if self._contents is None:
            await self._look()
        if self._free:
            return self._free.pop()
        name = f"earshot_test_{os.getpid()}_{next(_NUMBERS)}"
        await self.server.execute(f"create database {name} template {self.template}")
        self._made.append(name)
        return name

    async def give_back(self, name: str) -> None:
        """Set the database back; it is left aside where that cannot be done for certain."""
        try:
            connection = await driver.dial(dsn=self.server.database(name))
        except Exception:  # noqa: BLE001 (a test removed it, or keeps everybody out)
            return
        try:
            if await self._set_back(connection):
                self._free.append(name)
        finally:
            await connection.close()

    async def drop_all(self) -> None:
        """Leave nothing on a server that lasts."""
        if self.server.lasting:
            names = [*self._made, self.template]
            await self.server.execute(*(f"drop database if exists {name} with (force)" for name in names))

    async def _look(self) -> None:
        connection = await driver.dial(dsn=self.server.database(self.template))
        try:
            self._contents = await Contents.of(connection)
            filled = [name for name, digest in self._contents.rows.items() if digest is not None]
            self._filled = {name: await Filled.of(connection, name) for name in filled}
        finally:
            await connection.close()

    async def _set_back(self, connection: driver.Driver) -> bool:
        wanted = self._contents
        await connection.execute(_ALONE)
        if wanted is None or await connection.fetchval("select pg_database_size(current_database())") > LARGEST:
            return False
        there = await Contents.of(connection)
        if there.schema != wanted.schema:
            return False
        changed = [name for name in wanted.tables if there.rows[name] != wanted.rows[name]]
        await connection.execute("set session_replication_role = replica")
        for name in changed:
            await connection.execute(f"delete from {name}")
            if name in self._filled:
                await self._filled[name].fill(connection)
        for name, (value, called) in wanted.sequences.items():
            if there.sequences.get(name) != (value, called):
                await connection.execute("select setval($1::regclass, $2, $3)", name, value, called)
        return True
