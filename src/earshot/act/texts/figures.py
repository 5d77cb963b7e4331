"""Figures and closed words as templates write them, the same on every machine."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from earshot.text.wording import counted, listed, number


def figure(value: float | None) -> str:
    """A number for people, nothing where it is unknown."""
    return "" if value is None else number(value)


def date(at: datetime) -> str:
    """A day: 2026-01-31."""
    return f"{at:%Y-%m-%d}"


def words(value: str) -> str:
    """A closed word for people: PRODUCT_BUG is "product bug"."""
    return value.replace("_", " ").lower()


FILTERS: Mapping[str, Callable[..., Any]] = {
    "number": figure,
    "counted": counted,
    "words": words,
    "listed": listed,
}
