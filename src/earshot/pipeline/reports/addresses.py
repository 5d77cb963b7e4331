"""The name of a report in addresses: its series and the end of its period."""

from datetime import UTC, datetime

from earshot.errors import NotFound
from earshot.text.escape import safe_url

_FORM = "%Y%m%dT%H%MZ"
NOW = "now"
"""The report up to now, of no series."""


def name_of(series: str, *, end: datetime) -> str:
    """`weekly~20261130T0000Z`."""
    return f"{series}~{end.astimezone(UTC).strftime(_FORM)}"


def parse_name(name: str) -> tuple[str, datetime]:
    """Series and end of the period. Raises NotFound."""
    series, _, text = name.partition("~")
    try:
        return series, datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    except ValueError:
        raise NotFound("There is no such report.", hint="/reports lists those there are.") from None


def address_of(public_url: str, series: str, *, end: datetime) -> str:
    """Where the report stands in the app, "" where the app's address is not known."""
    if not public_url:
        return ""
    return safe_url(f"{public_url.rstrip('/')}/reports/{name_of(series, end=end)}") or ""
