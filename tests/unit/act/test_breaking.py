from datetime import datetime, timedelta

import pytest

from earshot.act.breaking import fared, resumed
from earshot.domain.delivery import Breaker, Health, Outcome, Result

from .cases import NOW, SETTINGS

R = Result
GOOD, BAD = Outcome(result=R.DELIVERED), Outcome(result=R.RETRY, status=503, reason="503")
FRESH = Health(destination="jira")


def may_use(health: Health | None, *, now: datetime) -> bool:
    """What the store's claim asks before it gives a delivery out."""
    if health is None or health.breaker is Breaker.CLOSED:
        return True
    return health.breaker is Breaker.OPEN and health.probe_at is not None and health.probe_at <= now


def tried(health: Health, *outcomes: Outcome, at: datetime = NOW, apart: float = 1.0) -> Health:
    for number, outcome in enumerate(outcomes):
        now = at + timedelta(seconds=number * apart)
        health = fared(health, outcome, seconds=0.2, settings=SETTINGS, now=now)
    return health


def test_five_failures_in_a_row_open_it_and_four_do_not() -> None:
    assert tried(FRESH, *[BAD] * 4).breaker is Breaker.CLOSED
    opened = tried(FRESH, *[BAD] * 5)
    assert (opened.breaker, opened.reason) == (Breaker.OPEN, "503")
    assert opened.probe_at == NOW + timedelta(seconds=4) + timedelta(minutes=1)


def test_more_than_half_of_twenty_open_it_within_five_minutes_only() -> None:
    mixed = (([GOOD] + [BAD] * 3) * 4)[:15]
    assert tried(FRESH, *mixed).breaker is Breaker.OPEN
    assert tried(FRESH, *mixed, apart=60).breaker is Breaker.CLOSED
    assert tried(FRESH, *[BAD, GOOD] * 10).breaker is Breaker.CLOSED


def test_refusals_do_not_count_and_neither_does_being_too_fast() -> None:
    refused = Outcome(result=R.REJECTED, status=400)
    assert tried(FRESH, *[refused] * 30).breaker is Breaker.CLOSED
    assert tried(FRESH, *[Outcome(result=R.RETRY, status=429)] * 30).breaker is Breaker.CLOSED


def test_lost_answers_count() -> None:
    assert tried(FRESH, *[Outcome(result=R.UNKNOWN)] * 5).breaker is Breaker.OPEN


def test_one_probe_goes_when_its_time_comes_and_then_ever_more_rarely() -> None:
    health, rests = tried(FRESH, *[BAD] * 5), list[float]()
    for _ in range(7):
        due = health.probe_at
        assert due is not None
        assert not may_use(health, now=due - timedelta(seconds=1))
        assert may_use(health, now=due)
        health = fared(health, BAD, seconds=0.1, settings=SETTINGS, now=due)
        assert health.probe_at is not None
        assert not may_use(health, now=due)
        rests.append((health.probe_at - due).total_seconds() / 60)
    assert rests == [2, 4, 8, 16, 30, 30, 30]


def test_a_good_probe_closes_it() -> None:
    health = fared(tried(FRESH, *[BAD] * 5), GOOD, seconds=0.1, settings=SETTINGS, now=NOW + timedelta(hours=1))
    assert (health.breaker, health.failures, health.opened, health.probe_at) == (Breaker.CLOSED, 0, 0, None)
    assert may_use(health, now=NOW)
    assert tried(health, *[BAD] * 4, at=NOW + timedelta(hours=1)).breaker is Breaker.CLOSED


@pytest.mark.parametrize(
    ("outcome", "breaker"),
    [
        (Outcome(result=R.AUTH_FAILED, status=401, reason="401"), Breaker.PAUSED),
        (Outcome(result=R.PAUSED, status=404, reason="not active"), Breaker.PAUSED),
        (Outcome(result=R.GONE, status=410, reason="410"), Breaker.DISABLED),
    ],
)
def test_what_a_person_must_mend_waits_for_a_person(outcome: Outcome, breaker: Breaker) -> None:
    shut = tried(FRESH, outcome)
    assert (shut.breaker, shut.reason) == (breaker, outcome.reason)
    assert not may_use(shut, now=NOW + timedelta(days=9))
    assert tried(shut, BAD).breaker is breaker
    back = resumed(shut)
    assert (back.breaker, back.reason, back.failing_since) == (Breaker.CLOSED, "", None)


def test_one_thing_that_is_gone_shuts_nothing() -> None:
    assert tried(FRESH, Outcome(result=R.GONE, status=404)).breaker is Breaker.CLOSED


def test_days_of_nothing_but_failures_switch_it_off() -> None:
    failing = tried(FRESH, *[BAD] * 5)
    later = fared(failing, BAD, seconds=0.1, settings=SETTINGS, now=NOW + timedelta(days=3))
    assert later.breaker is Breaker.DISABLED


def test_a_success_is_remembered_and_so_is_how_long_tries_take() -> None:
    health = FRESH
    for number in range(2000):
        seconds = 0.1 if number % 10 else 1.0
        now = NOW + timedelta(seconds=number)
        health = fared(health, GOOD, seconds=seconds, settings=SETTINGS, now=now)
    assert health.last_success == NOW + timedelta(seconds=1999)
    assert health.p95_ms is not None
    assert 500 < health.p95_ms < 1500
    assert len(health.recent) == 20


def test_nothing_known_is_no_reason_to_wait() -> None:
    assert may_use(None, now=NOW)
