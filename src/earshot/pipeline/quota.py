"""How much may be read, and at what times of day: for reading that waits for somebody else and costs money."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo

from earshot.errors import Misconfigured

_WINDOW = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")


@dataclass(frozen=True)
class Hours:
    """A stretch of the day, beginning included, end not; over midnight where the end is not after the beginning."""

    start: time
    end: time

    def holds(self, moment: time) -> bool:
        """Whether a time of day lies in it."""
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


@dataclass(frozen=True)
class Quota:
    """At most so many conversations in a run, and only within these hours of the zone's day (empty: any)."""

    most: int | None = None
    hours: tuple[Hours, ...] = ()
    zone: tzinfo = UTC

    def open_at(self, moment: datetime) -> bool:
        """Whether reading that is not urgent may go on at a moment."""
        local = moment.astimezone(self.zone).time()
        return not self.hours or any(hours.holds(local) for hours in self.hours)


def parse_hours(windows: Sequence[str]) -> tuple[Hours, ...]:
    """Windows as the settings write them: 22:00-06:00. Raises Misconfigured."""
    return tuple(_parse(text) for text in windows)


def _parse(text: str) -> Hours:
    found = _WINDOW.fullmatch(text)
    if found is not None:
        hour, minute, last_hour, last_minute = map(int, found.groups())
        end = (0, 0) if (last_hour, last_minute) == (24, 0) else (last_hour, last_minute)
        if max(hour, end[0]) < 24 and max(minute, end[1]) < 60:
            return Hours(time(hour, minute), time(*end))
    raise Misconfigured(f"[llm] windows: {text!r} is no stretch of the day.", hint='Write it like "22:00-06:00".')
