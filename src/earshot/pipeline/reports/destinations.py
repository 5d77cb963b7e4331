"""Where a series goes: one destination per mail, channel and folder, and what is sent there."""

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

from earshot.domain.letter import Letter
from earshot.domain.report import Report
from earshot.report import pictures, to_mail, to_plain, to_slack, to_slack_text
from earshot.report.settings import ReportSeries
from earshot.report.subject import subject

EMAIL, SLACK, FILES = "email", "slack", "files"


class Destination(NamedTuple):
    """Where a series goes. `tool` is the connector's name, "" for files; `to` its recipients or channel."""

    name: str
    tool: str
    to: tuple[str, ...]

    @property
    def title(self) -> str:
        """As people say it."""
        if self.tool == EMAIL:
            return f"mail to {', '.join(self.to)}"
        return f"Slack {self.to[0]}" if self.tool == SLACK else f"files in {self.to[0]}"


def destinations_of(series: ReportSeries) -> tuple[Destination, ...]:
    """All destinations of a series. One mail goes to all its recipients."""
    mail = [Destination(EMAIL, EMAIL, tuple(series.mail))] if series.mail else []
    slack = [Destination(f"{SLACK}:{channel}", SLACK, (channel,)) for channel in series.slack]
    files = [Destination(FILES, "", (str(series.folder),))] if series.folder else []
    return (*mail, *slack, *files)


def letter_of(report: Report, destination: Destination, *, key: str, charts: bool) -> Letter:
    """A report as what is sent to a destination. Drawing charts takes a moment: call it in a thread."""
    drawn = pictures(report) if charts else ()
    if destination.tool == EMAIL:
        return Letter(
            key=key,
            to=destination.to,
            title=subject(report),
            plain=to_plain(report),
            page=to_mail(report, charts=charts),
            pictures=drawn,
        )
    return Letter(
        key=key,
        to=destination.to,
        title=subject(report),
        plain=to_slack_text(report),
        blocks=to_slack(report),
        pictures=drawn,
    )


def key_of(series: str, *, end: datetime, destination: str) -> str:
    """The letter's key: the same for one series, period and destination, so that mailboxes can fold two."""
    told = f"report\x1f{series}\x1f{end.astimezone(UTC).isoformat()}\x1f{destination}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]
