"""What workers do beside jobs, over a real database."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest

from earshot.domain.job import JobName
from earshot.domain.notification import Concern, Effect, Notification
from earshot.domain.schedule import Schedule
from earshot.pipeline.parts import Parts
from earshot.store import PostgresStore
from earshot.telemetry.meter import PrometheusMeter
from earshot.worker.upkeep import PRUNE_SECONDS, RECONCILE_SECONDS, TICK_SECONDS, Upkeep
from tests.integration.pipeline.theming_world import parts_of
from tests.integration.store.store_samples import query
from tests.integration.worker.gone import GONE
from tests.processes import PAUSE
from tests.still import StillClock
from tests.unit.telemetry.test_meter import read

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAILY = Schedule.model_validate({"name": "daily", "chore": "run", "cron": "0 6 * * *", "timezone": "UTC"})


class Resting(StillClock):
    """A clock on which nobody who sleeps wakes up."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.Event().wait()


class Blinking(StillClock):
    """A clock whose sleepers wake after a moment."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


async def told(store: PostgresStore, parts: Parts) -> None:
    now = parts.clock.now()
    note = Notification(
        id="n1",
        topic="t",
        effect=Effect.CHANGED,
        concern=Concern.CONVERSATION,
        external_id="1",
        occurred_at=now,
        received_at=now,
    )
    async with store.unit() as unit:
        await unit.inbox.take([note], debounce=timedelta(), now=now)
        await unit.commit()


async def waiting(store: PostgresStore, name: JobName) -> int:
    async with store.unit() as unit:
        return sum(queue.waiting for queue in await unit.jobs.queues() if queue.name == name.value)


async def test_a_row_whose_job_was_lost_gets_another_and_only_one(store: PostgresStore) -> None:
    meter = PrometheusMeter(strict=True)
    parts = parts_of(store, clock=StillClock(SIX), meter=meter)
    await told(store, parts)
    upkeep = Upkeep(parts, [])
    assert await upkeep.reconcile() == 0
    await query(store, "delete from earshot_jobs.pgqueuer")
    assert await waiting(store, JobName.HEAR) == 0
    clock = parts.clock
    assert isinstance(clock, StillClock)
    clock.pass_by(3600)
    assert await upkeep.reconcile() == 1
    assert await upkeep.reconcile() == 0
    assert await waiting(store, JobName.HEAR) == 1
    assert read(meter)["earshot_reconciled_total[('queue', 'hear')]"] == 1


async def test_what_is_due_by_the_schedule_is_enqueued(store: PostgresStore) -> None:
    clock = StillClock(SIX - timedelta(seconds=30))
    upkeep = Upkeep(parts_of(store, clock=clock), [DAILY])
    assert await upkeep.tick() == 0
    clock.pass_by(40)
    assert await upkeep.tick() == 1
    assert await upkeep.tick() == 0
    assert await waiting(store, JobName.TASK) == 1


async def test_settled_notifications_are_dropped_when_they_are_old(store: PostgresStore) -> None:
    clock = StillClock(SIX)
    parts = parts_of(store, clock=clock)
    await told(store, parts)
    async with store.unit() as unit:
        turn = await unit.inbox.claim(
            "intercom", Concern.CONVERSATION, external_id="1", lease=timedelta(minutes=1), now=SIX
        )
        assert turn is not None
        assert await unit.inbox.settle(turn, now=SIX)
        await unit.commit()
    upkeep = Upkeep(parts, [])
    assert await upkeep.prune() == 0
    clock.pass_by(timedelta(days=parts.realtime.keep_days + 1).total_seconds())
    assert await upkeep.prune() >= 1
    assert await query(store, "select id from inbox") == []


async def test_all_three_go_on_each_at_its_own_pace(store: PostgresStore) -> None:
    clock = Resting(SIX)
    going = asyncio.create_task(Upkeep(parts_of(store, clock=clock), []).go_on())
    for _ in range(500):
        if len(clock.slept) == 3:
            break
        await asyncio.sleep(PAUSE)
    assert sorted(clock.slept) == [TICK_SECONDS, RECONCILE_SECONDS, PRUNE_SECONDS]
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)


async def test_a_step_that_fails_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    going = asyncio.create_task(Upkeep(parts_of(GONE, clock=Blinking(SIX)), []).go_on())
    for _ in range(500):
        if len(caplog.messages) >= 6:
            break
        await asyncio.sleep(PAUSE)
    assert not going.done()
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    assert set(caplog.messages) == {
        f"Upkeep ({step}) failed: ConnectionError." for step in ("tick", "reconcile", "prune")
    }
