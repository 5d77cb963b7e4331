"""Real processes for tests and benches: a PostgreSQL that can be killed, and earshot commands beside a test.

    async with Postgres.started(tmp_path) as postgres, Processes(tmp_path, {"DATABASE_URL": url}) as processes:
        server = await processes.start("serve", "--port", "0", ready=r"(http://\\S+)")
        url = server.told[1]
        worker = await processes.start("worker", ready="ready")
        worker.kill(); await worker.ended(); assert await server.stop() == 0

What the processes wrote is added to the error of a failing test.
"""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from earshot.ports.clock import SystemClock
from earshot.store import StoreSettings, driver, open_store
from earshot.store.embedded import places, postmaster
from earshot.store.embedded.server import discard

PAUSE = 0.02
"""Seconds between two looks at something that has not happened yet."""
COMPILED = Path(tempfile.gettempdir()) / f"earshot-compiled-{os.getuid()}"
_OURS = ("EARSHOT_", "INTERCOM_", "DATABASE_", "COV_", "ANTHROPIC_", "OPENAI_", "PYTHONDONTWRITEBYTECODE")
_TAIL = 4_000


class Late(AssertionError):
    """Something did not happen in time."""


class Running:
    """A command that runs: `told` is the match of what it said when it was ready."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name, self.process, self.log = name, process, log
        self.told: re.Match[str]

    @property
    def pid(self) -> int:
        """Its process id, and that of its process group."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    @property
    def text(self) -> str:
        """All that it wrote until now."""
        return self.log.read_text(errors="replace")

    async def says(self, pattern: str, *, within: float = 60.0) -> re.Match[str]:
        """Wait until what it wrote matches. Raises Late, also when it ends first."""
        for _ in range(int(within / PAUSE)):
            over = not self.alive
            found = re.search(pattern, self.text, re.MULTILINE)
            if found:
                return found
            if over:
                raise self.late(f"ended with {self.process.returncode} before it said {pattern!r}")
            await asyncio.sleep(PAUSE)
        raise self.late(f"has not said {pattern!r} within {within} s")

    def send(self, number: signal.Signals) -> None:
        """A signal to this process alone."""
        if self.alive:
            self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, of this process alone: its children have to see to their own end."""
        self.send(signal.SIGKILL)

    async def ended(self, *, within: float = 60.0) -> int:
        """Wait for its end; the exit code. Raises Late."""
        for _ in range(int(within / PAUSE)):
            code = self.process.poll()
            if code is not None:
                return code
            await asyncio.sleep(PAUSE)
        raise self.late(f"has not ended within {within} s")

    async def stop(self, *, within: float = 60.0) -> int:
        """SIGTERM, and wait for its end; the exit code. Raises Late."""
        self.send(signal.SIGTERM)
        return await self.ended(within=within)

    def late(self, what: str) -> Late:
        """The error that says so, with the end of what it wrote."""
        return Late(f"{self.name} {what}:\n{self.text[-_TAIL:]}")

    def sweep(self) -> None:
        """Kill it and whatever it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


class Processes:
    """Earshot commands with none of this machine's settings; all that still run are killed at the end."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, keep: int = 40) -> None:
        self.folder, self.environment = folder, dict(environment)
        self.all: list[Running] = []
        self.number, self._keep = 0, keep
        folder.mkdir(parents=True, exist_ok=True)

    async def start(
        self,
        *arguments: str,
        ready: str | None = None,
        within: float = 60.0,
        environment: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
    ) -> Running:
        """Start `earshot ARGUMENTS` and wait until what it writes matches `ready`; `before` comes first."""
        self.number += 1
        name = f"{self.number:03}-{arguments[0]}"
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(  # noqa: ASYNC220 (a moment)
                [*before, sys.executable, "-m", "earshot", *arguments],
                cwd=self.folder,
                env={**surroundings(self.folder), **self.environment, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        running = Running(name, process, log)
        self.all = [one for one in self.all if one.alive or len(self.all) < self._keep]
        self.all.append(running)
        if ready is not None:
            running.told = await running.says(ready, within=within)
        return running

    async def run(self, *arguments: str, within: float = 240.0) -> tuple[int, str]:
        """A command until its end: exit code and output."""
        running = await self.start(*arguments)
        try:
            return await running.ended(within=within), running.text
        finally:
            running.sweep()

    def close(self) -> None:
        """Kill all that still run."""
        for running in self.all:
            running.sweep()

    def told(self) -> str:
        """The end of what each process wrote."""
        return "\n".join(f"--- {one.name} ({one.process.poll()})\n{one.text[-_TAIL:]}" for one in self.all)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is not None:
            error.add_note(self.told())


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a process of ours without this machine's settings."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
    return {
        **clean,
        "EARSHOT_DATA_DIR": str(folder / "data"),
        "PYTHONPYCACHEPREFIX": str(COMPILED),
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Postgres:
    """A PostgreSQL server of its own that can be killed and started again. What was committed survives that.

    fsync is off: the machine does not fail, only processes do.
    """

    def __init__(self, folder: Path, *, listen: str = "", settings: Sequence[str] = ()) -> None:
        """`listen`: addresses for TCP ("*", "127.0.0.1"), otherwise a socket file only."""
        self.folder, self.listen = folder, listen
        self.port = free_port() if listen else postmaster.PORT
        self.where = places.prepare(folder)
        self.process: subprocess.Popen[bytes] | None = None
        postmaster.create_cluster(self.where)
        lines = ["fsync = off", "full_page_writes = off", *settings]
        if listen:
            lines.append(f"listen_addresses = '{listen}'")
            with (self.where.pgdata / "pg_hba.conf").open("a") as rules:
                rules.write("host all all 0.0.0.0/0 scram-sha-256\n")
        with (self.where.pgdata / "postgresql.conf").open("a") as file:
            file.write("\n".join(lines) + "\n")

    @classmethod
    @asynccontextmanager
    async def started(
        cls, folder: Path, *, listen: str = "", settings: Sequence[str] = ()
    ) -> AsyncGenerator["Postgres"]:
        """One that runs until the end of the block; its data goes with it."""
        server = await asyncio.to_thread(cls, folder, listen=listen, settings=settings)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()
            await discard(folder, clock=SystemClock())

    def url(self, database: str = "postgres", *, host: str = "127.0.0.1") -> str:
        """The address of one of its databases; over TCP where it listens there."""
        password = quote(self.where.password_file.read_text())
        if self.listen:
            return f"postgresql://{postmaster.USER}:{password}@{host}:{self.port}/{database}"
        query = urlencode({"host": str(self.where.sockets), "port": self.port})
        return f"postgresql://{postmaster.USER}:{password}@/{database}?{query}"

    async def create(self, name: str) -> str:
        """A database with our schema; its address."""
        await self.execute(f"create database {name} template template0")
        settings = StoreSettings.model_validate({"database_url": self.url(name), "data_dir": "/nonexistent"})
        store = await open_store(settings, clock=SystemClock())
        await store.close()
        return self.url(name)

    async def execute(self, *statements: str, database: str = "postgres") -> None:
        """Execute statements."""
        connection = await driver.dial(dsn=self.url(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def start(self, *, within: float = 60.0) -> None:
        """Start it and wait until it answers; again where what a killed one left is still in the way."""
        for _ in range(int(within / PAUSE)):
            if self.process is None or self.process.poll() is not None:
                self.process = await asyncio.to_thread(self._launch)
            try:
                await self.execute("select 1")
            except (OSError, driver.PostgresError, driver.InterfaceError):
                await asyncio.sleep(PAUSE)
            else:
                return
        raise Late(f"PostgreSQL does not answer: {self.where.log.read_text()}")

    async def kill(self) -> None:
        """kill -9 of the server; its backends end by themselves."""
        assert self.process is not None
        self.process.kill()
        await asyncio.to_thread(self.process.wait)

    async def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT cuts everybody off, SIGQUIT does not even write a checkpoint."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            await asyncio.to_thread(self.process.wait)

    async def restart(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it and start it again at once."""
        await (self.kill() if number is signal.SIGKILL else self.stop(number))
        await self.start()

    def _launch(self) -> subprocess.Popen[bytes]:
        where = self.where
        postmaster.clear_stale_pid(where)
        program = [where.programs / "bin" / "postgres", "-D", where.pgdata, "-k", where.sockets, "-p", self.port]
        with where.log.open("ab") as log:
            return subprocess.Popen(
                [str(part) for part in program],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
                user=where.uid,
                group=where.uid,
                extra_groups=None if where.uid is None else [],
            )
