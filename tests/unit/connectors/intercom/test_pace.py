"""How fast requests may leave."""

from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.connectors.intercom.pace import Pace
from tests.unit.connectors.scripted import Even, Waits, limits


async def departures(pace: Pace, clock: Waits, count: int) -> list[float]:
    times: list[float] = []
    for _ in range(count):
        await pace.turn()
        times.append(clock.monotonic())
    return times


def most_in_any_window(times: list[float], seconds: float = 10.0) -> int:
    return max(sum(1 for t in times if start <= t < start + seconds - 1e-6) for start in times)


async def test_before_anything_is_known_the_pace_is_low() -> None:
    clock = Waits()
    times = await departures(Pace(clock, Even(), share=1.0), clock, 250)
    assert most_in_any_window(times) <= 100
    assert times[-1] > 15


async def test_the_first_answer_sets_the_pace() -> None:
    clock = Waits()
    pace = Pace(clock, Even(), share=0.3)
    await pace.turn()
    pace.learn(limits(1_666, 1_665, clock.now().timestamp() + 5))
    times = await departures(pace, clock, 1_500)
    assert 450 <= most_in_any_window(times) <= 500
    assert pace.limit == 1_666
    assert 45 < pace.per_second < 50


@settings(deadline=None)
@given(limit=st.integers(10, 20_000), share=st.floats(0.05, 1.0))
async def test_no_window_gets_more_than_its_share(limit: int, share: float) -> None:
    clock = Waits()
    pace = Pace(clock, Even(), share=share)
    pace.learn(limits(limit, limit, clock.now().timestamp() + 10))
    times = await departures(pace, clock, min(300, 2 * limit))
    assert most_in_any_window(times) <= max(2.0, limit * share) + 1


async def test_a_high_limit_makes_nobody_wait() -> None:
    clock = Waits()
    pace = Pace(clock, Even(), share=0.3)
    pace.learn(limits(1_000_000, 999_999, clock.now().timestamp() + 10))
    await departures(pace, clock, 1_000)
    assert clock.slept == []


async def test_a_nearly_spent_limit_pauses_until_the_reset() -> None:
    clock = Waits()
    pace = Pace(clock, Even(), share=1.0)
    pace.learn(limits(1_000, 50, clock.now().timestamp() + 6))
    await pace.turn()
    assert clock.monotonic() == 6.0


async def test_an_old_answer_that_comes_late_pauses_nobody() -> None:
    clock = Waits()
    pace = Pace(clock, Even(), share=1.0)
    pace.learn(limits(1_000, 0, clock.now().timestamp() - 3))
    await pace.turn()
    assert clock.slept == []


async def test_missing_or_odd_headers_change_nothing() -> None:
    clock = Waits()
    pace = Pace(clock, Even(), share=1.0)
    before = pace.per_second
    for headers in ({}, {"x-ratelimit-limit": "many"}, {"x-ratelimit-limit": "0"}, {"x-ratelimit-limit": "-5"}):
        pace.learn(headers)
    assert (pace.limit, pace.per_second) == (None, before)


def test_a_refusal_waits_for_the_reset_a_named_time_or_a_window() -> None:
    clock = Waits()
    pace = Pace(clock, Even(), share=1.0)
    now = clock.now().timestamp()
    assert pace.refused({"x-ratelimit-reset": str(int(now) + 4)}) == 4.5
    assert pace.refused({"x-ratelimit-reset": str(int(now) - 400)}) == 0.5
    assert pace.refused({"x-ratelimit-reset": str(int(now) + 4_000)}) == 60.5
    assert pace.refused({"retry-after": "9"}) == 9.5
    assert pace.refused({}) == 10.5


class Together:
    """Stands for a pace shared with other processes: tells how long each turn waits."""

    def __init__(self, waits: list[float]) -> None:
        self.waits = waits
        self.asked: list[tuple[float, float]] = []

    async def turn(self, interval: float, slack: float) -> float:
        self.asked.append((interval, slack))
        return self.waits.pop(0)


async def test_a_shared_pace_rules_once_the_limit_is_known() -> None:
    clock, shared = Waits(), Together([0.0, 3.0])
    pace = Pace(clock, Even(), share=0.5, shared=shared)
    await pace.turn()
    assert not shared.asked, "before an answer named the limit, nobody else's turns are delayed by a guess"
    pace.learn(limits(1_000, 999, clock.now().timestamp() + 5))
    began = clock.monotonic()
    await pace.turn()
    await pace.turn()
    assert clock.monotonic() - began == 3.0
    assert all(10 / interval <= 500 for interval, _ in shared.asked)
