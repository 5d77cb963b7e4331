"""The embedded server: started by the first process, shared, stopped by the last; private; hard to break."""

import asyncio
import os
import shutil
import signal
import stat
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from store_samples import conversation, keep

from earshot.errors import Misconfigured
from earshot.ports.clock import SystemClock
from earshot.store import PostgresStore, StoreSettings, driver, open_store
from earshot.store.embedded import binaries, places, postmaster
from earshot.store.embedded.server import discard

CLOCK = SystemClock()
HOLD = """
import asyncio, sys
from pathlib import Path
from earshot.ports.clock import SystemClock
from earshot.store import StoreSettings, open_store
async def main():
    store = await open_store(StoreSettings(data_dir=Path(sys.argv[1])), clock=SystemClock())
    async with store.exclusive("line"):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
    await store.close()
asyncio.run(main())
"""

AS_NOBODY = """
import asyncio, os, sys
from pathlib import Path
from earshot.ports.clock import SystemClock
from earshot.store import StoreSettings, open_store
async def main(folder):
    store = await open_store(StoreSettings(data_dir=Path(folder)), clock=SystemClock())
    async with store.unit() as unit:
        print(await unit.conversations.count_pending(), flush=True)
    await store.close()
asyncio.run(main(sys.argv[1]))
os.setgroups([]); os.setgid(65534); os.setuid(65534)
asyncio.run(main(sys.argv[2]))
"""


@pytest.fixture
async def data_dir(tmp_path: Path) -> AsyncGenerator[Path]:
    folder = tmp_path / "with space ä" / "data"
    yield folder
    await discard(folder, clock=CLOCK)


def opened(data_dir: Path) -> "asyncio.Future[PostgresStore]":
    return asyncio.ensure_future(open_store(StoreSettings(data_dir=data_dir), clock=CLOCK))


async def another(data_dir: Path) -> asyncio.subprocess.Process:
    """Another process that holds the store open until a line or end of input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(data_dir), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def ended(process: asyncio.subprocess.Process) -> int:
    await process.communicate(b"\n")
    return process.returncode or 0


def server_pid(data_dir: Path) -> int | None:
    return postmaster.recorded_pid(places.prepare(data_dir))


async def test_data_outlives_the_server(data_dir: Path) -> None:
    store = await opened(data_dir)
    await keep(store, conversation(1))
    assert (await store.vitals()).embedded
    await store.close()
    assert server_pid(data_dir) is None
    store = await opened(data_dir)
    async with store.unit() as unit:
        assert await unit.conversations.count_pending() == 1
    await store.close()


async def test_processes_share_one_server_and_the_last_stops_it(data_dir: Path) -> None:
    first, second = await asyncio.gather(another(data_dir), opened(data_dir))
    pid = server_pid(data_dir)
    await second.close()
    assert server_pid(data_dir) == pid, "somebody else is still connected"
    store = await opened(data_dir)
    assert await ended(first) == 0
    assert server_pid(data_dir) == pid
    async with store.unit() as unit:
        assert await unit.conversations.count_pending() == 0
    await store.close()
    assert server_pid(data_dir) is None


async def test_many_openings_at_once_make_one_database(data_dir: Path) -> None:
    stores = await asyncio.gather(*(opened(data_dir) for _ in range(4)))
    await asyncio.gather(*(store.close() for store in stores))
    assert server_pid(data_dir) is None


async def test_a_killed_process_leaves_a_server_that_the_next_one_uses_and_stops(data_dir: Path) -> None:
    process = await another(data_dir)
    pid = server_pid(data_dir)
    process.kill()
    await process.wait()
    store = await opened(data_dir)
    assert server_pid(data_dir) == pid
    async with store.exclusive("line"):
        pass
    await store.close()
    assert server_pid(data_dir) is None


async def test_a_killed_server_is_started_again(data_dir: Path) -> None:
    process = await another(data_dir)
    pid = server_pid(data_dir)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    process.kill()
    await process.wait()
    store = await opened(data_dir)
    assert server_pid(data_dir) not in {None, pid}
    await keep(store, conversation(1))
    await store.close()


@pytest.mark.parametrize("pid", ["1", "99999999", "-5", "nonsense", pytest.param(str(os.getpid()), id="ours")])
async def test_a_stale_pid_file_is_no_obstacle(data_dir: Path, pid: str) -> None:
    await (await opened(data_dir)).close()
    stale = places.prepare(data_dir).pgdata / "postmaster.pid"
    stale.write_text(f"{pid}\n{stale.parent}\n0\n5432\n\n\n0\n")
    store = await opened(data_dir)
    await store.close()


async def test_a_long_path_gets_a_private_socket_folder(data_dir: Path) -> None:
    long = data_dir / ("x" * 60) / ("y" * 60)
    store = await opened(long)
    where = places.prepare(long)
    if where.home.is_relative_to(long):
        assert not where.sockets.is_relative_to(long)
    assert stat.S_IMODE(where.sockets.stat().st_mode) == 0o700
    await store.close()
    await discard(long, clock=CLOCK)


async def test_nobody_else_gets_in(data_dir: Path) -> None:
    store = await opened(data_dir)
    where = places.prepare(data_dir)
    assert stat.S_IMODE(where.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(where.password_file.stat().st_mode) == 0o600
    with pytest.raises(driver.BadPassword):
        await driver.dial(host=str(where.sockets), port=5432, user="earshot", password="guess", database="postgres")
    socket = where.sockets / ".s.PGSQL.5432"
    assert stat.S_IMODE(socket.stat().st_mode) & 0o077 == 0
    connection = await driver.dial(
        host=str(where.sockets),
        port=5432,
        user="earshot",
        password=where.password_file.read_text(),
        database="earshot",
    )
    assert await connection.fetchval("show listen_addresses") == ""
    assert await connection.fetchval("show search_path") == "earshot, public"
    await connection.close()
    await store.close()


async def test_a_lost_password_file_is_named(data_dir: Path) -> None:
    await (await opened(data_dir)).close()
    places.prepare(data_dir).password_file.unlink()
    with pytest.raises(Misconfigured, match="password"):
        await opened(data_dir)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="cannot use the data folder") as failed:
        await opened(tmp_path / "file" / "data")
    assert "EARSHOT_DATA_DIR" in failed.value.hint


async def test_a_missing_wheel_is_named(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    with pytest.raises(Misconfigured, match="not installed") as failed:
        await opened(data_dir)
    assert "DATABASE_URL" in failed.value.hint


async def test_a_broken_cluster_is_explained(data_dir: Path) -> None:
    await (await opened(data_dir)).close()
    where = places.prepare(data_dir)
    (where.pgdata / "postgresql.conf").write_text("nonsense = on\n")
    with pytest.raises(Misconfigured, match="start the embedded database"):
        await opened(data_dir)


async def test_a_half_made_cluster_is_not_used(data_dir: Path) -> None:
    where = places.prepare(data_dir)
    leftover = where.workshop
    leftover.mkdir(mode=0o700)
    (leftover / "junk").write_text("")
    store = await opened(data_dir)
    await store.close()
    assert not leftover.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs the system folder")
async def test_root_leaves_permissions_elsewhere_alone(tmp_path: Path) -> None:
    """A folder that the server's user cannot reach: the data go to the system folder, the way there stays shut."""
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    data_dir = shut / "data"
    store = await opened(data_dir)
    where = places.prepare(data_dir)
    assert where.home.parent in places.SYSTEM_FOLDERS
    assert stat.S_IMODE(shut.stat().st_mode) == 0o700
    assert where.pgdata.stat().st_uid == places.SERVER_UID
    await store.close()
    moved = where.home.rename(where.home.with_name("data-moved-away"))
    with pytest.raises(Misconfigured, match="is gone"):
        await opened(data_dir)
    moved.rename(where.home)
    await discard(data_dir, clock=CLOCK)
    assert not where.home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a reachable folder of its own")
async def test_root_keeps_the_data_in_the_data_folder_where_the_server_can_reach_it() -> None:
    data_dir = Path("/var/tmp") / f"earshot-test-{os.getpid()}"
    store = await opened(data_dir)
    assert places.prepare(data_dir).pgdata.is_relative_to(data_dir)
    await store.close()
    await discard(data_dir, clock=CLOCK)
    data_dir.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_an_ordinary_user_works_too(data_dir: Path) -> None:
    """One process opens a store as root, so that all code is loaded, then becomes nobody and opens its own."""
    folder = Path("/var/tmp") / f"earshot-user-{os.getpid()}"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", AS_NOBODY, str(data_dir), str(folder / "data"), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert (out, process.returncode) == (b"0\n0\n", 0)
    assert (folder / "data" / "postgres18" / "pgdata").stat().st_uid == 65534
    shutil.rmtree(folder)
