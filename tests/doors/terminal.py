"""Runs the command line as a person would: in a process of its own."""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from earshot.ports.clock import SystemClock
from earshot.store.embedded.server import open_embedded

COMPILED = Path(tempfile.gettempdir()) / f"earshot-compiled-{os.getuid()}"
"""Where processes of the tests keep compiled modules, whatever this machine's settings say: they start faster."""
_SETTINGS = ("EARSHOT_", "INTERCOM_", "DATABASE_", "COV_", "PYTHONDONTWRITEBYTECODE")
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["__main__", "earshot.app", "earshot.cli.registry", "tests.doors.terminal"])


def earshot(
    *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None, timeout: float = 240, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """One command, with none of this machine's settings; its output as text. `typed` is what a person types."""
    return subprocess.run(
        [sys.executable, "-m", "earshot", *arguments],
        cwd=cwd,
        env=_surroundings(cwd, environment or {}),
        capture_output=True,
        text=True,
        input=typed,
        timeout=timeout,
        check=False,
    )


def earshot_again(
    *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None, timeout: float = 240
) -> subprocess.CompletedProcess[str]:
    """The same, forked from a process that has the libraries loaded: for the many commands of one test."""
    with tempfile.TemporaryDirectory() as folder:
        process = begun(*arguments, cwd=cwd, told=Path(folder), environment=environment)
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(list(arguments), timeout)
        out, err = ((Path(folder) / name).read_text() for name in ("out", "err"))
    return subprocess.CompletedProcess(list(arguments), process.exitcode, out, err)


def begun(*arguments: str, cwd: Path, told: Path, environment: Mapping[str, str] | None = None) -> BaseProcess:
    """A forked command that is not waited for; `out` and `err` in the folder `told` take its output."""
    surroundings = _surroundings(cwd, environment or {})
    process = _FORKS.Process(target=_command, args=(arguments, str(cwd), surroundings, str(told)))
    process.start()
    return process


@contextmanager
def kept_open(data_dir: Path) -> Generator[None]:
    """Hold the embedded database open, so that the commands in between need not start and stop it."""
    with asyncio.Runner() as runner:
        held = runner.run(open_embedded(data_dir, clock=SystemClock()))
        try:
            yield
        finally:
            runner.run(held.close())


def _surroundings(cwd: Path, environment: Mapping[str, str]) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(_SETTINGS)}
    kept = {"EARSHOT_DATA_DIR": str(cwd / "data"), "PYTHONPYCACHEPREFIX": str(COMPILED)}
    return {**clean, **kept, **environment}


def _command(arguments: tuple[str, ...], cwd: str, surroundings: dict[str, str], told: str) -> None:
    """What the forked process does: put on the surroundings, run, and end with the command's exit code."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(surroundings)
    for descriptor, name in ((1, "out"), (2, "err")):
        file = os.open(Path(told) / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
        os.close(file)
    from earshot.cli import main

    sys.exit(main(arguments))
