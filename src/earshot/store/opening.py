"""Opens the store: finds or starts the database, brings its schema up to date, hands out units of work."""

import importlib
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from earshot.errors import Misconfigured
from earshot.ports.clock import Clock
from earshot.ports.jobs import Engine
from earshot.store import migrating
from earshot.store.address import OLDEST, Address, connect, parse, session_name
from earshot.store.backup import backup, restore
from earshot.store.driver import Driver
from earshot.store.embedded.server import Embedded, open_embedded
from earshot.store.lexicons import KeptLexicon
from earshot.store.locks import Locks
from earshot.store.settings import StoreSettings
from earshot.store.sql import driver_of
from earshot.store.unit import PostgresUnit
from earshot.store.vitals import Vitals, vitals


class PostgresStore:
    """`ports.store.Store` over one PostgreSQL, embedded or not."""

    def __init__(
        self,
        address: Address,
        engine: AsyncEngine,
        *,
        embedded: Embedded | None,
        kept: KeptLexicon | None = None,
        patience: timedelta | None = None,
    ) -> None:
        self.address = address
        self._engine = engine
        self._embedded = embedded
        self._kept = kept or KeptLexicon()
        self._patience = patience
        self._locks = Locks(address)

    def unit(self) -> PostgresUnit:
        """A fresh transaction."""
        return PostgresUnit(self._engine, kept=self._kept)

    def exclusive(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Hold a named lock across processes; waits for it. True when it had to wait; freed when we die."""
        return self._locks.hold(name, patience=self._patience)

    def patient(self, wait: timedelta) -> "PostgresStore":
        """The same store for who cannot wait: a lock held longer than that raises Transient. Not to be closed."""
        return PostgresStore(self.address, self._engine, embedded=self._embedded, kept=self._kept, patience=wait)

    def engine(self, *, grace: timedelta = timedelta(seconds=25), **more: Any) -> Engine:
        """What serves jobs; `more` as for `PostgresEngine`. Its packages are loaded only here, they take 0.2 s."""
        made: Engine = importlib.import_module("earshot.store.jobs.engine").PostgresEngine(
            self.address, grace=grace, **more
        )
        return made

    def single(self) -> PostgresUnit:
        """A unit for one statement, durable when it returns; a second one raises RuntimeError."""
        return PostgresUnit(self._engine, kept=self._kept, single=True)

    async def vitals(self) -> Vitals:
        """What a health check wants to know."""
        return await vitals(self.address, embedded=self._embedded is not None)

    async def index_vectors(self) -> bool:
        """Search likely themes by vectors too, where the server has pgvector by now; whether they are."""
        async with self.unit() as unit:
            ready = bool(await unit.sql.value("select index_vectors()"))
            await unit.commit()
        return ready

    async def backup(self, path: Path, *, now: datetime) -> dict[str, int]:
        """Write everything to one file; rows by table."""
        return await backup(self.address, path, now=now)

    async def restore(self, path: Path, *, replace: bool = False) -> dict[str, int]:
        """Put a backup's content in place; Rejected when the database is not empty, unless `replace`."""
        return await restore(self.address, self._engine, path=path, replace=replace)

    def apart(self, *, connections: int) -> "PostgresStore":
        """The same database over connections of its own, which nobody else can use up; close it before this one."""
        return PostgresStore(self.address, _engine(self.address, size=connections), embedded=None)

    async def close(self) -> None:
        """Give connections back, and stop the embedded server when nobody else uses it."""
        await self._locks.close()
        await self._engine.dispose()
        if self._embedded is not None:
            await self._embedded.close()


async def open_store(settings: StoreSettings, *, clock: Clock) -> PostgresStore:
    """The store of these settings, migrated and ready."""
    embedded: Embedded | None = None
    if settings.database_url is None:
        embedded = await open_embedded(settings.data_dir, clock=clock)
        address = embedded.address
    else:
        address = parse(settings.database_url.get_secret_value(), name=session_name())
    engine = _engine(address, size=settings.pool_size)
    store = PostgresStore(address, engine, embedded=embedded)
    try:
        await _prepare(address, engine, allow_foreign=settings.allow_foreign)
    except BaseException:
        await store.close()
        raise
    return store


async def write_backup(settings: StoreSettings, file: Path, *, clock: Clock) -> dict[str, int]:
    """Open the store and write everything to one file; rows by table."""
    store = await open_store(settings, clock=clock)
    try:
        return await store.backup(file, now=clock.now())
    finally:
        await store.close()


async def read_backup(settings: StoreSettings, file: Path, *, replace: bool, clock: Clock) -> dict[str, int]:
    """Open the store and put a backup's content in place; Rejected when it is not empty, unless `replace`."""
    store = await open_store(settings, clock=clock)
    try:
        return await store.restore(file, replace=replace)
    finally:
        await store.close()


async def _prepare(address: Address, engine: AsyncEngine, *, allow_foreign: bool) -> None:
    async with engine.connect() as connection:
        driver = await driver_of(connection)
        version = driver.get_server_version()
        if version.major < OLDEST:
            raise Misconfigured(
                f"the database at {address.place} is PostgreSQL {version.major}",
                hint=f"Earshot needs PostgreSQL {OLDEST} or newer",
            )
        ready = migrating.check(await migrating.revision(driver))
    if not ready:
        await migrating.migrate(address, engine, allow_foreign=allow_foreign)


def _engine(address: Address, *, size: int) -> AsyncEngine:
    async def creator() -> Driver:
        return await connect(address)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=creator,
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,  # they are customer text and must not reach a log
        json_deserializer=str,  # JSON columns come as text, which the nouns validate faster than objects
    )
