"""When a task is due."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.connectors.hubspot.due import due

FRIDAY = datetime(2026, 3, 6, 15, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        (0, datetime(2026, 3, 9, 9, tzinfo=UTC)),
        (1, datetime(2026, 3, 9, 9, tzinfo=UTC)),
        (2, datetime(2026, 3, 10, 9, tzinfo=UTC)),
    ],
)
def test_weekends_do_not_count(days: int, wanted: datetime) -> None:
    assert due(FRIDAY, days=days, hour=9, zone=ZoneInfo("UTC")) == wanted


def test_the_same_day_while_the_hour_is_still_to_come() -> None:
    assert due(FRIDAY, days=0, hour=17, zone=ZoneInfo("UTC")) == datetime(2026, 3, 6, 17, tzinfo=UTC)


def test_from_a_weekend_the_first_working_day_is_day_nought() -> None:
    saturday = datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert due(saturday, days=0, hour=9, zone=ZoneInfo("UTC")) == datetime(2026, 3, 9, 9, tzinfo=UTC)


def test_the_hour_is_that_of_the_people_also_when_the_clocks_change() -> None:
    before_summer_time = datetime(2026, 3, 27, 12, tzinfo=UTC)
    assert due(before_summer_time, days=1, hour=9, zone=BERLIN) == datetime(2026, 3, 30, 7, tzinfo=UTC)


@given(
    now=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    days=st.integers(0, 30),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu"]),
)
def test_it_is_never_in_the_past_nor_on_a_weekend(now: datetime, days: int, *, hour: int, zone: str) -> None:
    found = due(now, days=days, hour=hour, zone=ZoneInfo(zone))
    local = found.astimezone(ZoneInfo(zone))
    assert found >= now
    assert local.weekday() < 5
    assert found - now < timedelta(days=days * 7 / 5 + 6)
