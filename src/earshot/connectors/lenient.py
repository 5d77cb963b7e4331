"""Reading vendor JSON whose types cannot be trusted: every function answers None or nothing rather than raise."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

from earshot.text.clean import storable

Json = dict[str, Any]

SECONDS_END = 10**11
"""Unix times from here on cannot be seconds (year 5138): they are milliseconds."""


def is_object(value: Any) -> TypeGuard[Json]:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def obj(value: Any) -> Json:
    """The object, or an empty one."""
    return value if is_object(value) else {}


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list)


def objects(value: Any, *keys: str) -> list[Json]:
    """The objects of a list, which may be wrapped in an object under one of the keys."""
    if is_object(value):
        value = next((value[key] for key in keys if is_array(value.get(key))), None)
    return [item for item in value if is_object(item)] if is_array(value) else []


def string(value: Any) -> str | None:
    """Text that is not blank, made storable; numbers become text."""
    if isinstance(value, str):
        return storable(value) if value.strip() else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(value)


def ident(value: Any) -> str | None:
    """An id of any type as text; None, "" and 0 mean nobody."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    found = string(value)
    return None if found is None or found.strip() == "0" else found.strip()


def integer(value: Any) -> int | None:
    """A whole number, also from digits in a string."""
    found = number(value)
    return None if found is None else int(found)


def number(value: Any) -> float | None:
    """A finite number, also from a string such as "1200.50"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value.strip().replace(",", ""))
        except ValueError:
            return None
    if not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def moment(value: Any) -> datetime | None:
    """A time from Unix seconds (milliseconds are recognised) or ISO 8601; aware, UTC; None for 0."""
    if isinstance(value, str) and not value.strip().isdigit():
        return _iso(value.strip())
    seconds = number(value)
    if seconds is None or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds / 1000 if seconds >= SECONDS_END else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None


def first(*values: Any) -> Any:
    """The first value that is neither None nor empty text."""
    return next((value for value in values if value not in (None, "")), None)


def attribute(name: str | None, *owners: Mapping[str, Any]) -> Any:
    """A custom attribute of the first owner that has a value for it."""
    if name is None:
        return None
    return first(*(obj(owner.get("custom_attributes")).get(name) for owner in owners))
