"""Ticks over a real database: one job for one time, on however many machines."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earshot.domain.schedule import Schedule, ScheduleState
from earshot.pipeline.parts import Parts
from earshot.pipeline.scheduling.ticking import tick
from earshot.store import PostgresStore, open_store
from tests.conftest import settings_for
from tests.still import StillClock

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAILY = Schedule.model_validate({"name": "daily", "chore": "run", "cron": "0 6 * * *", "timezone": "UTC"})
SWEEP = Schedule.model_validate({"name": "sweep", "chore": "sweep", "cron": "* * * * *", "timezone": "UTC"})


def parts_of(store: PostgresStore) -> Parts:
    def none(*_: Any) -> Any:
        raise AssertionError("a tick needs no such part")

    return Parts(
        store=store,
        make_source=none,
        make_reader=none,
        make_rules=none,
        read_file=none,
        clock=StillClock(SIX),
    )


@pytest.fixture
async def second(database_url: str) -> AsyncGenerator[PostgresStore]:
    """Another machine's store on the same database."""
    opened = await open_store(settings_for(database_url), clock=StillClock(SIX))
    yield opened
    await opened.close()


async def states(store: PostgresStore) -> dict[str, ScheduleState]:
    async with store.unit() as unit:
        return {state.name: state for state in await unit.schedules.states()}


async def waiting(store: PostgresStore) -> int:
    async with store.unit() as unit:
        return sum(queue.waiting for queue in await unit.jobs.queues() if queue.name == "task")


async def test_first_seen_then_due_then_done(store: PostgresStore) -> None:
    parts = parts_of(store)
    assert await tick(parts, [DAILY, SWEEP], now=SIX - timedelta(seconds=30)) == 0
    assert await waiting(store) == 0
    assert await tick(parts, [DAILY, SWEEP], now=SIX + timedelta(seconds=2)) == 2
    assert await tick(parts, [DAILY, SWEEP], now=SIX + timedelta(seconds=12)) == 0
    assert await waiting(store) == 2
    found = await states(store)
    assert found["daily"].next_at == SIX + timedelta(days=1)
    assert found["sweep"].last_tick == SIX


async def test_many_machines_make_one_job_of_one_time(store: PostgresStore, second: PostgresStore) -> None:
    await tick(parts_of(store), [DAILY], now=SIX - timedelta(hours=1))
    machines = [parts_of(store), parts_of(second)] * 4
    made = await asyncio.gather(*(tick(parts, [DAILY], now=SIX) for parts in machines))
    assert sorted(made) == [0] * 7 + [1]
    assert await waiting(store) == 1


async def test_what_the_settings_drop_is_forgotten(store: PostgresStore) -> None:
    parts = parts_of(store)
    await tick(parts, [DAILY, SWEEP], now=SIX)
    await tick(parts, [SWEEP], now=SIX)
    assert list(await states(store)) == ["sweep"]
