"""The engine: jobs are done once, in order of priority, and survive whatever stops."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jobs_samples import enqueue, keys, read
from tests.processes import Postgres

from earshot.domain.job import Job, JobName, Lane, Queue
from earshot.errors import Rejected
from earshot.ports.clock import SystemClock
from earshot.ports.jobs import Later, Serve
from earshot.store import PostgresStore, StoreSettings, open_store
from earshot.store.jobs import engine, executing, wire
from earshot.store.jobs.engine import PostgresEngine

WORKER = Path(__file__).with_name("serving_worker.py")
SECOND = timedelta(seconds=1)


class Worker:
    """Serves reading jobs in this process and notes what it does."""

    def __init__(self) -> None:
        self.begun, self.ended = list[str](), list[str]()
        self.go = asyncio.Event()
        self.stop = asyncio.Event()
        self.doing: Mapping[str, int] = {}

    async def serve(self, key: str) -> None:
        self.begun.append(key)
        if key.startswith("slow"):
            await self.go.wait()
        self.ended.append(key)

    def note(self, doing: Mapping[str, int]) -> None:
        self.doing = doing


@asynccontextmanager
async def serving(
    store: PostgresStore,
    worker: Worker,
    *,
    serve: Serve | None = None,
    concurrency: int = 4,
    grace: timedelta = 9 * SECOND,
    attempts: int = 3,
) -> AsyncGenerator[asyncio.Task[None]]:
    served = PostgresEngine(store.address, grace=grace, heartbeat=2 * SECOND, attempts=attempts)
    does = {JobName.READ: serve or worker.serve, JobName.HEAR: worker.serve}
    task = asyncio.create_task(
        served.serve(does, lane=Lane.BACKGROUND, concurrency=concurrency, stop=worker.stop, doing=worker.note)
    )
    try:
        yield task
    finally:
        worker.stop.set()
        worker.go.set()
        await asyncio.wait({task}, timeout=30)
        assert task.done()


async def until(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)


async def queue(store: PostgresStore) -> Queue:
    async with store.unit() as unit:
        return next(one for one in await unit.jobs.queues() if one.name == "read")


async def is_empty(store: PostgresStore) -> bool:
    return await keys(store) == []


async def test_jobs_of_a_lane_are_done_once_the_urgent_ones_first(store: PostgresStore) -> None:
    worker = Worker()
    other = Job(name=JobName.HEAR, key="of the other lane")
    await enqueue(store, read("a"), read("b", priority=9), read("c", priority=5), other)
    async with serving(store, worker, concurrency=1) as task:
        await until(lambda: len(worker.ended) == 3)
        await enqueue(store, *(read(f"n{n}") for n in range(100)))
        await until(lambda: len(worker.ended) == 103)
        worker.stop.set()
        await task
    assert worker.begun[:3] == ["b", "c", "a"]
    assert len(set(worker.begun)) == len(worker.begun) == 103
    assert await keys(store) == ["hear:of the other lane"]
    assert worker.doing == {}


async def test_what_does_not_end_in_time_goes_back_uncounted(store: PostgresStore) -> None:
    worker = Worker()
    await enqueue(store, read("slow"), read("slow too"))
    async with serving(store, worker, grace=0.2 * SECOND) as task:
        await until(lambda: len(worker.begun) == 2)
        assert worker.doing == {"read": 2}
        worker.stop.set()
        await task
        assert worker.ended == []
        state = await queue(store)
        assert (state.waiting, state.running, state.held) == (2, 0, 0)
        async with store.unit() as unit:
            assert await unit.sql.column("select attempts from earshot_jobs.pgqueuer") == [0, 0]


async def test_a_cancelled_worker_loses_nothing(store: PostgresStore) -> None:
    worker = Worker()
    await enqueue(store, *(read(f"slow {n}") for n in range(4)))
    async with serving(store, worker) as task:
        await until(lambda: len(worker.begun) == 4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await queue(store)).waiting == 4


async def test_what_runs_may_end_in_the_grace_time(store: PostgresStore) -> None:
    worker = Worker()
    await enqueue(store, read("slow"))
    async with serving(store, worker) as task:
        await until(lambda: worker.begun == ["slow"])
        worker.stop.set()
        await enqueue(store, read("too late"))
        worker.go.set()
        await task
    assert worker.ended == ["slow"]
    assert await keys(store) == ["read:too late"]


async def test_later_is_no_failure(store: PostgresStore) -> None:
    worker, turns = Worker(), list[str]()

    async def serve(key: str) -> None:
        turns.append(key)
        if len(turns) < 5:
            raise Later(0.01)

    await enqueue(store, read("a"))
    async with serving(store, worker, serve=serve, attempts=1):
        await until(lambda: is_empty(store))
    assert turns == ["a"] * 5


async def test_what_keeps_failing_is_held_and_gets_another_life(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executing, "FIRST_DELAY", timedelta(milliseconds=5))
    worker, tries, heals = Worker(), list[str](), asyncio.Event()

    async def serve(key: str) -> None:
        tries.append(key)
        if not heals.is_set():
            raise Rejected("the source refused") if key == "ours" else ValueError("Dear Sir, my secret is …")

    async def held(number: int) -> bool:
        return (await queue(store)).held == number

    await enqueue(store, read("ours"), read("other"))
    async with serving(store, worker, serve=serve):
        await until(lambda: held(2))
        assert sorted(tries) == ["other"] * 3 + ["ours"] * 3
        assert await enqueue(store, read("ours")) == 1
        async with store.unit() as unit:
            found = {job.key: job for job in await unit.jobs.held(limit=9)}
            log = " ".join(
                await unit.sql.column(
                    "select traceback::text from earshot_jobs.pgqueuer_log where traceback is not null"
                )
            )
        assert found["ours"].reason == "Rejected: the source refused"
        assert found["other"].reason.startswith("ValueError in serve, ")
        assert "Dear Sir" not in log
        assert found["ours"].attempts == 3
        heals.set()
        await until(lambda: held(2))
        async with store.unit() as unit:
            assert await unit.jobs.requeue([found["other"].number]) == 1
            assert await unit.jobs.discard([found["ours"].number, found["other"].number]) == 1
            await unit.commit()
        await until(lambda: is_empty(store))


async def test_a_killed_worker_s_jobs_are_done_by_another_one(store: PostgresStore, database_url: str) -> None:
    killed = subprocess.Popen([sys.executable, WORKER, database_url], stdout=subprocess.PIPE)  # noqa: ASYNC220
    assert killed.stdout is not None
    await enqueue(store, read("slow 1"), read("slow 2"))
    begun = [await asyncio.to_thread(killed.stdout.readline) for _ in range(2)]
    assert sorted(begun) == [b"begins slow 1\n", b"begins slow 2\n"]
    killed.kill()
    await asyncio.to_thread(killed.wait)
    killed.stdout.close()
    worker = Worker()
    worker.go.set()
    async with serving(store, worker):
        await until(lambda: is_empty(store))
    assert sorted(worker.ended) == ["slow 1", "slow 2"]


async def test_the_database_may_be_restarted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_LOOK", 0.5)
    monkeypatch.setattr(engine, "_LAST_WORDS", 0.5)
    async with Postgres.started(tmp_path / "postgres") as postgres:
        url = await postgres.create("earshot")
        settings = StoreSettings.model_validate({"database_url": url, "data_dir": "/nonexistent"})
        store, worker = await open_store(settings, clock=SystemClock()), Worker()
        await enqueue(store, read("slow"), read("before"))
        async with serving(store, worker):
            await until(lambda: sorted(worker.begun) == ["before", "slow"])
            await postgres.restart()
            await store.close()
            store = await open_store(settings, clock=SystemClock())
            await enqueue(store, read("after"))
            await until(lambda: "after" in worker.ended)
            worker.go.set()
            await until(lambda: is_empty(store))
            await postgres.stop()
            worker.stop.set()
        await store.close()
    assert worker.begun.count("slow") == 1


async def test_a_backup_may_be_put_in_place_under_a_worker(store: PostgresStore, tmp_path: Path) -> None:
    worker = Worker()
    await store.backup(tmp_path / "backup", now=datetime(2026, 3, 31, tzinfo=UTC))
    async with serving(store, worker):
        await enqueue(store, read("before"))
        await until(lambda: is_empty(store))
        await store.restore(tmp_path / "backup", replace=True)
        await store.close()
        again = await open_store(
            StoreSettings.model_validate({"database_url": store.address.url, "data_dir": "/x"}), clock=SystemClock()
        )
        await enqueue(again, read("after"))
        await until(lambda: worker.ended == ["before", "after"])
        await again.close()
