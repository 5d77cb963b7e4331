"""`earshot worker` as a person meets it: queues, and jobs that gave up."""

import asyncio
import json
from pathlib import Path

from earshot.domain.job import Job, JobName
from earshot.ports.clock import SystemClock
from earshot.store import StoreSettings, open_store
from tests.doors.terminal import earshot_again, kept_open


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    told = earshot_again("worker", *arguments, cwd=folder)
    assert told.returncode == code, told.stderr + told.stdout
    return told.stdout + told.stderr


async def fill(folder: Path) -> None:
    """A job that waits and one that gave up."""
    settings = StoreSettings.model_validate({"database_url": None, "data_dir": str(folder / "data")})
    store = await open_store(settings, clock=SystemClock())
    try:
        async with store.unit() as unit:
            await unit.jobs.enqueue([Job(name=JobName.HEAR, key="a"), Job(name=JobName.TASK, key="daily@x")])
            await unit.sql.run("update earshot_jobs.pgqueuer set status = 'failed' where entrypoint = 'task'")
            await unit.commit()
    finally:
        await store.close()


def test_queues_and_dead_letters(tmp_path: Path) -> None:
    with kept_open(tmp_path / "data"):
        assert "No worker is at work" in run(tmp_path, "--status")
        assert "No job gave up." in run(tmp_path, "held")
        asyncio.run(fill(tmp_path))
        status = json.loads(run(tmp_path, "--status", "--json"))
        queues = {queue["name"]: queue for queue in status["queues"]}
        assert queues["hear"]["waiting"] == queues["hear"]["due"] == queues["task"]["held"] == 1
        assert status["workers"] == []
        (held,) = json.loads(run(tmp_path, "held", "--json"))
        assert (held["name"], held["key"]) == ("task", "daily@x")
        assert "earshot worker held" in run(tmp_path, "--status")
        assert "or say --all" in run(tmp_path, "requeue", code=2)
        assert "1 job waits again." in run(tmp_path, "requeue", str(held["number"]))
        assert "No job gave up." in run(tmp_path, "held")
        assert "0 jobs are dropped." in run(tmp_path, "discard", "--all")
