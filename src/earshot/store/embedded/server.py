"""One embedded server for all processes that use a data folder: started by the first, stopped by the last."""

import asyncio
import fcntl
import os
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from earshot.errors import Misconfigured, Transient
from earshot.ports.clock import Clock
from earshot.store import driver
from earshot.store.address import Address, connect, session_name
from earshot.store.embedded import places as folders
from earshot.store.embedded import postmaster
from earshot.store.embedded.places import Places

DATABASE = "earshot"
PATIENCE = 60.0
"""Seconds to wait for a start; recovery after a crash may be long."""
RETRIES = 10.0
"""Seconds to go on trying when the remains of a killed server still hold the data."""
_PAUSE = 0.01
_OTHERS = """
    select count(*) from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name <> $1
"""


@dataclass
class Embedded:
    """Our hold on the running server: a connection that others can see, so that nobody stops it under us."""

    places: Places
    clock: Clock
    address: Address
    keeper: driver.Driver
    process: subprocess.Popen[bytes] | None

    async def close(self) -> None:
        """Let go; stop the server when nobody else is connected."""
        async with _locked(self.places, self.clock):
            others = await _others(self.keeper, self.address.name)
            await self.keeper.close()
            if not others:
                await _stop(self.places, self.clock, process=self.process)
            elif self.process is not None:
                self.process.returncode = 0  # it outlives us and is not ours to wait for any more


async def open_embedded(data_dir: Path, *, clock: Clock) -> Embedded:
    """Connect to the data folder's server, creating and starting it where needed."""
    if os.name == "nt":
        raise Misconfigured(
            "the embedded PostgreSQL does not run on Windows yet",
            hint="use WSL, or set DATABASE_URL to an existing PostgreSQL",
        )
    places = await asyncio.to_thread(folders.prepare, data_dir)
    async with _locked(places, clock):
        if not places.pgdata.exists():
            await asyncio.to_thread(_create, places)
        address = _address(places)
        keeper, process = await _reach(places, address, clock=clock)
        await _ensure_database(keeper)
    return Embedded(places=places, clock=clock, address=address, keeper=keeper, process=process)


async def discard(data_dir: Path, *, clock: Clock) -> None:
    """Stop the data folder's server, whoever uses it, and remove its data. For tests and fresh starts."""
    places = await asyncio.to_thread(folders.prepare, data_dir)
    async with _locked(places, clock):
        await _stop(places, clock, process=None)
    for folder in (places.sockets, places.home, places.base):
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _create(places: Places) -> None:
    try:
        postmaster.create_cluster(places)
    except OSError as error:
        raise Misconfigured(
            f"cannot create the embedded database: {error.strerror or error}",
            hint="free some space, or choose another folder with --data-dir or EARSHOT_DATA_DIR",
        ) from error


def _address(places: Places) -> Address:
    try:
        password = places.password_file.read_text()
    except OSError as error:
        raise Misconfigured(
            f"the database's password file {places.password_file} cannot be read",
            hint="restore it, or run as the user who created the data folder",
        ) from error
    return Address(
        host=str(places.sockets),
        port=postmaster.PORT,
        user=postmaster.USER,
        password=password,
        database=DATABASE,
        name=session_name(),
    )


async def _reach(
    places: Places, address: Address, *, clock: Clock
) -> tuple[driver.Driver, subprocess.Popen[bytes] | None]:
    """Connect; start the server if nothing answers, again while a killed one's remains are in the way."""
    began = clock.monotonic()
    process: subprocess.Popen[bytes] | None = None
    while True:
        try:
            return await connect(address, database="postgres"), process
        except Transient:
            if process is None:
                process = await asyncio.to_thread(postmaster.start, places)
            elif process.poll() is not None:
                failure = postmaster.explain(_log(places), doing="start the embedded database")
                if not isinstance(failure, Transient) or clock.monotonic() - began > RETRIES:
                    raise failure from None
                await clock.sleep(0.2)
                process = None
            elif clock.monotonic() - began > PATIENCE:
                raise
        await clock.sleep(_PAUSE)


def _log(places: Places) -> str:
    try:
        return places.log.read_text(errors="replace")
    except OSError:
        return ""


async def _ensure_database(keeper: driver.Driver) -> None:
    if not await keeper.fetchval("select true from pg_database where datname = $1", DATABASE):
        await keeper.execute(f"create database {DATABASE}")
        await keeper.execute(f"alter database {DATABASE} set search_path = earshot, public")


async def _others(keeper: driver.Driver, name: str) -> int:
    try:
        return int(await keeper.fetchval(_OTHERS, name))
    except (driver.PostgresError, driver.InterfaceError, OSError):
        return 1


async def _stop(places: Places, clock: Clock, *, process: subprocess.Popen[bytes] | None) -> None:
    pid = await asyncio.to_thread(postmaster.stop, places)
    began = clock.monotonic()
    while pid is not None and postmaster.recorded_pid(places) == pid and clock.monotonic() - began < PATIENCE:
        await clock.sleep(_PAUSE)
    if process is not None and pid == process.pid:
        await asyncio.to_thread(process.wait)


@asynccontextmanager
async def _locked(places: Places, clock: Clock) -> AsyncGenerator[None]:
    """Hold the data folder's lock file; the system frees it when we die."""
    descriptor = os.open(places.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _try_lock(descriptor):
            await clock.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
