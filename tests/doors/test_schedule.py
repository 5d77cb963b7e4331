"""`earshot schedule` as a person and as a worker's child meet it."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from earshot.domain.job import Lane, WorkerSign
from earshot.ports.clock import SystemClock
from earshot.store import StoreSettings, open_store
from tests.doors.terminal import earshot_again, kept_open

MONTHLY = """
[report]
timezone = "Europe/Berlin"

[[schedule.entries]]
name = "monthly"
chore = "report"
cron = "0 7 1 * *"
arguments = { formats = "json" }

[[schedule.entries]]
name = "night"
chore = "run"
cron = "30 2 * * *"
enabled = false
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A working folder with settings and one conversation."""
    (tmp_path / "earshot.toml").write_text(MONTHLY)
    talk = {"id": "a", "messages": [{"author": "customer", "text": "The export fails with error 500."}]}
    (tmp_path / "talk.jsonl").write_text(json.dumps(talk) + "\n")
    return tmp_path


def test_what_runs_by_itself_is_shown_and_that_nobody_is_there_to_do_it(place: Path) -> None:
    with kept_open(place / "data"):
        told = earshot_again("schedule", cwd=place)
        assert told.returncode == 0, told.stderr
        for name, words in (
            ("daily", "At 06:00 every day (Europe/Berlin)"),
            ("weekly", "At 06:00 on Monday"),
            ("monthly", "At 07:00 on the first day of every month"),
        ):
            assert re.search(rf"^{name} .*{re.escape(words)}", told.stdout, re.MULTILINE), told.stdout
        assert re.search(r"^night .* off ", told.stdout, re.MULTILINE)
        assert "No worker is running" in told.stderr
        assert "earshot worker" in told.stderr
        rows = json.loads(earshot_again("schedule", "--json", cwd=place).stdout)
        assert [row["name"] for row in rows] == ["daily", "weekly", "audit", "sync", "sweep", "monthly", "night"]
        assert datetime.fromisoformat(rows[0]["next_at"]) > datetime.now(UTC)
        assert rows[-1]["next_at"] is None


def test_with_a_worker_there_nothing_is_said(place: Path) -> None:
    async def sign() -> None:
        store = await open_store(StoreSettings(data_dir=place / "data"), clock=SystemClock())
        now = datetime.now(UTC)
        async with store.unit() as unit:
            own = {"id": "w", "host": "h", "pid": 1, "version": "1", "started_at": now, "seen_at": now}
            await unit.jobs.sign(WorkerSign.model_validate({**own, "lane": Lane.BACKGROUND}))
            await unit.commit()
        await store.close()

    with kept_open(place / "data"):
        asyncio.run(sign())
        told = earshot_again("schedule", cwd=place)
    assert (told.returncode, told.stderr) == (0, "")


def test_a_chore_is_done_now_and_how_it_went_is_shown(place: Path) -> None:
    with kept_open(place / "data"):
        earshot_again("import", "talk.jsonl", cwd=place)
        told = earshot_again("schedule", "run", "monthly", cwd=place)
        assert told.returncode == 0, told.stderr
        assert "Report of" in told.stdout
        (file,) = (place / "reports").iterdir()
        assert re.fullmatch(r"monthly-\d{4}-\d{2}-01-0700\.json", file.name)
        assert json.loads(file.read_text())
        again = earshot_again("schedule", "run", "monthly", "--json", cwd=place)
        assert json.loads(again.stdout)["ok"] is True
        quiet = earshot_again("schedule", "run", "monthly", "--quiet", cwd=place)
        assert (quiet.returncode, quiet.stdout) == (0, "")
        (line,) = [json.loads(one) for one in quiet.stderr.splitlines()]
        assert line["level"] == "INFO"
        assert line["message"].startswith("Schedule monthly: Report of")
        assert [path.name for path in (place / "reports").iterdir()] == [file.name]
        listed = earshot_again("schedule", "list", cwd=place)
        assert re.search(r"^monthly .*Report of", listed.stdout, re.MULTILINE)


def test_a_chore_that_fails_says_why_and_ends_with_one(place: Path) -> None:
    with kept_open(place / "data"):
        tick = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        told = earshot_again("schedule", "run", "sync", "--tick", tick, cwd=place)
        assert told.returncode == 1
        assert "There is no Intercom access token" in told.stderr
        listed = earshot_again("schedule", cwd=place)
        assert re.search(r"^sync .*FAILED: There is no Intercom access token", listed.stdout, re.MULTILINE)


def test_a_fault_that_passes_ends_with_seventy_five(place: Path) -> None:
    lost = {"INTERCOM_ACCESS_TOKEN": "t", "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    told = earshot_again("schedule", "run", "sync", cwd=place, environment=lost)
    assert told.returncode == 75, told.stderr


def test_the_next_times_are_shown_in_the_schedules_own_zone(place: Path) -> None:
    told = earshot_again("schedule", "next", "night", "-n", "3", cwd=place)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert len(lines) == 3
    assert all(re.fullmatch(r"\w{3} \d{4}-\d{2}-\d{2} 0[23]:[03]0\+0[12]00 Europe/Berlin", line) for line in lines)
    assert "switched off" in told.stderr


def test_wrong_names_and_times_are_refused_with_what_to_do(place: Path) -> None:
    told = earshot_again("schedule", "next", "dayly", cwd=place)
    assert told.returncode == 1
    assert "There are: daily, weekly, audit, sync, sweep, monthly, night" in told.stderr
    future = earshot_again("schedule", "run", "monthly", "--tick", "2999-01-01T00:00:00Z", cwd=place)
    assert future.returncode == 1
    assert "has not come yet" in future.stderr
    nonsense = earshot_again("schedule", "run", "monthly", "--tick", "soon", cwd=place)
    assert "is no time" in nonsense.stderr
