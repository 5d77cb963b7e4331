"""Figures and closed fields in words; the same in every renderer and on every machine (no locale)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.report import Window

MINUS = "\u2212"
UNKNOWN = "unknown"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}

ISSUE_TYPES: Mapping[str, str] = {
    "PRODUCT_BUG": "Product bugs",
    "ACCOUNT_ACCESS": "Account access",
    "BILLING": "Billing",
    "FEATURE_REQUEST": "Feature requests",
    "UX_FRICTION": "UX friction",
    "USAGE_QUESTION": "Usage questions",
    "OTHER": "Other",
}
"""Issue types in the fixed order and words of every table and chart."""

ISSUE_TYPE: Mapping[str, str] = {
    "PRODUCT_BUG": "Product bug",
    "FEATURE_REQUEST": "Feature request",
    "USAGE_QUESTION": "Usage question",
}
"""Singular forms where they differ."""

ACTIONS: Mapping[str, str] = {
    "PAGE_ONCALL_ENGINEER": "Page the engineer on call",
    "ALERT_CS_MANAGER": "Alert the customer success manager",
    "ESCALATE_TO_FINANCE": "Escalate to finance",
    "CREATE_PRODUCTBOARD_NOTE": "Create a Productboard note",
    "CREATE_JIRA_P0": "Create a Jira P0 issue",
    "CREATE_TICKET": "Create a ticket",
    "SCHEDULE_UX_REVIEW": "Schedule a UX review",
    "INCREMENT_FEATURE_COUNTER": "Count towards a feature request",
    "ADD_TO_PM_QUEUE": "Add to the product manager’s queue",
    "NOTE": "Write an internal note",
    "TAG": "Tag the conversation",
    "ASSIGN": "Assign the conversation",
    "SET_ATTRIBUTE": "Set an attribute of the conversation",
    "SEND_WEBHOOK": "Send an event",
}
STATUSES: Mapping[str, str] = {
    "PENDING": "waiting",
    "COMPLETED": "done",
    "FAILED": "failed",
    "DISCARDED": "discarded",
}


def plain(word: str) -> str:
    """An enum value as words: `VERY_NEGATIVE` becomes "Very negative"."""
    return word.replace("_", " ").capitalize()


def issue_types(value: str) -> str:
    """An issue type as a category of many."""
    return ISSUE_TYPES.get(value) or plain(value)


def issue_type(value: str) -> str:
    """An issue type of one conversation."""
    return ISSUE_TYPE.get(value) or issue_types(value)


def in_order(values: set[str]) -> list[str]:
    """Issue types in their fixed order, unknown ones last by name."""
    return [t for t in ISSUE_TYPES if t in values] + sorted(values - set(ISSUE_TYPES))


def number(value: float) -> str:
    """A whole number with thousands separators."""
    return f"{value:,.0f}".replace("-", MINUS)


def count(value: int, noun: str, *, many: str | None = None) -> str:
    """A number with its noun: "1 conversation", "2 conversations"."""
    return f"{number(value)} {noun if value == 1 else many or noun + 's'}"


def signed(value: float, places: int = 0) -> str:
    """A number with its sign; zero has none."""
    rounded = round(value, places)
    if rounded == 0:
        return f"{0:.{places}f}"
    return f"{'+' if rounded > 0 else MINUS}{abs(rounded):,.{places}f}"


def score(value: float | None) -> str:
    """A sentiment score from −1 to +1 with two places."""
    return UNKNOWN if value is None else signed(value, 2)


def percent(share: float) -> str:
    """A share as a percentage: one place below ten percent, none above."""
    points = share * 100
    if 0 < points < 0.1:
        return "<0.1%"
    return f"{points:.0f}%" if points >= 9.95 or points == 0 else f"{points:.1f}%"


def money(amount: float | None, currency: str) -> str:
    """An amount of revenue, without cents; unknown stays unknown."""
    if amount is None:
        return UNKNOWN
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{amount:,.0f}" if symbol else f"{currency} {amount:,.0f}"


def cost(usd: float | None) -> str:
    """A cost in US dollars, to the cent or finer; unknown is never shown as 0."""
    if usd is None:
        return UNKNOWN
    return f"${usd:,.2f}" if usd >= 0.1 or usd == 0 else f"${usd:.4f}"


def day(value: date, *, year: bool = True) -> str:
    """A date such as "3 Nov 2026"."""
    text = f"{value.day} {_MONTHS[value.month - 1]}"
    return f"{text} {value.year}" if year else text


def moment(value: datetime, timezone: str) -> str:
    """A point in time on the report's clock."""
    local = value.astimezone(ZoneInfo(timezone))
    return f"{day(local)}, {local:%H:%M}"


def everything(window: Window) -> bool:
    """Whether a window has no real start: the store counts from 1970 on as all there is."""
    return window.start.year <= 1970


def first_day(window: Window) -> date:
    """The first local day of a window."""
    return window.start.astimezone(ZoneInfo(window.timezone)).date()


def last_day(window: Window) -> date:
    """The last local day a window touches (its end is not part of it)."""
    end = max(window.start, window.end - timedelta(microseconds=1))
    return end.astimezone(ZoneInfo(window.timezone)).date()


def last_whole_day(window: Window) -> date:
    """The last local day that lies in a window whole."""
    local = window.end.astimezone(ZoneInfo(window.timezone))
    return local.date() - timedelta(days=1)


def span(window: Window) -> str:
    """A window as its first and last day."""
    first, last = first_day(window), last_day(window)
    if everything(window):
        return f"everything until {day(last)}"
    if first == last:
        return day(first)
    return f"{day(first, year=first.year != last.year)} – {day(last)}"


def before(window: Window) -> Window:
    """The window of equal length that ends where this one starts."""
    return window.model_copy(update={"start": window.start - (window.end - window.start), "end": window.start})
