"""Where the figures of a report lead: into the app's pages where its address is known, else to the source.

The only place that makes links of reports; every renderer takes them from here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from earshot.domain.report import Report
from earshot.text.escape import safe_url, well_formed


def page(report: Report, path: str, **parameters: str | None) -> str | None:
    """A page of the app with what is set of the parameters; None where the app's address is not known."""
    base = report.edition.app_url.rstrip("/")
    if not base:
        return None
    query = urlencode({name: well_formed(value) for name, value in parameters.items() if value})
    return safe_url(f"{base}{path}?{query}" if query else f"{base}{path}")


def conversations(
    report: Report,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    filters: Mapping[str, str] | None = None,
    **more: str,
) -> str | None:
    """The conversations of the report's window, or of a part of it, that match the filters of that page."""
    window = report.window
    begin = since or (None if window.everything else window.start)
    span = {"since": _moment(begin) if begin else None, "until": _moment(until or window.end)}
    return page(report, "/conversations", **span, **(filters or {}), **more)


def conversation(report: Report, ident: str, *, source: str | None) -> str | None:
    """One conversation: here, else where it stands at the source."""
    return page(report, f"/conversations/{_part(ident)}") or safe_url(source)


def theme(report: Report, ident: str) -> str | None:
    """One theme."""
    return page(report, f"/themes/{_part(ident)}")


def themes(report: Report) -> str | None:
    """All themes of the window."""
    begin = None if report.window.everything else _moment(report.window.start)
    return page(report, "/themes", since=begin, until=_moment(report.window.end))


def account(report: Report, ident: str) -> str | None:
    """One customer."""
    return page(report, f"/accounts/{_part(ident)}")


def accounts(report: Report) -> str | None:
    """The customers who may leave."""
    return page(report, "/accounts", churn_risk="HIGH")


def action(report: Report, key: str) -> str | None:
    """One action."""
    return page(report, f"/actions/{_part(key)}")


def actions(report: Report, **filters: str) -> str | None:
    """Actions that match the filters of that page."""
    return page(report, "/actions", **filters)


def item(report: Report, ident: str) -> str | None:
    """One backlog item."""
    return page(report, f"/backlog/{_part(ident)}")


def _part(text: str) -> str:
    return quote(well_formed(text), safe="")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
