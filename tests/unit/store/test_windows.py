from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.domain.report import Window
from earshot.errors import Misconfigured
from earshot.store.windows import before, span

AT = datetime(2026, 3, 2, tzinfo=UTC)


def test_whole_hours_need_no_rows() -> None:
    found = span(Window(start=AT, end=AT + timedelta(days=3)))
    assert (found.cut, found.first, found.last) == ([], "2026-03-02T00:00:00+00:00", "2026-03-05T00:00:00+00:00")


def test_bounds_and_midnights_within_an_hour_are_cut() -> None:
    found = span(
        Window(start=AT + timedelta(minutes=5), end=AT + timedelta(days=1, minutes=5), timezone="Asia/Kolkata"),
        by_day=True,
    )
    assert [moment.isoformat() for moment in found.cut] == [
        "2026-03-02T00:00:00+00:00",
        "2026-03-02T18:00:00+00:00",
        "2026-03-03T00:00:00+00:00",
    ]
    assert found.last == "2026-03-03T01:00:00+00:00"


def test_a_window_from_1970_is_everything() -> None:
    window = Window(start=datetime(1970, 1, 1, tzinfo=UTC), end=AT)
    assert (span(window).first, span(window).start) == ("-infinity", "-infinity")
    assert before(window).start == before(window).end


def test_very_long_windows_do_not_walk_every_day() -> None:
    assert span(Window(start=AT, end=datetime(9000, 1, 1, tzinfo=UTC)), by_day=True).cut == []


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_the_window_before_has_the_same_length_and_ends_where_this_begins(length: int, shift: int) -> None:
    window = Window(start=AT + timedelta(seconds=shift), end=AT + timedelta(seconds=shift + length))
    earlier = before(window)
    assert earlier.end == window.start
    assert earlier.end - earlier.start == window.end - window.start


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_unknown_zones_are_named(zone: str) -> None:
    with pytest.raises(Misconfigured):
        span(Window(start=AT, end=AT + timedelta(days=1), timezone=zone), by_day=True)


@given(st.integers(-3000, 3000), st.integers(1, 6000))
def test_whole_days_edge_hours_and_cut_hours_share_out_the_window(start: int, length: int) -> None:
    window = Window(start=AT + timedelta(minutes=start), end=AT + timedelta(minutes=start + length))
    found = span(window)
    first, last, first_day, last_day = (
        datetime.fromisoformat(text) for text in (found.first, found.last, found.first_day, found.last_day)
    )
    for minute in range(start - 90, start + length + 90, 30):
        moment = AT + timedelta(minutes=minute)
        hour, day = moment.replace(minute=0), moment.replace(hour=0, minute=0)
        ways = [
            first_day <= day < last_day,
            (first <= hour < first_day or last_day <= hour < last) and hour not in found.cut,
            hour in found.cut and window.start <= moment < window.end,
        ]
        assert sum(ways) == (window.start <= moment < window.end), moment
