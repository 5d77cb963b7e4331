"""Workers as real processes: they read together, one is killed, one stops, children die with their parent."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.backlogs import Backlog, backlog
from tests.processes import PAUSE, Late, Postgres
from tests.soak.stage import children

SIZE, CALLS = 240, 12
SETTINGS = {
    "EARSHOT_LLM__CONCURRENCY": str(CALLS),
    "EARSHOT_LLM__REQUESTS_PER_MINUTE": "60000",
    "EARSHOT_WORKERS__LEASE_SECONDS": "3",
    "EARSHOT_WORKERS__BEAT_SECONDS": "1",
    "EARSHOT_WORKERS__SHARE": "20",
    "EARSHOT_WORKERS__GRACE_SECONDS": "10",
}


@pytest.fixture
async def work(tmp_path: Path) -> AsyncGenerator[Backlog]:
    """A backlog that waits."""
    async with (
        Postgres.started(tmp_path / "postgres") as postgres,
        backlog(tmp_path, postgres, size=SIZE, latency=0.4, **SETTINGS) as waiting,
    ):
        yield waiting


async def gone(pid: int, *, within: float = 30.0) -> None:
    """Wait until no process has this id. Raises Late."""
    for _ in range(int(within / PAUSE)):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(PAUSE)
    raise Late(f"{pid} is still there")


async def test_a_killed_reader_loses_nothing_and_nothing_answered_is_paid_again(work: Backlog) -> None:
    first, second = await work.worker(), await work.worker()
    await work.begin(2)
    await work.down_to(SIZE * 2 // 3, within=60)
    first.kill()
    await work.down_to(0, within=90)
    found = await work.outcomes()
    assert found.read == SIZE
    assert found.twice == found.known, "who is paid twice was under way, and the ledger says so"
    assert found.charged - SIZE <= 3 * CALLS
    assert await second.stop() == 0


async def test_a_run_asks_workers_for_help_and_waits_for_them(work: Backlog) -> None:
    worker = await work.worker()
    code, told = await work.processes.run("classify", "--yes", "--json")
    assert code == 0, told
    assert await work.left() == 0, "what the worker holds is waited for"
    found = await work.outcomes()
    assert (found.read, found.twice) == (SIZE, 0)
    async with work.earshot.parts.store.unit() as unit:
        signs = await unit.jobs.workers(seen_since=work.earshot.parts.clock.now().replace(year=2000))
        undecided = await unit.decisions.undecided(1, now=work.earshot.parts.clock.now())
    assert [sign.failed for sign in signs] == [0]
    assert not undecided, "also what the worker read is judged by the run"
    assert '"read": 240' not in told, "the worker has read a share"
    assert await worker.stop() == 0


async def test_a_stopped_worker_hands_its_work_on(work: Backlog) -> None:
    first = await work.worker()
    await work.begin(1)
    await work.down_to(SIZE * 2 // 3, within=60)
    assert await first.stop(within=30) == 0
    async with work.earshot.parts.store.unit() as unit:
        assert await unit.conversations.leased(now=work.earshot.parts.clock.now()) == 0
        waiting = {queue.name: queue.waiting for queue in await unit.jobs.queues()}
    assert waiting["read"] == 1, "the job waits for another worker"
    await work.worker()
    await work.down_to(0, within=60)
    found = await work.outcomes()
    assert (found.read, found.charged) == (SIZE, SIZE), "what was under way was finished, not asked again"


async def test_nobody_is_asked_without_consent(work: Backlog) -> None:
    await work.postgres.execute("delete from earshot.llm_consent", database=work.database)
    worker = await work.worker()
    await work.begin(1)
    await worker.says("Nobody agreed to spend money")
    assert (await work.outcomes()).charged == 0


async def test_children_end_when_their_worker_is_killed(work: Backlog) -> None:
    worker = await work.processes.start("worker", ready=r"(?i)worker.*ready")
    (child,) = children(worker.pid)
    worker.kill()
    await worker.ended()
    await gone(child)


async def test_a_dead_child_is_replaced(work: Backlog) -> None:
    worker = await work.processes.start("worker", ready=r"(?i)worker.*ready")
    (child,) = children(worker.pid)
    os.kill(child, 9)
    await gone(child)
    for _ in range(1500):
        if children(worker.pid):
            break
        await asyncio.sleep(PAUSE)
    assert children(worker.pid)
    assert await worker.stop() == 0
