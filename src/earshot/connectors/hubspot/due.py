"""When a task is due: working days from now, at an hour of the people who do it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_SATURDAY = 5


def due(now: datetime, *, days: int, hour: int, zone: ZoneInfo) -> datetime:
    """The hour on the working day that many working days after now (0: today, or the next one that works); UTC.

    Holidays are not known. A moment that has passed already moves on to the next working day.
    """
    local = now.astimezone(zone)
    day = _working(local.replace(hour=hour, minute=0, second=0, microsecond=0))
    if days == 0 and day < local:
        days = 1
    for _ in range(days):
        day = _working(day + timedelta(days=1))
    return day.astimezone(UTC)


def _working(day: datetime) -> datetime:
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return day
