"""Chores of schedules, wired as in production: what they do and keep, and that they never spend by themselves."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from earshot.app import build
from earshot.domain.job import Lane, WorkerSign
from earshot.domain.schedule import Chore, Schedule, ScheduleState
from earshot.errors import Misconfigured
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.locks import LINE
from earshot.pipeline.scheduling.chores import do
from earshot.pipeline.scheduling.order import Conditions, Done
from earshot.ports.tool import Tool
from earshot.settings import Secrets, Settings
from earshot.sim.intercom.server import running
from earshot.sim.intercom.simulator import IntercomSim
from tests.flow.conftest import NOW, Open

TICK = NOW.replace(second=0)
OpenWithModel = Callable[[IntercomSim], Awaitable[Earshot]]


@pytest.fixture
async def open_with_model(database_url: str) -> AsyncGenerator[OpenWithModel]:
    """Opens Earshot with a language model switched on, that nobody agreed to pay and that does not answer."""
    async with AsyncExitStack() as stack:

        async def opened(simulated: IntercomSim) -> Earshot:
            base_url = await stack.enter_async_context(running(simulated))
            values = {
                "intercom": {"base_url": base_url, "rate_share": 1.0, "first_wait_seconds": 0.0},
                "llm": {"provider": "openai"},
            }
            keys = {"openai": "k", "openai_base_url": "http://127.0.0.1:9/v1"}
            secrets = {"database_url": database_url, "intercom_token": "t", "llm": keys}
            earshot = await build(Settings.fixed(values), secrets=Secrets.model_validate(secrets))
            return await stack.enter_async_context(earshot)

        yield opened


def schedule(chore: Chore, **arguments: str) -> Schedule:
    return Schedule(name="mine", chore=chore, cron="0 6 * * *", timezone="UTC", arguments=arguments)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def state_of(earshot: Earshot) -> ScheduleState:
    async with earshot.parts.store.unit() as unit:
        (state,) = await unit.schedules.states()
    return state


async def did(earshot: Earshot, chore: Chore, folder: Path, **arguments: str) -> Done:
    conditions = Conditions(folder=folder)
    return await do(earshot, schedule(chore, **arguments), tick=TICK, conditions=conditions)


async def test_a_run_does_all_and_keeps_how_it_went(sim: IntercomSim, open_line: Open, tmp_path: Path) -> None:
    earshot = await open_line(sim)
    done = await did(earshot, Chore.RUN, tmp_path, since="100d")
    assert done.ok, done.words
    assert f"Seen {len(sim.truths):,}" in done.words
    state = await state_of(earshot)
    assert (state.ok, state.outcome, state.last_tick) == (True, done.words, TICK)
    assert state.started_at is not None
    assert state.ended_at is not None
    assert state.started_at <= state.ended_at
    assert files(tmp_path) == [f"mine-{TICK:%Y-%m-%d-%H%M}.html"]
    again = await did(earshot, Chore.RUN, tmp_path, since="100d")
    assert "Read 0," in again.words


async def test_a_sync_brings_in_reads_and_judges(sim: IntercomSim, open_line: Open, tmp_path: Path) -> None:
    earshot = await open_line(sim)
    await earshot.run(since=NOW - timedelta(days=100))
    counted = [truth.conversation_id for truth in sim.truths if truth.excluded is None]
    sim.reply(counted[0], "customer", text="It is still broken, and now the printer is on fire as well.")
    done = await did(earshot, Chore.SYNC, tmp_path)
    assert done.ok, done.words
    assert "Read 1," in done.words
    assert files(tmp_path) == []


@pytest.mark.parametrize("chore", [Chore.RUN, Chore.SYNC])
async def test_nothing_is_spent_before_somebody_agreed(
    sim: IntercomSim, open_with_model: OpenWithModel, tmp_path: Path, chore: Chore
) -> None:
    earshot = await open_with_model(sim)
    done = await did(earshot, chore, tmp_path, since="100d")
    assert not done.ok
    assert not done.again
    assert f"Seen {len(sim.truths):,}" in done.words
    assert "Nobody agreed yet to spend money with openai" in done.words
    assert re.search(r"Reading: \d+ conversations by openai:\S+ \(online\) will cost about \$\d", done.words), (
        done.words
    )
    async with earshot.parts.store.unit() as unit:
        assert await unit.conversations.count_pending() > 0
        assert not await unit.calls.consented("openai")
    assert (await state_of(earshot)).ok is False


async def test_the_local_model_needs_nobodys_consent(
    sim: IntercomSim, open_with_model: OpenWithModel, tmp_path: Path
) -> None:
    earshot = await open_with_model(sim)
    done = await did(earshot, Chore.SYNC, tmp_path, since="100d", classifier="local")
    assert done.ok, done.words


async def test_a_report_of_the_same_time_is_the_same_file(
    sim: IntercomSim, open_line: Open, tmp_path: Path
) -> None:
    earshot = await open_line(sim)
    await earshot.run(since=NOW - timedelta(days=100))
    tick = datetime.combine(NOW.date(), datetime.min.time(), tzinfo=UTC)
    weekly = Schedule(name="weekly", chore=Chore.REPORT, cron=f"0 0 * * {tick.isoweekday()}", timezone="UTC")
    folder = tmp_path / "made" / "when needed"
    done = await do(earshot, weekly, tick=tick, conditions=Conditions(folder=folder))
    assert done.ok, done.words
    assert f"{tick - timedelta(days=7):%Y-%m-%d} 00:00 to {tick:%Y-%m-%d} 00:00 (UTC)" in done.words
    names = files(folder)
    assert names == [f"weekly-{tick:%Y-%m-%d}-0000.html", f"weekly-{tick:%Y-%m-%d}-0000.md"]
    await do(earshot, weekly, tick=tick, conditions=Conditions(folder=folder))
    assert files(folder) == names


async def test_where_a_report_cannot_be_written_the_outcome_says_so(
    sim: IntercomSim, open_line: Open, tmp_path: Path
) -> None:
    earshot = await open_line(sim)
    (tmp_path / "file").write_text("")
    done = await did(earshot, Chore.REPORT, tmp_path / "file")
    assert not done.ok
    assert "Cannot write" in done.words
    assert "[schedule] folder" in done.words


async def test_a_sweep_finds_nothing_to_do(sim: IntercomSim, open_line: Open, tmp_path: Path) -> None:
    earshot = await open_line(sim)
    done = await did(earshot, Chore.SWEEP, tmp_path)
    assert (done.ok, done.words) == (True, "Nothing to do.")


async def test_one_bad_part_of_a_sweep_keeps_no_other_from_its_work(
    sim: IntercomSim, open_line: Open, tmp_path: Path
) -> None:
    earshot = await open_line(sim)
    old = WorkerSign(
        id="gone", host="h", pid=1, lane=Lane.LIVE, version="1", started_at=NOW, seen_at=NOW - timedelta(days=99)
    )
    async with earshot.parts.store.unit() as unit:
        await unit.jobs.sign(old)
        await unit.commit()
    calls = 0

    def failing() -> dict[str, Tool]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise Misconfigured("The tools cannot be had.")
        return {}

    earshot.parts.make_tools = failing
    done = await did(earshot, Chore.SWEEP, tmp_path)
    assert (done.ok, done.words) == (False, "The tools cannot be had.")
    async with earshot.parts.store.unit() as unit:
        assert await unit.jobs.workers(seen_since=NOW - timedelta(days=365)) == []


async def test_retention_is_kept_to(sim: IntercomSim, open_line: Open, tmp_path: Path) -> None:
    earshot = await open_line(sim)
    await earshot.run(since=NOW - timedelta(days=100))
    conditions = Conditions(folder=tmp_path, retention_days=10)
    await do(earshot, schedule(Chore.SYNC), tick=TICK, conditions=conditions)
    async with earshot.parts.store.unit() as unit:
        held = [one async for batch in unit.conversations.export() for one in batch]
    assert held
    assert all(one.updated_at >= NOW - timedelta(days=10, minutes=5) for one in held)


async def test_a_chore_that_breaks_says_so_without_the_errors_words(
    sim: IntercomSim, open_line: Open, tmp_path: Path
) -> None:
    earshot = await open_line(sim)

    def broken(_: str) -> Any:
        raise RuntimeError("a customer's words")

    earshot.parts.make_reader = broken
    with pytest.raises(RuntimeError):
        await did(earshot, Chore.RUN, tmp_path)
    state = await state_of(earshot)
    assert state.ok is False
    assert state.outcome == "It ended with an error of the program (RuntimeError)."
    async with earshot.parts.store.exclusive(LINE) as waited:
        assert not waited
