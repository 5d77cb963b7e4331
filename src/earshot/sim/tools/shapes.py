"""Shapes that simulated tools ask of values in JSON."""

from datetime import datetime
from typing import Any


def is_text(value: Any, low: int = 0, *, high: int) -> bool:
    """Whether it is text of `low` to `high` characters."""
    return isinstance(value, str) and low <= len(value) <= high


def is_moment(value: Any, *, aware: bool = True) -> bool:
    """Whether it is a time in ISO 8601, with its offset where `aware`."""
    try:
        return isinstance(value, str) and (datetime.fromisoformat(value).tzinfo is not None or not aware)
    except ValueError:
        return False
