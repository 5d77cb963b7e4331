"""When a cron line comes round in a time zone: the next time, the last one, and those in between.

As Debian's cron does it: what is at a fixed hour happens once on the days when clocks change (after the gap, and
the first of two), what repeats within the hours follows the time that really passes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_FIELDS = 5
_FIRST_LOOK = timedelta(hours=1)
_WIDER = 12
"""How much further back each look for the last time goes."""
_FURTHEST = timedelta(days=366 * 9)
_BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)


def check(cron: str) -> None:
    """Raise ValueError where a cron line is none; the message says which field."""
    if len(cron.split()) != _FIELDS:
        raise ValueError(f"{cron!r} is no cron line: it has five fields, minute hour day month weekday (0 6 * * 1)")
    try:
        next(CronSim(cron, _BEGINNING))
    except CronSimError as error:
        raise ValueError(f"{cron!r} is no cron line: {str(error).lower()}") from None
    except StopIteration:
        raise ValueError(f"{cron!r} never comes") from None


def in_words(cron: str) -> str:
    """What a cron line says, in words."""
    return CronSim(cron, _BEGINNING).explain()


def times_after(cron: str, zone: str, *, after: datetime) -> Iterator[datetime]:
    """The times after a moment, as UTC, each later than the one before."""
    last = after
    for found in CronSim(cron, after.astimezone(ZoneInfo(zone))):
        moment = found.astimezone(UTC)
        if moment > last:  # when clocks go back, a fixed time is named again that has been already
            last = moment
            yield moment


def next_time(cron: str, zone: str, *, after: datetime) -> datetime | None:
    """The first time after a moment, as UTC; None when there is none any more."""
    return next(times_after(cron, zone, after=after), None)


def last_time(cron: str, zone: str, *, until: datetime, since: datetime | None = None) -> datetime | None:
    """The last time not after `until` (and not before `since`), as UTC."""
    floor = (until - _FURTHEST if since is None else since) - timedelta(seconds=1)
    look = _FIRST_LOOK
    while True:
        start = max(until - look, floor)
        found = None
        for moment in times_after(cron, zone, after=start):
            if moment > until:
                break
            found = moment
        if found is not None or start == floor:
            return found
        look *= _WIDER
