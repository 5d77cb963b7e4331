"""Child processes of a worker: commands of ours on a leash, kept alive as long as they are wanted."""

import asyncio
import logging
import os
import signal
import sys

import pytest

from earshot.worker import children
from earshot.worker.children import Child, Kept, spawn
from tests.processes import PAUSE, Late
from tests.unit.connectors.scripted import Waits

SERVES = ["sim", "intercom", "--port", "0"]
STUBBORN = "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); print(flush=True); signal.pause()"


async def _until(kept: Kept, old: int | None) -> int:
    """The process id of the next child."""
    for _ in range(1_000):
        if kept.pid not in {None, old}:
            assert kept.pid is not None
            return kept.pid
        await asyncio.sleep(PAUSE)
    raise Late("no other child came")


async def test_a_child_gives_the_exit_code_of_its_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert await (await spawn(["--version"], grace=5)).ended() == 0
    assert "earshot" in capfd.readouterr().out
    assert await (await spawn(["nonsense"], grace=5)).ended() == 2


@pytest.mark.parametrize("ignored", [False, True], ids=["", "as a shell's background job"])
async def test_a_child_ends_when_its_leash_is_let_go(ignored: bool) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if ignored else signal.getsignal(signal.SIGINT)
    try:
        child = await spawn(SERVES, grace=10)
    finally:
        signal.signal(signal.SIGINT, before)
    running = asyncio.create_task(child.ended())
    await asyncio.sleep(0)
    assert not running.done()
    assert await child.end() != -signal.SIGKILL
    await running


async def test_a_child_that_will_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_SLACK", 0.1)
    for at_once, grace in ((False, 0.0), (True, 600.0)):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", STUBBORN, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        await process.stdout.readline()
        assert await Child(process, grace=grace).end(at_once=at_once) == -signal.SIGKILL


async def test_a_child_that_dies_is_started_again_after_growing_waits(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(children, "FIRST_WAIT", 0.01)
    caplog.set_level(logging.WARNING)
    stop, pids = asyncio.Event(), list[int]()
    kept = Kept(["nonsense"], grace=5, clock=Waits())
    running = asyncio.create_task(kept.run(stop))
    for _ in range(3):
        pids.append(await _until(kept, pids[-1] if pids else None))
    stop.set()
    await running
    assert len(set(pids)) == 3
    assert kept.pid is None
    assert [record.args for record in caplog.records][:2] == [(2, 0.01), (2, 0.02)]


async def test_a_kept_child_ends_with_its_keeper() -> None:
    stop = asyncio.Event()
    kept = Kept(SERVES, grace=10, clock=Waits())
    running = asyncio.create_task(kept.run(stop, at_once=lambda: True))
    pid = await _until(kept, None)
    stop.set()
    await running
    assert kept.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
