"""A worker in this process: the real engine and database, the simulator as the source."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from earshot.domain.job import Job, JobName, Lane, WorkerSign
from earshot.domain.notification import Concern, Effect, Notification
from earshot.pipeline.earshot import Earshot
from earshot.settings import Secrets, Settings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.telemetry.meter import PrometheusMeter
from earshot.worker import beside as besides
from earshot.worker import main
from earshot.worker.beside import beside
from earshot.worker.main import Post, Worker, for_workers, work
from earshot.worker.stopping import SAME, Stopping
from tests.processes import PAUSE, Late, free_port
from tests.still import StillClock

Open = Callable[..., Awaitable[Earshot]]
LOST = "Data loss: all our invoices disappeared after the update, this is critical, production is down for us."
ALONE = Settings.fixed({"schedule": {"enabled": False}})


class Told:
    """Hears when a worker is ready."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ready = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self.ready.set()


async def tell(earshot: Earshot, external_id: str) -> None:
    """A webhook was received."""
    now = datetime.now(UTC)
    note = Notification(
        id=f"n-{external_id}",
        topic="t",
        effect=Effect.CHANGED,
        concern=Concern.CONVERSATION,
        external_id=external_id,
        occurred_at=now,
        received_at=now,
    )
    async with earshot.parts.store.unit() as unit:
        await unit.inbox.take([note], debounce=timedelta(), now=now)
        await unit.commit()


async def enqueue(earshot: Earshot, *jobs: Job) -> None:
    async with earshot.parts.store.unit() as unit:
        await unit.jobs.enqueue(jobs)
        await unit.commit()


async def queued(earshot: Earshot) -> dict[str, int]:
    """Jobs that wait or run, by name."""
    async with earshot.parts.store.unit() as unit:
        return {one.name: one.waiting + one.running for one in await unit.jobs.queues()}


async def workers(earshot: Earshot) -> list[WorkerSign]:
    async with earshot.parts.store.unit() as unit:
        return await unit.jobs.workers(seen_since=datetime.now(UTC) - timedelta(hours=1))


async def heard(earshot: Earshot, conversation_id: str) -> None:
    """Wait until it is read and judged."""
    for _ in range(1_000):
        async with earshot.parts.store.unit() as unit:
            insight, _ = await unit.insights.present(conversation_id)
            if insight is not None and await unit.decisions.list(None, limit=1):
                return
        await asyncio.sleep(PAUSE)
    raise Late(f"{conversation_id} was not heard")


@asynccontextmanager
async def working(
    earshot: Earshot, post: Post, stopping: Stopping | None = None
) -> AsyncGenerator[tuple[Told, Stopping, asyncio.Task[None]]]:
    """A worker that is ready, and is gone at the end."""
    stopping = stopping or Stopping(earshot.parts.clock)
    told = Told()
    task = asyncio.create_task(Worker(earshot, ALONE, post=post, stopping=stopping, version="7").run(told))
    try:
        await asyncio.wait_for(told.ready.wait(), 30)
        yield told, stopping, task
        stopping.ask()
        await asyncio.wait_for(task, 30)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_webhook_is_heard_by_the_live_lane_and_the_worker_says_goodbye(
    sim: IntercomSim, open_line: Open
) -> None:
    earshot = await open_line(sim)
    talk = sim.begin(LOST)
    async with working(earshot, Post(Lane.LIVE)) as (told, _, _):
        (sign,) = await workers(earshot)
        assert told.lines == [f"earshot worker {sign.id} is ready (live)."]
        assert (sign.lane, sign.version) == (Lane.LIVE, "7")
        await tell(earshot, talk["id"])
        await heard(earshot, talk["id"])
    assert await workers(earshot) == []


async def test_each_lane_leaves_the_jobs_of_the_other(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    talk = sim.begin(LOST)
    await tell(earshot, talk["id"])
    await enqueue(earshot, Job(name=JobName.READ, key="any"))
    async with working(earshot, Post(Lane.BACKGROUND, upkeep=False)):
        for _ in range(1_000):
            if not (await queued(earshot))["read"]:
                break
            await asyncio.sleep(PAUSE)
    left = await queued(earshot)
    assert left["read"] == 0
    assert left["hear"] == 1


async def test_a_fault_of_engine_or_database_only_interrupts_serving(
    sim: IntercomSim, open_line: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(main, "FIRST_WAIT", 0.01)
    caplog.set_level(logging.WARNING, "earshot.worker.main")
    earshot = await open_line(sim)
    engine, left = earshot.parts.store.engine, iter(range(2))

    def failing(**options: timedelta) -> object:
        if next(left, None) is not None:
            raise ConnectionError("the database restarts")
        return engine(**options)

    monkeypatch.setattr(earshot.parts.store, "engine", failing)
    talk = sim.begin(LOST)
    await tell(earshot, talk["id"])
    async with working(earshot, Post(Lane.LIVE)):
        await heard(earshot, talk["id"])
    assert [record.args for record in caplog.records if "interrupted" in record.msg] == [
        ("ConnectionError", 0.02),
        ("ConnectionError", 0.04),
    ]


async def test_told_twice_a_worker_ends_at_once_and_hands_its_job_back(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    begun = asyncio.Event()

    async def never(_: str) -> None:
        begun.set()
        await asyncio.Event().wait()

    class Stuck(Worker):
        """A worker whose job never ends."""

        def _serving(self) -> dict[JobName, Callable[[str], Awaitable[None]]]:
            return {JobName.HEAR: never}

    clock = StillClock(datetime.now(UTC))
    stopping = Stopping(clock)
    task = asyncio.create_task(Stuck(earshot, ALONE, post=Post(Lane.LIVE), stopping=stopping, version="").run())
    await enqueue(earshot, Job(name=JobName.HEAR, key="intercom/conversation/1/1"))
    await asyncio.wait_for(begun.wait(), 30)
    stopping.ask()
    clock.pass_by(SAME + 1)
    stopping.ask()
    await asyncio.wait_for(task, 20)
    async with earshot.parts.store.unit() as unit:
        queued = {one.name: (one.waiting, one.running, one.held) for one in await unit.jobs.queues()}
    assert queued["hear"] == (1, 0, 0)
    assert await workers(earshot) == []


async def test_a_worker_has_its_child_for_the_background_lane(
    sim: IntercomSim, open_line: Open, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("EARSHOT_CONFIG", str(_empty(tmp_path)))
    earshot = await open_line(sim)
    async with working(earshot, Post(Lane.LIVE, child=True)) as (told, _, _):
        lanes = {one.lane: one.pid for one in await workers(earshot)}
        assert set(lanes) == {Lane.LIVE, Lane.BACKGROUND}
        assert lanes[Lane.LIVE] != lanes[Lane.BACKGROUND]
        assert told.lines[0].endswith("is ready (live, background).")
    assert await workers(earshot) == []


async def test_beside_a_server_a_worker_that_fails_begins_again(
    sim: IntercomSim, open_line: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(besides, "FIRST_WAIT", 0.01)
    caplog.set_level(logging.ERROR, "earshot.worker.beside")
    runs, going = list[int](), asyncio.Event()

    async def failing(self: Worker, ready: Callable[[str], None]) -> None:
        runs.append(id(self))
        if len(runs) < 3:
            raise ConnectionError("nobody there")
        ready("here")
        going.set()
        await self._stopping.soon.wait()  # pyright: ignore[reportPrivateUsage]

    monkeypatch.setattr(Worker, "run", failing)
    told = Told()
    async with beside(await open_line(sim), ALONE, Secrets(), version="1", ready=told):
        await asyncio.wait_for(going.wait(), 10)
    assert told.lines == ["here"]
    assert len(runs) == 3
    assert len(caplog.records) == 2


async def test_working_from_settings_shows_its_state_until_it_ends(database_url: str) -> None:
    port = free_port()
    settings = Settings.fixed({"schedule": {"enabled": False}, "telemetry": {"metrics_port": port}})
    secrets = Secrets.model_validate({"database_url": database_url, "intercom_token": "t"})
    stopping, told = Stopping(StillClock(datetime.now(UTC))), Told()
    post, meter = Post(Lane.LIVE), PrometheusMeter(strict=True)
    task = asyncio.create_task(
        work(settings, secrets, post=post, stopping=stopping, version="1", meter=meter, ready=told)
    )
    ready = asyncio.create_task(told.ready.wait())
    await asyncio.wait({task, ready}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    assert told.lines, task
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/readyz")).status_code == 200
        assert 'earshot_workers{lane="live"} 1.0' in (await client.get("/metrics")).text
        stopping.ask()
        await asyncio.wait_for(task, 20)
        with pytest.raises(httpx2.ConnectError):
            await client.get("/readyz")


def test_a_process_that_runs_for_ever_has_no_budget_of_one_run() -> None:
    llm = {"run_budget_usd": 1.0, "day_budget_usd": 2.0}
    found = for_workers(Settings.fixed({"llm": llm}))
    assert found.llm.run_budget_usd is None
    assert found.llm.day_budget_usd == 2.0


def _empty(folder: Path) -> Path:
    file = folder / "earshot.toml"
    file.write_text("[schedule]\nenabled = false\n")
    return file
