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
        Window(start=AT + timedelta(minutes=5), end=AT + timedelta(days=1, minutes=5), timezone="Asia/Kolkata")
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
    assert span(Window(start=AT, end=datetime(9000, 1, 1, tzinfo=UTC))).cut == []


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_the_window_before_has_the_same_length_and_ends_where_this_begins(length: int, shift: int) -> None:
    window = Window(start=AT + timedelta(seconds=shift), end=AT + timedelta(seconds=shift + length))
    earlier = before(window)
    assert earlier.end == window.start
    assert earlier.end - earlier.start == window.end - window.start


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_unknown_zones_are_named(zone: str) -> None:
    with pytest.raises(Misconfigured):
        span(Window(start=AT, end=AT + timedelta(days=1), timezone=zone))
