"""An id or e-mail to be found in texts and JSON, whole, in any letter case, also written as in a web address."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

MASK = "[erased]"
DISTINCTIVE = 8
"""Ids shorter than this occur by chance in any text, so they are looked for only where people are named."""

_PERSON_TYPES = {"contact", "user", "lead", "visitor", "customer"}
_PERSON_KEYS = {"contact", "contacts", "customer", "author", "user", "requester"}
_ID_KEYS = ("id", "external_id", "user_id", "contact_id", "email")


@dataclass(frozen=True)
class Needles:
    """Every id and e-mail of one person (or the id of one conversation)."""

    values: frozenset[str]

    @property
    def searchable(self) -> list[str]:
        """Those that can be looked for in free text."""
        return sorted(v for v in self.values if "@" in v or len(v) >= DISTINCTIVE)

    @property
    def pattern(self) -> str | None:
        """A regular expression that Python and PostgreSQL read alike; None when no value is distinctive."""
        if not self.searchable:
            return None
        return "|".join(rf"(?<![\w.+-]){_escaped(value)}(?!\w|[.-]\w)" for value in self.searchable)

    def in_text(self, text: str) -> bool:
        """Whether the text mentions one of them."""
        return self.pattern is not None and re.search(self.pattern, text, re.IGNORECASE) is not None

    def masked(self, text: str) -> str:
        """The text with every mention masked."""
        return text if self.pattern is None else re.sub(self.pattern, MASK, text, flags=re.IGNORECASE)

    def masked_json(self, value: Any) -> Any:
        """The same for every text and key inside JSON data."""
        if isinstance(value, str):
            return self.masked(value)
        if isinstance(value, dict):
            found = cast("dict[str, Any]", value)
            return {self.masked(key): self.masked_json(item) for key, item in found.items()}
        if isinstance(value, list):
            return [self.masked_json(item) for item in cast("list[Any]", value)]
        return value

    def may_be_in(self, raw: bytes) -> bool:
        """A cheap test that is never wrongly False."""
        lower = raw.lower()
        return b"\\u00" in lower or any(_core(value) in lower for value in self.values)

    def in_json(self, value: Any) -> bool:
        """Whether any text in JSON data mentions one of them."""
        return self.pattern is not None and any(self.in_text(text) for text in _texts(value))

    def is_party(self, value: Any, *, key: str = "") -> bool:
        """Whether JSON data names one of them as a person who takes part."""
        if isinstance(value, list):
            return any(self.is_party(item, key=key) for item in cast("list[Any]", value))
        if not isinstance(value, dict):
            return False
        found = cast("dict[str, Any]", value)
        if (found.get("type") in _PERSON_TYPES or key in _PERSON_KEYS) and self._names(found):
            return True
        return any(self.is_party(item, key=name) for name, item in found.items())

    def _names(self, person: Mapping[str, Any]) -> bool:
        said = {str(person[name]).strip().lower() for name in _ID_KEYS if person.get(name) is not None}
        return bool(said & {value.lower() for value in self.values})


def parsed(raw: bytes) -> Any:
    """The JSON data of raw bytes; what is not JSON comes as one text."""
    text = raw.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _escaped(value: str) -> str:
    return re.escape(value).replace("@", "(?:@|%40|&#64;)")


def _core(value: str) -> bytes:
    """The part of a value that is the same in every way of writing it."""
    return value.lower().partition("@")[0].encode("utf-8", "surrogatepass")


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _texts(item)
    elif isinstance(value, int):
        yield str(value)
