"""A window of conversation time over hourly roll-ups: whole hours from the roll-up, cut ones from the rows."""
# ruff: noqa: S608 (statements are put together from constant conditions; values are parameters)

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from earshot.domain.report import Window
from earshot.errors import Misconfigured

HOUR = timedelta(hours=1)
_EPOCH_YEAR = 1970
_LONGEST = 4000
"""Days up to which local midnights are looked at one by one (11 years)."""


@dataclass(frozen=True)
class Span:
    """Bounds as PostgreSQL reads them. `cut` are the hours in which a bound or a local midnight falls.

    A window that begins in 1970 or before means everything, conversations without known times included.
    """

    start: str
    end: str
    first: str
    last: str
    cut: list[datetime]
    timezone: str
    first_day: str
    last_day: str

    @property
    def bounds(self) -> dict[str, object]:
        """The parameters of `ROLLED` and `CUT`."""
        return {"start": self.start, "end": self.end, "first": self.first, "last": self.last, "cut": self.cut}

    @property
    def days(self) -> dict[str, object]:
        """The parameters of `WHOLE_DAYS` and `EDGE_HOURS` beside the bounds."""
        return {"first_day": self.first_day, "last_day": self.last_day}


WHOLE_DAYS = """day >= cast(cast(:first_day as text) as timestamptz)
    and day < cast(cast(:last_day as text) as timestamptz)"""
"""The rows of a roll-up by UTC day that lie whole in a span without cuts by day."""
EDGE_HOURS = """(hour >= cast(cast(:first as text) as timestamptz)
    and hour < cast(cast(:first_day as text) as timestamptz)
    or hour >= cast(cast(:last_day as text) as timestamptz)
    and hour < cast(cast(:last as text) as timestamptz)) and hour <> all(cast(:cut as timestamptz[]))"""
"""The rows of the hourly roll-up beside those days."""
ROLLED = """hour >= cast(cast(:first as text) as timestamptz) and hour < cast(cast(:last as text) as timestamptz)
    and hour <> all(cast(:cut as timestamptz[]))"""
"""The roll-up rows of a span."""
CUT = """hour = any(cast(:cut as timestamptz[])) and conversation_at >= cast(cast(:start as text) as timestamptz)
    and conversation_at < cast(cast(:end as text) as timestamptz)"""
"""The table rows of a span that the roll-up cannot give."""
THEMES = f"""
    select theme_id, sum(n)::int as n from (
        select theme_id, n from theme_day where {WHOLE_DAYS}
        union all
        select theme_id, n from theme_hour where {EDGE_HOURS}
        union all
        select theme_id, 1 from (
            select distinct theme_id, conversation_id from finding where theme_id is not null and {CUT}
        ) cut
    ) counted group by theme_id
"""
"""Distinct conversations of a span by theme."""
_BOUND = re.compile(r"(?<!:):(start|end|first_day|last_day|first|last|cut)\b")
WITHIN = """hour >= cast(cast(:first as text) as timestamptz) and hour < cast(cast(:last as text) as timestamptz)
    and (hour <> all(cast(:cut as timestamptz[])) or conversation_at >= cast(cast(:start as text) as timestamptz)
    and conversation_at < cast(cast(:end as text) as timestamptz))"""
"""All table rows of a span."""


def span(window: Window, *, by_day: bool = False) -> Span:
    """The span of a window; `by_day` cuts the hours in which a local day begins too."""
    start, end = window.start.astimezone(UTC), window.end.astimezone(UTC)
    everything = start.year <= _EPOCH_YEAR < end.year
    edges = ([] if everything else [start]) + [end]
    if by_day and not everything and (end - start).days <= _LONGEST:
        edges += _midnights(start, end, zone=zone_of(window.timezone))
    last = _floor(end) if _floor(end) == end else _floor(end) + HOUR
    first_day, last_day = _days(start, end)
    if first_day >= last_day and not everything:
        first_day = last_day = last
    return Span(
        first_day="-infinity" if everything else first_day.isoformat(),
        last_day=last_day.isoformat(),
        start="-infinity" if everything else start.isoformat(),
        end=end.isoformat(),
        first="-infinity" if everything else _floor(start).isoformat(),
        last=last.isoformat(),
        cut=sorted(cut_hours(edges)),
        timezone=window.timezone,
    )


def cut_hours(edges: Iterable[datetime]) -> set[datetime]:
    """The hours in which a moment falls, those that begin with it left out."""
    return {_floor(edge) for edge in edges if _floor(edge) != edge}


def before(window: Window) -> Window:
    """The window of equal length just before."""
    if window.start.year <= _EPOCH_YEAR:
        return Window(start=window.start, end=window.start, timezone=window.timezone)
    return Window(start=window.start - (window.end - window.start), end=window.start, timezone=window.timezone)


def zone_of(timezone: str) -> ZoneInfo:
    """The time zone of that name; Misconfigured when there is none."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Misconfigured(
            f"there is no time zone {timezone!r}", hint="set [report] timezone to a name like Europe/Berlin"
        ) from error


def _midnights(start: datetime, end: datetime, *, zone: ZoneInfo) -> list[datetime]:
    day, found = start.astimezone(zone).date(), list[datetime]()
    while True:
        day += timedelta(days=1)
        midnight = datetime.combine(day, time(), zone).astimezone(UTC)
        if midnight >= end:
            return found
        found.append(midnight)


def _days(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The first and the last UTC midnight in a span."""
    first, last = _floor(start).replace(hour=0), _floor(end).replace(hour=0)
    return (first if first == start else first + timedelta(days=1)), last


def _floor(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def over(statement: str, prefix: str) -> str:
    """The statement over another span, whose bounds have names of their own: `prefix` and the usual name."""
    return _BOUND.sub(rf":{prefix}\1", statement)
