"""Times in addresses: a span back from now, or a date or time in the report's zone."""

from datetime import MAXYEAR, datetime
from zoneinfo import ZoneInfo

from earshot.errors import BadInput
from earshot.pull.window import parse_when
from earshot.web.pages.shell import Desk


def moment_of(desk: Desk, text: str) -> datetime | None:
    """24h, 7d, 2026-01-31 or a time in ISO 8601 as a moment, None for nothing. Raises BadInput."""
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        return parse_when(text, now=desk.parts.clock.now())
    if not 1 < local.year < MAXYEAR:  # in another zone it may be no year at all
        raise BadInput(f"{text[:40]!r} is no time that can be reckoned with.", hint="Write it like 2026-11-02.")
    return local.replace(tzinfo=ZoneInfo(desk.parts.report.timezone)) if local.tzinfo is None else local
