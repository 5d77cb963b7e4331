"""A row as a document: what JSON has, times as dates, exact numbers as decimals."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, cast

from earshot.domain.model import Noun
from earshot.text.clean import storable


def document(row: Noun, key: str, *, decimal: type[Any]) -> dict[str, Any]:
    """The row under its key as `_id`. `decimal` is BSON's type of exact numbers."""
    fields = cast("dict[str, Any]", _plain(row.model_dump(), decimal))
    return {"_id": fields[key], **fields}


def _plain(value: object, decimal: type[Any]) -> object:
    if isinstance(value, Enum):
        return _plain(value.value, decimal)
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Decimal):
        return decimal(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return {str(name): _plain(inner, decimal) for name, inner in pairs}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return [_plain(inner, decimal) for inner in cast("Sequence[object]", value)]
    return value
