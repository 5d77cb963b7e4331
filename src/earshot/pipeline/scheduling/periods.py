"""The period that a scheduled report is about."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.report import Window
from earshot.domain.schedule import Schedule
from earshot.pipeline.scheduling.times import last_time

_DAY = timedelta(hours=22)
"""Schedules that come at least this far apart report whole days (a day may have 23 hours)."""
_WEEK = timedelta(days=7)


def period(schedule: Schedule, tick: datetime, *, zone: str, since: datetime | None = None) -> Window:
    """From one time of the schedule to the next, in whole days of the zone where it comes daily or less often.

    With `since`, from there. A weekly report on Monday is about the seven days before that Monday.
    """
    before = last_time(schedule.cron, schedule.timezone, until=tick - timedelta(seconds=1))
    start = since or before or tick - _WEEK
    if tick - start < _DAY:
        return Window(start=start, end=tick, timezone=zone)
    return Window(start=_midnight(start, zone), end=_midnight(tick, zone), timezone=zone)


def _midnight(moment: datetime, zone: str) -> datetime:
    local = ZoneInfo(zone)
    return datetime.combine(moment.astimezone(local).date(), time(), tzinfo=local)
