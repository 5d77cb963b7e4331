"""What all tests share: one real PostgreSQL for the session, a fresh migrated database for each test.

`EARSHOT_TEST_DATABASE_URL` names another server (its user must be allowed to create databases); otherwise the
embedded one is started in a temporary folder, without fsync.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, settings
from pydantic import SecretStr
from xdist.remote import Producer  # pyright: ignore[reportMissingTypeStubs]
from xdist.scheduler import LoadFileScheduling  # pyright: ignore[reportMissingTypeStubs]

from earshot.errors import Transient
from earshot.ports.clock import SystemClock
from earshot.store import PostgresStore, StoreSettings, driver, open_store
from earshot.store.embedded import places, postmaster
from earshot.store.embedded.server import discard
from tests.databases import Copies, Server

PROCESSES = frozenset(
    f"tests/{name}.py"
    for name in (
        "doors/test_batch_kill", "doors/test_kill", "doors/test_outbox_kill", "doors/test_serve", "flow/test_soak",
        "flow/test_llm_ledger", "flow/live/test_kills", "flow/live/test_workers", "flow/live/test_webhooks",
    )
)  # fmt: skip
"""Files that start many processes at once: one after another, beside whatever else is tested."""
UNTRACED = frozenset(
    f"tests/{name}.py"
    for name in (
        "flow/test_acting_storm", "flow/test_batch_exchange", "flow/test_daily", "flow/test_hostile_text",
        "flow/test_llm_ledger", "flow/test_llm_overlap", "flow/test_llm_reading", "flow/test_themes",
        "integration/connectors/test_intercom_simulated",
        "integration/pipeline/test_suspicion_data", "integration/pipeline/test_theming_sequences",
        "integration/store/test_store_corrections", "pages/test_files", "pages/test_hostile",
        "unit/classify/llm/test_real_threads", "unit/connectors/test_odd_answers",
        "unit/group/test_regroup_properties", "unit/report/test_letters", "unit/text/test_personal_linear",
    )
)  # fmt: skip
"""Files that repeat the same lines very often, which others reach, too: measuring coverage would make them two to
four times slower."""
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")  # the machine is busy: how long something takes says nothing
_NUMBERS = itertools.count(1)
_TEMPLATE = f"earshot_template_{os.getpid()}"


class Scheduling(LoadFileScheduling):
    """The tests of a file run in one process, those of all PROCESSES in one, too."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "processes" if file in PROCESSES else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No coverage is measured in UNTRACED files."""
    for item in items:
        if item.nodeid.partition("::")[0] in UNTRACED:
            item.add_marker("no_cover")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Who tests what, where the tests run in several processes."""
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """The session's PostgreSQL."""
    given = os.environ.get("EARSHOT_TEST_DATABASE_URL")
    if given:
        yield Server(given, lasting=True)
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
            asyncio.run(running.execute("select 1"))
        except (OSError, driver.NotReady):
            asyncio.run(asyncio.sleep(0.02))
        else:
            return
    raise Transient("the test server does not answer")


@pytest.fixture(scope="session")
def copies(server: Server) -> Generator[Copies]:
    """Copies of a migrated, empty database."""
    asyncio.run(server.execute(f"create database {_TEMPLATE} template template0"))

    async def migrate() -> None:
        store = await open_store(settings_for(server.database(_TEMPLATE)), clock=SystemClock())
        await store.close()

    asyncio.run(migrate())
    ours = Copies(server, _TEMPLATE)
    yield ours
    asyncio.run(ours.drop_all())


@pytest.fixture
async def database_url(server: Server, copies: Copies) -> AsyncGenerator[str]:
    """A database with our schema and no rows."""
    name = await copies.take()
    yield server.database(name)
    await copies.give_back(name)


@pytest.fixture
async def empty_database_url(server: Server) -> AsyncGenerator[str]:
    """A fresh database without anything in it."""
    name = f"earshot_empty_{os.getpid()}_{next(_NUMBERS)}"
    await server.execute(f"create database {name} template template0")
    yield server.database(name)
    await server.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
async def store(database_url: str) -> AsyncGenerator[PostgresStore]:
    """An open store on a fresh database."""
    opened = await open_store(settings_for(database_url), clock=SystemClock())
    yield opened
    await opened.close()


def settings_for(url: str) -> StoreSettings:
    """Settings that use an existing database."""
    return StoreSettings(database_url=SecretStr(url), data_dir=Path("/nonexistent"))
