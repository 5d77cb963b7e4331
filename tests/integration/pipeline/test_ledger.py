"""The ledger over a real database: written in groups, within budgets, at the pace that all processes share."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from earshot.domain.call import Call, Outcome, Tier, Usage
from earshot.errors import Misconfigured, Transient
from earshot.pipeline.reading.ledger import Limits, StoreLedger
from earshot.pipeline.reading.owing import owing
from earshot.ports.ledger import BudgetSpent
from earshot.store import PostgresStore
from tests.unit.classify.llm.standins import Time

DAY = "2026-03-01"


def call(number: int, *, bound: float | None = 1.0, model: str = "small-1") -> Call:
    return Call(
        id=f"call-{number}",
        provider="acme",
        model=model,
        tier=Tier.CHEAP,
        started_at=Time().now(),
        bound_usd=bound,
    )


def ended(opened: Call, *, cost: float | None = 0.25, outcome: Outcome = Outcome.OK) -> Call:
    usage = Usage(input_tokens=10) if cost is not None else None
    return opened.model_copy(update={"outcome": outcome, "cost_usd": cost, "usage": usage})


def ledger_of(store: Any, clock: Time | None = None, *, zone: Any = UTC, **limits: Any) -> StoreLedger:
    return StoreLedger(store, limits=Limits(**limits), zone=zone, clock=clock or Time())


async def rows(store: PostgresStore) -> dict[str, Call]:
    async with store.unit() as unit:
        return {one.id: one async for group in unit.calls.export() for one in group}


async def spent(store: PostgresStore, day: str = DAY) -> float:
    async with store.unit() as unit:
        return await unit.calls.spent(day)


class Counting:
    """The store, counting commits; `broken` makes every transaction fail before it begins."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self.units = 0
        self.broken = False
        self.written = asyncio.Event()

    @asynccontextmanager
    async def unit(self) -> AsyncGenerator[Any]:
        if self.broken:
            raise Transient("the database is away")
        self.units += 1
        async with self._store.unit() as unit:
            yield unit
        self.written.set()


async def test_a_call_is_durable_before_it_is_made_and_closed_after(store: PostgresStore) -> None:
    ledger = ledger_of(store)
    ledger.begin("run-7")
    opened = await ledger.open(call(1), tokens=50)
    (row,) = (await rows(store)).values()
    assert (row.outcome, row.bound_usd, row.run_id) == (Outcome.STARTED, 1.0, "run-7")
    assert await spent(store) == 1.0
    ledger.close(ended(opened))
    await ledger.flush()
    (row,) = (await rows(store)).values()
    assert (row.outcome, row.cost_usd, row.run_id) == (Outcome.OK, 0.25, "run-7")
    assert await spent(store) == 0.25


async def test_calls_that_come_together_share_a_transaction(store: PostgresStore) -> None:
    counting = Counting(store)
    ledger = ledger_of(counting)
    opened = await asyncio.gather(*(ledger.open(call(n), tokens=1) for n in range(100)))
    assert counting.units <= 2
    for one in opened:
        ledger.close(ended(one))
    await ledger.flush()
    assert counting.units <= 3
    assert {row.outcome for row in (await rows(store)).values()} == {Outcome.OK}


async def test_a_closed_call_is_written_soon_though_nobody_flushes(store: PostgresStore) -> None:
    counting = Counting(store)
    ledger = ledger_of(counting)
    opened = await ledger.open(call(1), tokens=1)
    counting.written.clear()
    ledger.close(ended(opened))
    await asyncio.wait_for(counting.written.wait(), 10)
    assert (await rows(store))["call-1"].outcome is Outcome.OK


async def test_the_run_stops_before_its_budget_is_exceeded(store: PostgresStore) -> None:
    ledger = ledger_of(store, run_budget_usd=10.0)
    done = 0

    async def work(number: int) -> None:
        nonlocal done
        opened = await ledger.open(call(number), tokens=1)
        assert await spent(store) <= 10.0
        done += 1
        ledger.close(ended(opened))

    results = await asyncio.gather(*(work(n) for n in range(100)), return_exceptions=True)
    await ledger.flush()
    refused = [one for one in results if one is not None]
    assert all(isinstance(one, BudgetSpent) for one in refused)
    assert done == 37  # the 37th call costs 9.25 in all, and a 38th could have cost up to 10.25
    assert await spent(store) == pytest.approx(9.25)
    ledger.begin(None)
    assert await ledger.open(call(1000), tokens=1)


async def test_the_day_stops_all_processes_before_its_budget_is_exceeded(store: PostgresStore) -> None:
    one, other = (ledger_of(store, day_budget_usd=10.0) for _ in range(2))
    done = 0

    async def work(ledger: StoreLedger, number: int) -> None:
        nonlocal done
        opened = await ledger.open(call(number), tokens=1)
        assert await spent(store) <= 10.0
        done += 1
        ledger.close(ended(opened))

    works = [work(one if n % 2 else other, n) for n in range(60)]
    results = await asyncio.gather(*works, return_exceptions=True)
    await asyncio.gather(one.flush(), other.flush())
    assert all(isinstance(result, BudgetSpent) for result in results if result is not None)
    assert 30 <= done <= 37
    assert await spent(store) == pytest.approx(0.25 * done)
    assert len(await rows(store)) == done


async def test_a_lost_call_counts_with_its_bound(store: PostgresStore) -> None:
    ledger = ledger_of(store, run_budget_usd=2.0)
    ledger.close(ended(await ledger.open(call(1), tokens=1), cost=None, outcome=Outcome.LOST))
    opened = await ledger.open(call(2), tokens=1)
    ledger.close(ended(opened, cost=0.5))
    with pytest.raises(BudgetSpent, match=r"\$2.0"):
        await ledger.open(call(3), tokens=1)
    await ledger.flush()
    assert await spent(store) == 1.5


async def test_what_is_owed_stands_as_under_way_until_it_is_saved_or_lost(store: PostgresStore) -> None:
    ledger = ledger_of(store)

    async def outcomes() -> list[Outcome]:
        await ledger.flush()
        return [row.outcome for _, row in sorted((await rows(store)).items())]

    kept, lost = ledger.debt(), ledger.debt()
    with kept:
        opened = [await ledger.open(call(n), tokens=1) for n in (1, 2)]
        ledger.close(ended(opened[0]))
        await asyncio.create_task(_closes(ledger, ended(opened[1], outcome=Outcome.INVALID)))
    with lost:
        ledger.close(ended(await ledger.open(call(3), tokens=1)))
        ledger.close(ended(await ledger.open(call(4), tokens=1), outcome=Outcome.TRUNCATED))
    ledger.close(ended(await ledger.open(call(5), tokens=1)))
    assert await outcomes() == [Outcome.STARTED] * 4 + [Outcome.OK]
    kept.saved()
    lost.lost()
    after = [Outcome.OK, Outcome.INVALID, Outcome.LOST, Outcome.TRUNCATED, Outcome.OK]
    assert await outcomes() == after
    assert await spent(store) == pytest.approx(5 * 0.25), "what it cost is known all the same"
    kept.lost()
    lost.saved()
    assert await outcomes() == after, "a debt ends once"


async def _closes(ledger: StoreLedger, one: Call) -> None:
    ledger.close(one)


async def test_what_leaves_a_debt_by_an_error_is_lost(store: PostgresStore) -> None:
    ledger = ledger_of(store)

    async def breaks() -> None:
        async with owing(ledger):
            ledger.close(ended(await ledger.open(call(1), tokens=1)))
            raise ValueError("it broke")

    with pytest.raises(ValueError, match="broke"):
        await breaks()
    assert (await rows(store))["call-1"].outcome is Outcome.LOST
    async with owing(ledger) as debt:
        ledger.close(ended(await ledger.open(call(2), tokens=1)))
        debt.saved()
    assert (await rows(store))["call-2"].outcome is Outcome.OK


async def test_a_debt_does_not_keep_its_own_calls_from_the_budget_of_the_day(store: PostgresStore) -> None:
    ledger = ledger_of(store, day_budget_usd=10.0)

    async def spend() -> None:
        async with asyncio.timeout(30), owing(ledger):
            for number in range(100):
                ledger.close(ended(await ledger.open(call(number), tokens=1)))

    with pytest.raises(BudgetSpent):
        await spend()
    assert len(await rows(store)) == 37, "as many as without a debt"


async def test_debts_and_two_budgets_never_wait_for_each_other(store: PostgresStore) -> None:
    ledger = ledger_of(store, run_budget_usd=2.5, day_budget_usd=1.95)
    first = asyncio.Event()

    async def again() -> None:
        async with owing(ledger) as debt:
            ledger.close(ended(await ledger.open(call(1), tokens=1), cost=0.9, outcome=Outcome.INVALID))
            first.set()
            await asyncio.sleep(0.3)
            ledger.close(ended(await ledger.open(call(2), tokens=1), cost=0.05))
            debt.saved()

    async def beside() -> None:
        await first.wait()
        async with owing(ledger) as debt:
            ledger.close(ended(await ledger.open(call(3), tokens=1), cost=0.05))
            debt.saved()

    async with asyncio.timeout(30):
        await asyncio.gather(again(), beside())
    assert await spent(store) == pytest.approx(1.0)


async def test_without_a_price_no_budget_can_be_kept(store: PostgresStore) -> None:
    with pytest.raises(Misconfigured, match="acme:small-1"):
        await ledger_of(store, day_budget_usd=1.0).open(call(1, bound=None), tokens=1)
    assert await ledger_of(store).open(call(2, bound=None), tokens=1)


async def test_the_day_begins_in_the_reports_zone(store: PostgresStore) -> None:
    await ledger_of(store, zone=ZoneInfo("Pacific/Auckland")).open(call(1), tokens=1)
    assert (await spent(store, "2026-03-02"), await spent(store, "2026-03-01")) == (1.0, 0.0)


async def test_each_waits_for_its_turn(store: PostgresStore) -> None:
    clock = Time()
    ledger = ledger_of(store, clock, requests_per_minute=60)
    opened = await asyncio.gather(*(ledger.open(call(n), tokens=1) for n in range(5)))
    assert max(clock.slept) == pytest.approx(4 * 61 / 60 - 1, abs=0.2)
    assert all(one.outcome is Outcome.STARTED for one in opened)


async def test_a_pause_holds_those_that_wait_and_those_that_come(store: PostgresStore) -> None:
    clock = Time()
    ledger = ledger_of(store, clock)
    await ledger.pause("acme", "small-1", seconds=30)
    await ledger.pause("acme", "small-1", seconds=10)
    await ledger.open(call(1), tokens=1)
    assert sum(clock.slept) >= 29
    before = sum(clock.slept)
    await ledger.open(call(2, model="other"), tokens=1)
    assert sum(clock.slept) - before < 1


async def test_a_turn_that_is_awaited_is_moved_back_by_a_pause(store: PostgresStore) -> None:
    class Gated(Time):
        gate = asyncio.Event()

        async def sleep(self, seconds: float) -> None:
            if seconds > 1:
                await self.gate.wait()
            await super().sleep(seconds)

    clock = Gated()
    ledger = ledger_of(store, clock, requests_per_minute=20)
    tasks = [asyncio.create_task(ledger.open(call(n), tokens=1)) for n in range(2)]
    await tasks[0]
    await ledger.pause("acme", "small-1", seconds=100)
    clock.gate.set()
    second = await tasks[1]
    assert (second.started_at - Time().now()).total_seconds() >= 100


async def test_models_have_a_pace_each(store: PostgresStore) -> None:
    clock = Time()
    ledger = ledger_of(store, clock, requests_per_minute=1)
    await asyncio.gather(*(ledger.open(call(n, model=f"m{n}"), tokens=1) for n in range(4)))
    assert all(seconds < 1 for seconds in clock.slept)


async def test_whoever_gives_up_while_waiting_leaves_a_cancelled_call(store: PostgresStore) -> None:
    waiting = asyncio.Event()

    class Still(Time):
        async def sleep(self, seconds: float) -> None:
            if seconds > 1:
                waiting.set()
                await asyncio.Event().wait()

    ledger = ledger_of(store, Still(), requests_per_minute=1, run_budget_usd=5.0)
    first = await ledger.open(call(1), tokens=1)
    task = asyncio.create_task(ledger.open(call(2), tokens=1))
    await asyncio.wait_for(waiting.wait(), 10)
    assert (await rows(store))["call-2"].outcome is Outcome.STARTED
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ledger.close(ended(first))
    await ledger.flush()
    row = (await rows(store))["call-2"]
    assert (row.outcome, row.cost_usd) == (Outcome.CANCELLED, None)
    assert await spent(store) == 0.25


async def test_whoever_gives_up_before_booking_is_not_booked(store: PostgresStore) -> None:
    ledger = ledger_of(store)
    task = asyncio.create_task(ledger.open(call(1), tokens=1))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ledger.flush()
    assert all(row.outcome is Outcome.CANCELLED for row in (await rows(store)).values())
    assert await spent(store) == 0.0


async def test_faults_of_the_database_reach_those_who_wait_and_nothing_is_lost(store: PostgresStore) -> None:
    counting = Counting(store)
    ledger = ledger_of(counting, run_budget_usd=2.0)
    opened = await ledger.open(call(1), tokens=1)
    counting.broken = True
    ledger.close(ended(opened))
    for number in (2, 3, 4):
        with pytest.raises(Transient):
            await ledger.open(call(number), tokens=1)
    with pytest.raises(Transient):
        await ledger.flush()
    counting.broken = False
    await ledger.flush()
    await ledger.flush()
    assert {one.id: one.outcome for one in (await rows(store)).values()} == {"call-1": Outcome.OK}
    assert await ledger.open(call(5), tokens=1)
    await ledger.flush()
