"""When cron lines come round, clock changes included."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.pipeline.scheduling.times import check, in_words, last_time, next_time, times_after

BERLIN = "Europe/Berlin"
LINES = st.sampled_from(
    [
        "0 6 * * *",
        "0 6 * * 1",
        "*/15 * * * *",
        "* * * * *",
        "30 2 * * *",
        "0,30 1-3 * * *",
        "5 */2 * * *",
        "0 0 L * *",
    ]
)
ZONES = st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Africa/Cairo"])
MOMENTS = st.integers(0, 3 * 366 * 86_400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def local(cron: str, zone: str, *, after: datetime, count: int) -> list[str]:
    times = islice(times_after(cron, zone, after=after), count)
    return [f"{moment.astimezone(ZoneInfo(zone)):%d %H:%M %z}" for moment in times]


def test_six_in_the_morning_stays_six_in_the_morning() -> None:
    spring = datetime(2026, 3, 27, 12, tzinfo=UTC)
    assert local("0 6 * * *", BERLIN, after=spring, count=3) == [
        "28 06:00 +0100",
        "29 06:00 +0200",
        "30 06:00 +0200",
    ]
    autumn = datetime(2026, 10, 23, 12, tzinfo=UTC)
    assert local("0 6 * * *", BERLIN, after=autumn, count=3) == [
        "24 06:00 +0200",
        "25 06:00 +0100",
        "26 06:00 +0100",
    ]


def test_a_time_that_the_clock_leaves_out_comes_right_after_the_gap_and_once() -> None:
    spring = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert local("30 2 * * *", BERLIN, after=spring, count=2) == ["29 03:00 +0200", "30 02:30 +0200"]


def test_a_time_that_the_clock_shows_twice_comes_once() -> None:
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert local("30 2 * * *", BERLIN, after=autumn, count=2) == ["25 02:30 +0200", "26 02:30 +0100"]
    in_the_second_hour = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 again
    assert local("30 2 * * *", BERLIN, after=in_the_second_hour, count=1) == ["26 02:30 +0100"]


def test_what_repeats_within_the_hours_follows_real_time() -> None:
    autumn = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
    shown = ["25 02:30 +0200", "25 02:45 +0200", "25 02:00 +0100", "25 02:15 +0100"]
    assert local("*/15 * * * *", BERLIN, after=autumn, count=4) == shown
    spring = datetime(2026, 3, 29, 0, 40, tzinfo=UTC)
    assert local("*/15 * * * *", BERLIN, after=spring, count=2) == ["29 01:45 +0100", "29 03:00 +0200"]


@settings(max_examples=150, deadline=None)
@given(LINES, ZONES, MOMENTS)
def test_the_last_and_the_next_time_meet(cron: str, zone: str, moment: datetime) -> None:
    following = next_time(cron, zone, after=moment)
    assert following is not None
    assert following > moment
    last = last_time(cron, zone, until=moment)
    assert last is not None
    assert last <= moment
    assert next_time(cron, zone, after=last) == following
    assert last_time(cron, zone, until=following) == following
    assert next_time(cron, zone, after=following - timedelta(seconds=1)) == following


@settings(max_examples=60, deadline=None)
@given(LINES, ZONES, MOMENTS)
def test_times_only_go_forward(cron: str, zone: str, moment: datetime) -> None:
    times = list(islice(times_after(cron, zone, after=moment), 50))
    assert times == sorted(set(times))
    assert times[0] > moment


def test_nothing_before_the_floor_is_found() -> None:
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    six = datetime(2026, 3, 3, 6, tzinfo=UTC)
    assert last_time("0 6 * * *", "UTC", until=noon, since=six) == six
    assert last_time("0 6 * * *", "UTC", until=noon, since=six + timedelta(seconds=1)) is None
    assert last_time("0 6 29 2 *", "UTC", until=noon) == datetime(2024, 2, 29, 6, tzinfo=UTC)


@pytest.mark.parametrize("line", ["0 6 * * *", "0 9 * * MON#1", "0 0 L * *", "*/5 8-18 * * 1-5"])
def test_cron_lines_are_taken(line: str) -> None:
    check(line)
    assert in_words(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("61 * * * *", "bad minute"),
        ("0 24 * * *", "bad hour"),
        ("0 6 30 2 *", "bad day-of-month"),
        ("0 6 * * 9", "bad day-of-week"),
        ("* * * * * *", "five fields"),
        ("daily", "five fields"),
        ("", "five fields"),
    ],
)
def test_what_is_no_cron_line_is_refused_with_the_field(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(line)
