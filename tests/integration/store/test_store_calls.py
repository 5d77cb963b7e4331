"""Calls: booked before they are made, within the day's budget and the pace that all processes share."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from store_samples import NOW, conversation, keep, query, settings, value

from earshot.domain.call import Call, Mode, Outcome, Purpose, Tier, Usage
from earshot.pipeline.money.spendings import tally
from earshot.ports.clock import SystemClock
from earshot.ports.store import Calls, Opening, Pace
from earshot.store import PostgresStore, open_store
from earshot.store.calls import BURST

FREE = Pace(key="p:m")
DAY = "2026-03-31"


def call(number: int | str, **changes: object) -> Call:
    values: dict[str, object] = {
        "id": f"call-{number}",
        "provider": "p",
        "model": "m",
        "tier": Tier.CHEAP,
        "started_at": NOW,
        "bound_usd": 0.5,
    }
    return Call.model_validate(values | changes)


def ended(one: Call, **changes: object) -> Call:
    values: dict[str, object] = {
        "outcome": Outcome.OK,
        "usage": Usage(input_tokens=700, cached_tokens=300, cache_write_tokens=20, output_tokens=80),
        "cost_usd": 0.125,
        "price_date": date(2026, 3, 1),
        "latency_ms": 420,
    }
    return Call.model_validate(one.model_dump() | values | changes)


async def book(
    store: PostgresStore,
    *calls: Call,
    pace: Pace = FREE,
    budget: float | None = None,
    tokens: int = 100,
    moment: datetime | None = None,
) -> list[float | None]:
    async with store.unit() as unit:
        openings = [Opening(call=one, tokens=tokens) for one in calls]
        waits = await unit.calls.open(openings, pace=pace, day=DAY, day_budget=budget, moment=moment)
        await unit.commit()
    return waits


async def end(store: PostgresStore, *calls: Call) -> None:
    async with store.unit() as unit:
        await unit.calls.close(calls)
        await unit.commit()


async def exported(store: PostgresStore) -> list[Call]:
    async with store.unit() as unit:
        known: Calls = unit.calls
        return [one async for batch in known.export() for one in batch]


async def spent(store: PostgresStore, day: str = DAY) -> float:
    async with store.unit() as unit:
        return await unit.calls.spent(day)


async def test_what_is_booked_comes_out(store: PostgresStore) -> None:
    first = call(1, conversation_id="1001", run_id="r", purpose=Purpose.SUMMARISE)
    second = call(2, mode=Mode.BATCH, batch_id="b", tier=Tier.STRONG, bound_usd=None, started_at=NOW)
    assert await book(store, first, second) == [0.0, 0.0]
    assert await exported(store) == [first, second]
    assert await spent(store) == 0.5
    done = ended(first, started_at=NOW + timedelta(seconds=3), model="m-2026-03-01")
    lost = second.model_copy(update={"outcome": Outcome.LOST, "started_at": NOW + timedelta(seconds=9)})
    await end(store, done, lost)
    assert await exported(store) == [done, lost]
    assert await spent(store) == 0.125
    assert await spent(store, "2026-04-01") == 0


async def test_closing_again_changes_nothing(store: PostgresStore) -> None:
    one = call(1)
    await book(store, one)
    await end(store, ended(one), ended(one, cost_usd=9.0))
    await end(store, ended(one, outcome=Outcome.LOST, cost_usd=None, usage=None))
    assert await exported(store) == [ended(one)]
    assert await spent(store) == 0.125


async def test_a_call_that_was_never_opened_is_booked_once(store: PostgresStore) -> None:
    one = ended(call(1, started_at=datetime(2026, 3, 31, 23, 30, tzinfo=UTC)))
    await end(store, one)
    await end(store, one)
    assert await exported(store) == [one]
    assert await spent(store) == 0.125


async def test_opening_again_books_and_reserves_nothing(store: PostgresStore) -> None:
    await book(store, call(1), budget=0.5)
    assert await book(store, call(1), call(2), budget=0.5) == [0.0, None]
    assert await spent(store) == 0.5
    assert len(await exported(store)) == 1
    assert await book(store) == []


@pytest.mark.parametrize(
    ("outcome", "usage", "cost", "counted"),
    [
        (Outcome.OK, Usage(input_tokens=5), 0.25, 0.25),
        (Outcome.OK, Usage(), 0.0, 0.0),
        (Outcome.OK, Usage(input_tokens=5), None, 0.5),
        (Outcome.OK, None, None, 0.5),
        (Outcome.REFUSED, Usage(input_tokens=5), 0.25, 0.25),
        (Outcome.TIMEOUT, None, None, 0.5),
        (Outcome.LOST, None, None, 0.5),
        (Outcome.LOST, Usage(input_tokens=5), 0.25, 0.25),
        (Outcome.STARTED, None, None, 0.5),
        (Outcome.RATE_LIMITED, None, None, 0.0),
        (Outcome.OVERLOADED, None, None, 0.0),
        (Outcome.ERROR, None, None, 0.0),
        (Outcome.EXPIRED, None, None, 0.0),
        (Outcome.CANCELLED, None, None, 0.0),
    ],
)
async def test_what_a_call_counts_for(
    store: PostgresStore, outcome: Outcome, usage: Usage | None, cost: float | None, counted: float
) -> None:
    one = call(1)
    await book(store, one)
    changes = {"outcome": outcome, "usage": usage, "cost_usd": cost}
    await end(store, one.model_copy(update=changes), call(2).model_copy(update=changes))
    assert await spent(store) == 2 * counted


async def test_a_budget_is_spent_in_order_and_never_exceeded(store: PostgresStore) -> None:
    free = call("free", bound_usd=None)
    waits = await book(store, call(1), call(2), call(3, bound_usd=0.2), call(4), free, budget=1.0)
    assert waits == [0.0, 0.0, None, None, 0.0]
    assert [one.id for one in await exported(store)] == ["call-1", "call-2", "call-free"]
    await end(store, ended(call(1)))
    assert await book(store, call(5), call(6, bound_usd=0.3), budget=1.0) == [None, 0.0]
    assert await spent(store) == 0.925


async def test_processes_together_never_exceed_the_budget(store: PostgresStore, database_url: str) -> None:
    others = [await open_store(settings(database_url), clock=SystemClock()) for _ in range(4)]

    async def process(number: int, mine: PostgresStore) -> int:
        admitted = 0
        for turn in range(25):
            calls = [call(f"{number}-{turn}-{n}", bound_usd=0.01) for n in range(3)]
            waits = await book(mine, *calls, budget=1.0)
            allowed = [one for one, wait in zip(calls, waits, strict=True) if wait is not None]
            admitted += len(allowed)
            assert await spent(mine) <= 1.0
            await end(mine, *(ended(one, cost_usd=0.004) for one in allowed[:1]))
        return admitted

    admitted = sum(await asyncio.gather(*(process(n, one) for n, one in enumerate(others))))
    total = await value(store, "select sum(coalesce(cost_usd, bound_usd)::numeric) from llm_api_logs")
    assert float(total) == await spent(store) <= 1.0
    assert await spent(store) > 0.98
    assert admitted == len(await exported(store)) < 300
    for one in others:
        await one.close()


async def starts(
    store: PostgresStore, pace: Pace, *, groups: Sequence[tuple[float, int]], tokens: int
) -> list[float]:
    """The seconds after NOW at which calls start that were asked for in groups: (seconds after NOW, how many)."""
    found: list[float] = []
    for index, (at, count) in enumerate(groups):
        calls = [call(f"{pace.key}-{index}-{n}") for n in range(count)]
        moment = NOW + timedelta(seconds=at)
        waits = await book(store, *calls, pace=pace, tokens=tokens, moment=moment)
        found += [at + wait for wait in waits if wait is not None]
    return sorted(found)


def most_in(times: Sequence[float], seconds: float) -> int:
    return max(sum(start <= t < start + seconds for t in times) for start in times)


async def test_no_minute_holds_more_requests_than_the_limit_and_nearly_as_many(store: PostgresStore) -> None:
    pace = Pace(key="requests", requests_per_minute=600)
    times = await starts(store, pace, groups=[(0, 400), (0.1, 500), (7, 300), (100, 300)], tokens=1)
    assert len(times) == 1500
    assert most_in(times, 60) <= 600
    assert most_in(times, BURST) <= 21
    whole = [t for t in times if 0 <= t < 120]
    assert len(whole) >= 0.97 * 1200
    assert times == sorted(times)


async def test_tokens_limit_too(store: PostgresStore) -> None:
    pace = Pace(key="tokens", requests_per_minute=6000, tokens_per_minute=60_000)
    times = await starts(store, pace, groups=[(0, 150), (30, 150)], tokens=500)
    assert most_in(times, 60) <= 121
    assert most_in(times, 60) >= 0.97 * 120


async def test_idle_time_is_not_saved_up(store: PostgresStore) -> None:
    pace = Pace(key="idle", requests_per_minute=60)
    times = await starts(store, pace, groups=[(0, 1), (600, 30)], tokens=1)
    assert sum(600 <= t < 601 for t in times) <= 2


async def test_processes_share_one_pace(store: PostgresStore, database_url: str) -> None:
    others = [await open_store(settings(database_url), clock=SystemClock()) for _ in range(4)]
    pace = Pace(key="shared", requests_per_minute=1200)

    async def process(number: int, mine: PostgresStore) -> list[float]:
        found: list[float] = []
        for turn in range(20):
            calls = [call(f"{number}-{turn}-{n}") for n in range(5)]
            found += [w for w in await book(mine, *calls, pace=pace, moment=NOW) if w is not None]
        return found

    times = sorted(
        w for found in await asyncio.gather(*(process(*one) for one in enumerate(others))) for w in found
    )
    assert len(times) == 400
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert max(steps) < 0.052
    assert times[-1] == pytest.approx(399 * 61 / 1200 - BURST, abs=0.001)
    for one in others:
        await one.close()


async def test_a_refused_call_takes_no_turn(store: PostgresStore) -> None:
    pace = Pace(key="refused", requests_per_minute=1)
    dear, cheap = call(1, bound_usd=5.0), call(2)
    assert await book(store, dear, cheap, pace=pace, budget=1.0, moment=NOW) == [None, 0.0]
    (wait,) = await book(store, call(3), pace=pace, budget=2.0, moment=NOW)
    assert wait == pytest.approx(60)


@pytest.mark.parametrize("limit", [None, 600])
async def test_a_pause_holds_for_everybody_and_is_followed_by_the_pace(
    store: PostgresStore, limit: int | None
) -> None:
    pace = Pace(key="paused", requests_per_minute=limit)
    async with store.unit() as unit:
        await unit.calls.pause("paused", seconds=30, moment=NOW)
        await unit.calls.pause("paused", seconds=5, moment=NOW)
        await unit.commit()
    waits = await book(store, *(call(n) for n in range(3)), pace=pace, moment=NOW + timedelta(seconds=10))
    step = 61 / limit if limit else 0
    assert waits == pytest.approx([20, 20 + step, 20 + 2 * step])
    assert await book(store, call(9), pace=Pace(key="other"), moment=NOW) == [0.0]
    assert await book(store, call(10), pace=pace, moment=NOW + timedelta(seconds=60)) == [0.0]


async def test_the_database_s_own_clock_is_used(store: PostgresStore) -> None:
    pace = Pace(key="real", requests_per_minute=1)
    await book(store, call(1), pace=pace)
    (wait,) = await book(store, call(2), pace=pace)
    assert wait is not None
    assert 55 < wait <= 60
    async with store.unit() as unit:
        await unit.calls.pause("real", seconds=500)
        await unit.commit()
    (later,) = await book(store, call(3), pace=pace)
    assert later is not None
    assert 490 < later <= 500


async def test_spending_is_grouped_by_day_of_a_time_zone(store: PostgresStore) -> None:
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    usage = Usage(input_tokens=100, cached_tokens=60, output_tokens=10)
    calls = [
        ended(call(1, conversation_id="a", started_at=late), usage=usage, cost_usd=0.1),
        ended(call(2, conversation_id="a", started_at=late), usage=usage, cost_usd=0.2),
        ended(call(3, conversation_id="b", started_at=late), usage=usage, cost_usd=None, outcome="truncated"),
        call(4, started_at=late, outcome=Outcome.TIMEOUT),
        call(5, started_at=late, outcome=Outcome.RATE_LIMITED),
        call(6, started_at=late, model="n", tier=Tier.STRONG, purpose=Purpose.AUDIT, mode=Mode.FILE),
    ]
    await end(store, *calls)
    async with store.unit() as unit:
        rows = await unit.calls.spending(None, None, zone="Europe/Berlin")
        assert [row.day for row in await unit.calls.spending(None, None, zone="UTC")] == ["2026-03-31"] * 2
        assert await unit.calls.spending(late + timedelta(seconds=1), None, zone="UTC") == []
        assert await unit.calls.spending(None, late, zone="UTC") == []
        assert await unit.calls.per_conversation(["a", "b", "zz"]) == {"a": 0.3}
        assert await unit.calls.dearest(None, limit=5) == [("a", 2, 0.3)]
        assert await unit.calls.dearest(late + timedelta(seconds=1), limit=5) == []
    first, second = rows
    assert (first.day, first.calls, first.failed, first.lost, first.unpriced) == ("2026-04-01", 5, 3, 1, 1)
    assert (first.usd, first.bound_usd, first.conversations) == (0.3, 0.5, 2)
    assert (first.latency_ms, second.latency_ms) == (420, None)
    assert (first.input_tokens, first.cached_tokens, first.output_tokens) == (300, 180, 30)
    assert (second.tier, second.purpose, second.mode, second.model) == ("strong", "audit", "file", "n")


async def test_a_conversation_counts_as_read_once_a_day_however_many_models_read_it(store: PostgresStore) -> None:
    noon = datetime(2026, 3, 31, 12, tzinfo=UTC)
    usage = Usage(input_tokens=100, cached_tokens=0, output_tokens=10)
    later = [noon + timedelta(minutes=1), noon + timedelta(days=1)]
    calls = [
        ended(call(1, conversation_id="a", started_at=noon), usage=usage, cost_usd=0.1),
        ended(call(2, conversation_id="a", started_at=later[0], tier=Tier.STRONG), usage=usage, cost_usd=0.4),
        ended(call(3, conversation_id="a", started_at=later[1], tier=Tier.STRONG), usage=usage, cost_usd=0.4),
        ended(call(4, conversation_id="b", started_at=later[0]), usage=usage, cost_usd=0.1),
        ended(call(5, conversation_id="b", started_at=noon, purpose=Purpose.SUMMARISE), usage=usage, cost_usd=0.2),
        ended(call(6, conversation_id=None, started_at=noon), usage=usage, cost_usd=0.3),
    ]
    await end(store, *calls)
    await book(store, call(7, conversation_id="c", started_at=noon), call(8, conversation_id="a", started_at=noon))
    async with store.unit() as unit:
        rows = await unit.calls.spending(None, None, zone="UTC")
    found = {(row.day[-2:], row.tier, row.purpose): (row.read, row.conversations) for row in rows}
    assert found == {
        ("31", "cheap", "classify"): (2, 2),
        ("31", "strong", "classify"): (0, 1),
        ("31", "cheap", "summarise"): (0, 1),
        ("01", "strong", "classify"): (1, 1),
    }
    costs = tally(rows, by="day", recent=[], today=date(2026, 4, 1))
    assert costs.usd_each == pytest.approx((0.1 + 0.4 + 0.4 + 0.1 + 0.2 + 0.3) / 3)


async def test_a_call_under_way_is_lost_after_an_hour_a_batch_s_after_two_days(store: PostgresStore) -> None:
    now = datetime.now(UTC)
    ages = {"young": 50, "old": 70, "batch": 47 * 60, "old batch": 50 * 60}
    calls = [
        call(
            name,
            mode=Mode.BATCH if "batch" in name else Mode.ONLINE,
            started_at=now - timedelta(minutes=age),
            model=name,
        )
        for name, age in ages.items()
    ]
    await book(store, *calls)
    async with store.unit() as unit:
        rows = await unit.calls.spending(None, None, zone="UTC")
    assert {row.model for row in rows if row.lost} == {"old", "old batch"}
    assert {row.model: row.bound_usd for row in rows} == {"young": 0, "old": 0.5, "batch": 0, "old batch": 0.5}
    assert await spent(store) == 2.0


async def test_consent_is_kept_per_provider(store: PostgresStore) -> None:
    async with store.unit() as unit:
        assert not await unit.calls.consented("p")
        await unit.calls.consent("p", now=NOW)
        await unit.calls.consent("p", now=NOW + timedelta(days=1))
        assert await unit.calls.consented("p")
        assert not await unit.calls.consented("q")
        await unit.commit()
    assert await value(store, "select agreed_at from llm_consent") == NOW


async def test_rows_of_other_programs_can_be_exported(store: PostgresStore) -> None:
    await query(
        store,
        """insert into llm_api_logs (model, input_tokens, output_tokens, outcome, tier)
        values ('x', 5, 2, 'fine', 'huge'), (null, null, null, null, null)""",
    )
    first, second = await exported(store)
    assert (first.model, first.tier, first.outcome, first.usage) == (
        "x",
        Tier.CHEAP,
        Outcome.OK,
        Usage(input_tokens=5, output_tokens=2),
    )
    assert (second.provider, second.model, second.usage, second.mode) == ("unknown", "unknown", None, Mode.ONLINE)


async def test_what_a_database_cannot_hold_is_taken_out(store: PostgresStore) -> None:
    odd = call(1, model="m\x00\ud800", conversation_id='quo"te\\u0000')
    await book(store, odd)
    (kept,) = await exported(store)
    assert (kept.model, kept.conversation_id) == ("m\ufffd", 'quo"te\\u0000')
    await end(store, ended(odd))
    (kept,) = await exported(store)
    assert (kept.model, kept.cost_usd, kept.started_at) == ("m\ufffd", 0.125, NOW)


async def test_an_erased_conversation_leaves_its_money_and_does_not_come_back(store: PostgresStore) -> None:
    c, other = conversation(1), conversation(2)
    await keep(store, c, other)
    before, under_way = call(1, conversation_id=c.id), call(2, conversation_id=c.id)
    await book(store, before, under_way, call(3, conversation_id=other.id))
    await end(store, ended(before))
    async with store.unit() as unit:
        await unit.erasure.conversation(c.id)
        await unit.commit()
    await end(store, ended(under_way), ended(call(4, conversation_id=c.id)))
    await book(store, call(5, conversation_id=c.id))
    kept = await exported(store)
    assert {one.id: one.conversation_id for one in kept} == {
        "call-1": None,
        "call-2": None,
        "call-3": other.id,
        "call-4": None,
        "call-5": None,
    }
    assert sum(one.cost_usd or 0 for one in kept) == 3 * 0.125
