"""The window of a list of themes, as addresses give it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from earshot.domain.report import BEGINNING, Window
from earshot.errors import BadInput
from earshot.pull.window import parse_when

USUAL = "30d"
"""The window that is shown where none is asked for."""
ALL = "all"


def window_of(since: str, until: str, *, now: datetime, zone: str) -> Window:
    """`since`: a span back from the end (7d), a local date or time, or all. BadInput where it is no window."""
    end = _moment(until, now=now, zone=zone) if until else now.replace(microsecond=0)
    start = BEGINNING if since == ALL else _moment(since or USUAL, now=end, zone=zone)
    if start >= end:
        raise BadInput("The window ends before it begins.", hint="Choose an earlier start.")
    return Window(start=start, end=end, timezone=zone)


def stamp(moment: datetime) -> str:
    """A moment as an address carries it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str, *, now: datetime, zone: str) -> datetime:
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return parse_when(text, now=now).replace(microsecond=0)
    try:
        known = local if local.tzinfo else local.replace(tzinfo=ZoneInfo(zone))
        found = known.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise BadInput(f"{text[:40]!r} is no time that can be reckoned with.") from None
    if not BEGINNING.year <= found.year <= 9000:
        raise BadInput(f"{text[:40]!r} is no time that can be reckoned with.", hint="Write it like 2026-11-02.")
    return found
