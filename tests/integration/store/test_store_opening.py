"""Opening: migrations by themselves, foreign databases refused, clear words when something is wrong."""

import asyncio
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from store_samples import conversation, insight, keep, query, read, settings

from earshot.errors import EarshotError, Misconfigured, Transient
from earshot.ports.clock import SystemClock
from earshot.ports.store import Store
from earshot.store import PostgresStore, migrating, open_store

OPEN = """
import asyncio, sys
from pathlib import Path
from earshot.ports.clock import SystemClock
from earshot.store import StoreSettings, open_store
async def main():
    store = await open_store(StoreSettings(database_url=sys.argv[1], data_dir=Path("/x")), clock=SystemClock())
    async with store.unit() as unit:
        print(await unit.conversations.count_pending())
    await store.close()
asyncio.run(main())
"""


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).with_name("migrations")))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [migrating.HEAD]
    assert tuple(s.revision for s in reversed(list(scripts.walk_revisions()))) == migrating.REVISIONS


async def test_processes_that_open_an_empty_database_at_once_all_work(empty_database_url: str) -> None:
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            OPEN,
            empty_database_url,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]
    ended = [await process.communicate() for process in running]
    assert [(out.strip(), err) for out, err in ended] == [(b"0", b"")] * 3


async def test_it_is_the_store_that_the_flow_knows(store: PostgresStore) -> None:
    known: Store = store
    async with known.unit() as unit:
        assert await unit.conversations.count_pending() == 0


async def test_opening_twice_changes_nothing(store: PostgresStore, database_url: str) -> None:
    await keep(store, conversation(1))
    again = await open_store(settings(database_url), clock=SystemClock())
    async with again.unit() as unit:
        assert await unit.conversations.count_pending() == 1
    await again.close()


async def test_any_form_of_address_works(store: PostgresStore, database_url: str) -> None:
    assert (await store.vitals()).embedded is False
    for scheme in ("postgres://", "postgresql+asyncpg://", "postgresql+psycopg2://"):
        again = await open_store(settings(database_url.replace("postgresql://", scheme)), clock=SystemClock())
        await again.close()


async def test_somebody_else_s_database_is_refused_unless_allowed(empty_database_url: str, server: object) -> None:
    stranger = await open_foreign(empty_database_url, "create table public.orders (id int)")
    assert "public.orders" in str(stranger)
    assert "ALLOW_FOREIGN" in stranger.hint
    store = await open_store(settings(empty_database_url, allow_foreign=True), clock=SystemClock())
    assert await query(store, "select 1 from public.orders") == []
    await store.close()


async def test_a_schema_of_the_same_name_that_is_not_ours_is_refused(empty_database_url: str) -> None:
    stranger = await open_foreign(
        empty_database_url, "create schema earshot; create table earshot.revision (v int)"
    )
    assert "earshot.revision" in str(stranger)


async def open_foreign(url: str, statement: str) -> EarshotError:
    connection = await migrating.connect(migrating.Address(name="t", url=url))
    await connection.execute(statement)
    await connection.close()
    with pytest.raises(Misconfigured) as refused:
        await open_store(settings(url), clock=SystemClock())
    return refused.value


async def test_a_database_of_a_newer_earshot_is_refused(store: PostgresStore, database_url: str) -> None:
    await query(store, "update revision set version_num = '9999'")
    with pytest.raises(Misconfigured, match="newer Earshot"):
        await open_store(settings(database_url), clock=SystemClock())


async def test_wrong_password_database_and_host_are_told_apart(database_url: str) -> None:
    head, _, rest = database_url.partition("@")
    user = head.removeprefix("postgresql://").partition(":")[0]
    cases = {
        f"postgresql://{user}:wrong-secret@{rest}": (Misconfigured, "refuses user and password"),
        database_url.replace("/earshot_test", "/nowhere"): (Misconfigured, "no such database"),
        "postgresql://u:top-secret@127.0.0.1:1/db": (Transient, "127.0.0.1:1/db"),
        "mysql://u@h/db": (Misconfigured, "not a PostgreSQL address"),
        "postgresql://u:p@h:port/db": (Misconfigured, "cannot be read"),
        "postgresql://u:p@127.0.0.1/db?sslmode=perhaps": (Misconfigured, "cannot be used"),
    }
    for url, (kind, words) in cases.items():
        with pytest.raises(kind, match=words) as failed:
            await open_store(settings(url), clock=SystemClock())
        assert failed.value.hint
        assert "secret" not in str(failed.value) + failed.value.hint


async def test_only_one_holds_a_lock_and_the_next_knows_it_waited(store: PostgresStore) -> None:
    order: list[str] = []

    async def second() -> None:
        async with store.exclusive("line") as waited:
            order.append(f"second, waited {waited}")

    async with store.exclusive("line") as waited:
        async with store.exclusive("another"):
            waiting = asyncio.create_task(second())
            await until_waiting(store)
        order.append(f"first, waited {waited}")
    await waiting
    assert order == ["first, waited False", "second, waited True"]


async def until_waiting(store: PostgresStore) -> None:
    for _ in range(1000):
        if await query(store, "select 1 from pg_locks where locktype = 'advisory' and not granted"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_vitals_tell_the_state(store: PostgresStore) -> None:
    a, b = conversation(1), conversation(2)
    await keep(store, a, b)
    await read(store, insight(a))
    found = await store.vitals()
    assert (found.conversations, found.insights, found.pending, found.unread) == (2, 1, 1, 0)
    assert found.revision == migrating.HEAD
    assert found.size > 1_000_000
    assert int(found.server_version.split(".")[0]) >= 15


async def test_a_lost_connection_is_a_passing_fault_and_hides_the_data(store: PostgresStore) -> None:
    with pytest.raises(Transient) as lost:
        await lose_connection(store)
    assert lost.value.hint
    async with store.unit() as unit:
        assert await unit.conversations.count_pending() == 0


async def lose_connection(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.conversations.count_pending()
        await query(
            store,
            """select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()""",
        )
        await unit.conversations.count_pending()
