"""What all tests share: one real PostgreSQL for the session, a fresh migrated database for each test.

`EARSHOT_TEST_DATABASE_URL` names another server (its user must be allowed to create databases); otherwise the
embedded one is started in a temporary folder, without fsync.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import pytest
from pydantic import SecretStr

from earshot.errors import Transient
from earshot.ports.clock import SystemClock
from earshot.store import PostgresStore, StoreSettings, driver, open_store
from earshot.store.embedded import places, postmaster
from earshot.store.embedded.server import discard

_NUMBERS = itertools.count(1)
_TEMPLATE = f"earshot_template_{os.getpid()}"


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL on which tests make their databases."""

    url: str

    def database(self, name: str) -> str:
        """The address of one database on it."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def run(self, *statements: str) -> None:
        """Execute statements outside any test's event loop."""

        async def go() -> None:
            connection = await driver.dial(dsn=self.url)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(go())

    async def create(self, name: str, *, template: str) -> str:
        """Make a database; its address."""
        connection = await driver.dial(dsn=self.url)
        try:
            await connection.execute(f"create database {name} template {template}")
        finally:
            await connection.close()
        return self.database(name)

    async def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        connection = await driver.dial(dsn=self.url)
        try:
            await connection.execute(f"drop database if exists {name} with (force)")
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """The session's PostgreSQL."""
    given = os.environ.get("EARSHOT_TEST_DATABASE_URL")
    if given:
        yield Server(given)
        return
    folder = tmp_path_factory.mktemp("postgres")
    yield from _embedded(folder)


def _embedded(folder: Path) -> Generator[Server]:
    where = places.prepare(folder)
    postmaster.create_cluster(where)
    with (where.pgdata / "postgresql.conf").open("a") as configuration:
        configuration.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
    process = postmaster.start(where)
    password = quote(where.password_file.read_text())
    query = urlencode({"host": str(where.sockets), "port": postmaster.PORT})
    running = Server(f"postgresql://{postmaster.USER}:{password}@/postgres?{query}")
    try:
        _wait(running)
        yield running
    finally:
        postmaster.stop(where)
        process.wait()
        asyncio.run(discard(folder, clock=SystemClock()))


def _wait(running: Server) -> None:
    for _ in range(500):
        try:
            running.run("select 1")
        except (OSError, driver.NotReady):
            asyncio.run(asyncio.sleep(0.02))
        else:
            return
    raise Transient("the test server does not answer")


@pytest.fixture(scope="session")
def template(server: Server) -> Generator[str]:
    """A migrated, empty database that others are copied from."""
    server.run(f"create database {_TEMPLATE} template template0")

    async def migrate() -> None:
        store = await open_store(settings_for(server.database(_TEMPLATE)), clock=SystemClock())
        await store.close()

    asyncio.run(migrate())
    yield _TEMPLATE
    server.run(f"drop database if exists {_TEMPLATE} with (force)")


@pytest.fixture
async def database_url(server: Server, template: str) -> AsyncGenerator[str]:
    """A fresh database with our schema and no rows."""
    name = f"earshot_test_{os.getpid()}_{next(_NUMBERS)}"
    yield await server.create(name, template=template)
    await server.drop(name)


@pytest.fixture
async def empty_database_url(server: Server) -> AsyncGenerator[str]:
    """A fresh database without anything in it."""
    name = f"earshot_test_{os.getpid()}_{next(_NUMBERS)}"
    yield await server.create(name, template="template0")
    await server.drop(name)


@pytest.fixture
async def store(database_url: str) -> AsyncGenerator[PostgresStore]:
    """An open store on a fresh database."""
    opened = await open_store(settings_for(database_url), clock=SystemClock())
    yield opened
    await opened.close()


def settings_for(url: str) -> StoreSettings:
    """Settings that use an existing database."""
    return StoreSettings(database_url=SecretStr(url), data_dir=Path("/nonexistent"))
