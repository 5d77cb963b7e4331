"""Signs of life over a real database."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta

import pytest

from earshot.domain.job import Lane, WorkerSign
from earshot.pipeline.serving import WorkerSettings
from earshot.ports.clock import RandomIds
from earshot.store import PostgresStore
from earshot.telemetry.meter import PrometheusMeter
from earshot.worker import signs
from earshot.worker.serving import Tally
from earshot.worker.signs import Signs, resident_bytes
from tests.integration.pipeline.theming_world import parts_of
from tests.integration.store.store_samples import NOW
from tests.integration.worker.gone import GONE
from tests.processes import PAUSE, Late
from tests.still import StillClock
from tests.unit.telemetry.test_meter import read


async def seen(store: PostgresStore) -> list[WorkerSign]:
    async with store.unit() as unit:
        return await unit.jobs.workers(seen_since=NOW - timedelta(days=1))


async def test_a_sign_tells_who_works_at_what_and_how_it_feels(store: PostgresStore) -> None:
    clock, tally = StillClock(NOW), Tally()
    given = Signs(parts_of(store, clock=clock), Lane.LIVE, version="1.2", tally=tally)
    given.doing({"hear": 3, "act": 0})
    tally.done, tally.failed = 7, 1
    clock.pass_by(30)
    await given.give()
    (one,) = await seen(store)
    assert (one.id, one.pid, one.lane, one.version) == (given.own.id, os.getpid(), Lane.LIVE, "1.2")
    assert one.doing == {"hear": 3}
    assert (one.done, one.failed) == (7, 1)
    assert one.seen_at - one.started_at == timedelta(seconds=30)
    assert 10 < one.memory_mb < 10_000
    await given.end()
    assert await seen(store) == []


async def test_two_workers_of_one_process_are_two(store: PostgresStore) -> None:
    parts = parts_of(store, clock=StillClock(NOW), ids=RandomIds())
    for lane in Lane:
        await Signs(parts, lane, version="", tally=Tally()).give()
    assert {one.lane for one in await seen(store)} == set(Lane)


async def test_signs_go_on_although_one_fails(store: PostgresStore, caplog: pytest.LogCaptureFixture) -> None:
    meter = PrometheusMeter(strict=True)
    parts = parts_of(store, clock=StillClock(NOW), meter=meter, workers=WorkerSettings(beat_seconds=0.01))
    given = Signs(parts, Lane.LIVE, version="", tally=Tally())
    broken = Signs(replace(parts, store=GONE), Lane.LIVE, version="", tally=Tally())
    going = [asyncio.create_task(one.go_on()) for one in (given, broken)]
    for _ in range(500):
        if len(caplog.messages) > 1 and await seen(store):
            break
        await asyncio.sleep(PAUSE)
    else:
        raise Late("no sign came")
    assert not any(task.done() for task in going)
    for task in going:
        task.cancel()
    await asyncio.gather(*going, return_exceptions=True)
    assert set(caplog.messages) == {"No sign of life could be given (ConnectionError)."}
    assert read(meter)["earshot_resident_bytes[]"] > 10_000_000


async def test_a_goodbye_that_cannot_be_said_is_no_fault(
    store: PostgresStore, caplog: pytest.LogCaptureFixture
) -> None:
    parts = replace(parts_of(store, clock=StillClock(NOW)), store=GONE)
    await Signs(parts, Lane.LIVE, version="", tally=Tally()).end()
    assert caplog.messages == ["The worker could not say goodbye (ConnectionError)."]


async def test_the_pulse_tells_how_late_the_loop_is(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "PULSE", 0.0)
    meter, clock = PrometheusMeter(strict=True), StillClock(NOW)
    given = Signs(parts_of(store, clock=clock, meter=meter), Lane.LIVE, version="", tally=Tally())
    feeling = asyncio.create_task(given.feel_pulse())
    await asyncio.sleep(0)
    clock.pass_by(2.5)
    for _ in range(100):
        await asyncio.sleep(0)
    feeling.cancel()
    await asyncio.gather(feeling, return_exceptions=True)
    found = read(meter)
    assert next(value for name, value in found.items() if name.startswith("earshot_loop_lag_seconds_sum")) == 2.5


def test_memory_is_that_of_this_process() -> None:
    before = resident_bytes()
    ballast = bytearray(os.urandom(1)) * 50_000_000
    assert 40_000_000 < resident_bytes() - before < 80_000_000
    assert len(ballast) == 50_000_000
