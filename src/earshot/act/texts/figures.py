"""Figures and closed words as templates write them, the same on every machine."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


def number(value: float | None) -> str:
    """A number with thousands separated and no idle zeros, two places at most: 1,234.5."""
    if value is None:
        return ""
    text = f"{round(value, 2) + 0.0:,.2f}"
    return text.rstrip("0").rstrip(".")


def counted(value: int, one: str, *, many: str = "") -> str:
    """A count and its noun: "1 customer", "1,200 customers"."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def money(amount: float, currency: str) -> str:
    """An amount in whole units: $45,000."""
    return f"{_SYMBOLS.get(currency, currency + ' ')}{round(amount):,}"


def date(at: datetime) -> str:
    """A day: 2026-01-31."""
    return f"{at:%Y-%m-%d}"


def words(value: str) -> str:
    """A closed word for people: PRODUCT_BUG is "product bug"."""
    return value.replace("_", " ").lower()


def mood(score: float) -> str:
    """A sentiment score in words."""
    if abs(score) < 0.2:
        return "neutral"
    return f"{'highly ' if abs(score) >= 0.6 else ''}{'negative' if score < 0 else 'positive'}"


def listed(values: Sequence[str]) -> str:
    """Words in a row: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(values[:-1]), *values[-1:])))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "number": number,
    "counted": counted,
    "words": words,
    "listed": listed,
}
