"""The period of a scheduled report, and times as text."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from earshot.domain.schedule import Schedule
from earshot.errors import BadInput
from earshot.pipeline.scheduling.keys import key_of, parse_key, parse_tick
from earshot.pipeline.scheduling.periods import period

BERLIN = ZoneInfo("Europe/Berlin")


def told(cron: str, tick: datetime, since: datetime | None = None) -> tuple[str, str]:
    schedule = Schedule.model_validate({"name": "r", "chore": "report", "cron": cron, "timezone": "Europe/Berlin"})
    window = period(schedule, tick, zone="Europe/Berlin", since=since)
    start, end = (moment.astimezone(BERLIN) for moment in (window.start, window.end))
    return f"{start:%m-%d %H:%M}", f"{end:%m-%d %H:%M}"


def test_a_report_on_monday_is_about_the_seven_days_before_it() -> None:
    assert told("0 6 * * 1", datetime(2026, 3, 2, 6, tzinfo=BERLIN)) == ("02-23 00:00", "03-02 00:00")


def test_a_daily_one_is_about_yesterday_also_where_clocks_changed() -> None:
    assert told("0 6 * * *", datetime(2026, 3, 30, 6, tzinfo=BERLIN)) == ("03-29 00:00", "03-30 00:00")
    assert told("0 6 * * *", datetime(2026, 3, 29, 6, tzinfo=BERLIN)) == ("03-28 00:00", "03-29 00:00")
    assert told("0 6 * * *", datetime(2026, 10, 26, 6, tzinfo=BERLIN)) == ("10-25 00:00", "10-26 00:00")


def test_a_monthly_one_is_about_the_month_before() -> None:
    assert told("0 6 1 * *", datetime(2026, 4, 1, 6, tzinfo=BERLIN)) == ("03-01 00:00", "04-01 00:00")


def test_what_comes_more_often_is_about_the_hours_between() -> None:
    assert told("0 */4 * * *", datetime(2026, 3, 2, 8, tzinfo=BERLIN)) == ("03-02 04:00", "03-02 08:00")


def test_a_schedule_may_say_since_when() -> None:
    tick = datetime(2026, 3, 2, 6, tzinfo=BERLIN)
    assert told("0 6 * * 1", tick, since=datetime(2026, 2, 1, 6, tzinfo=BERLIN)) == ("02-01 00:00", "03-02 00:00")


def test_keys_come_back() -> None:
    tick = datetime(2026, 3, 2, 5, tzinfo=UTC)
    assert key_of("daily", tick.astimezone(BERLIN)) == "daily@2026-03-02T05:00:00Z"
    assert parse_key("daily@2026-03-02T05:00:00Z") == ("daily", tick)
    assert parse_tick("2026-03-02T06:00+01:00") == tick
    assert parse_tick("2026-03-02T05:00") == tick
    with pytest.raises(BadInput, match="no time"):
        parse_tick("yesterday")
