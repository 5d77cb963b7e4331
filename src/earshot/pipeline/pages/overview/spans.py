"""The window of the overview, and the one that it is compared with: the same weekdays, some whole weeks earlier."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from earshot.domain.report import Window
from earshot.errors import BadInput
from earshot.pull.window import parse_when
from earshot.report import words

CHOICES = (("7d", "7 days"), ("28d", "4 weeks"), ("91d", "quarter"))
WEEK = timedelta(days=7)
LONGEST = timedelta(days=366)
"""Windows longer than that are what reports are for."""


@dataclass(frozen=True, kw_only=True)
class Spans:
    """The window and the one before it. `since` and `until` are as they were asked for."""

    now: Window
    before: Window
    since: str
    until: str

    @property
    def against(self) -> str:
        """The window before in words."""
        weeks = (self.now.start - self.before.start) // WEEK
        length = self.now.end - self.now.start
        if length == weeks * WEEK:
            return f"the {words.number(weeks * 7)} days before"
        return "the same days one week earlier" if weeks == 1 else f"the same days {weeks} weeks earlier"

    def conversations(self, **filters: str) -> str:
        """The address of the conversations in the window that were read, with filters."""
        return conversations(self.now.start, self.now.end, **filters)

    def earlier(self, **filters: str) -> str:
        """The address of those in the window before."""
        return conversations(self.before.start, self.before.end, **filters)


def conversations(start: datetime, end: datetime, **filters: str) -> str:
    """The address of the conversations of a time that were read, with filters."""
    query = {"since": stamp(start), "until": stamp(end), **({} if filters else {"unread": "0"}), **filters}
    return f"/conversations?{urlencode(query)}"


def stamp(moment: datetime) -> str:
    """A moment as an address carries it."""
    return moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def spans(since: str, until: str, *, now: datetime, zone: str) -> Spans:
    """The windows asked for: a week up to now where nothing is. BadInput where it is no window.

    A window is compared with its like some whole weeks earlier, so that weekdays never pretend a change.
    """
    since = since or CHOICES[0][0]
    end = _moment(until, now=now, zone=zone) if until else now.replace(microsecond=0)
    start = _moment(since, now=end if since.endswith(("d", "h")) else now, zone=zone)
    if start >= end:
        raise BadInput("The window ends before it begins.", hint="Choose an earlier start.")
    if end - start > LONGEST:
        raise BadInput("The overview covers at most a year.", hint="`earshot report --since …` covers everything.")
    weeks = -(-(end - start) // WEEK) * WEEK
    try:
        before = Window(start=start - weeks, end=end - weeks, timezone=zone)
    except OverflowError:
        raise BadInput("There is no time before that.", hint="Choose a later start.") from None
    return Spans(now=Window(start=start, end=end, timezone=zone), before=before, since=since, until=until)


def _moment(text: str, *, now: datetime, zone: str) -> datetime:
    """A moment as addresses give it; a date or time without a zone is the report's."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return parse_when(text, now=now).replace(microsecond=0)
    local = local.replace(microsecond=0)
    try:
        return (local if local.tzinfo else local.replace(tzinfo=ZoneInfo(zone))).astimezone(ZoneInfo("UTC"))
    except OverflowError:
        raise BadInput(
            f"{text!r} is no time that can be reckoned with.", hint="Write it like 2026-11-02."
        ) from None
