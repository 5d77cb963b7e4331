"""The types of the facts, read off the nouns themselves, with the closed words that each field may hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from types import UnionType
from typing import get_args, get_origin

from earshot.domain.customer import Segment
from earshot.domain.facts import Facts
from earshot.domain.insight import Stage
from earshot.domain.model import Noun
from earshot.domain.reading import ChurnRisk, IssueType, Priority, RecommendedAction, Sentiment


@dataclass(frozen=True)
class Kind:
    """A type: a scalar by name, a `list` of something, or a `record` with fields.

    `words` is the closed set a string may hold, empty when it may hold anything.
    """

    name: str
    element: "Kind | None" = None
    fields: Mapping[str, "Kind"] | None = None
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"list of {self.element}" if self.name == "list" else self.name


BOOL, INT, DOUBLE, STRING, NULL = (Kind(name) for name in ("bool", "int", "double", "string", "null"))

_SCALARS: dict[object, Kind] = {bool: BOOL, int: INT, float: DOUBLE, str: STRING}

_SEGMENTS = (*(segment.value for segment in Segment), "unknown")


def _all(words: type[StrEnum]) -> tuple[str, ...]:
    return tuple(word.value for word in words)


_WORDS: dict[str, tuple[str, ...]] = {
    "stage": _all(Stage),
    "issue_type": _all(IssueType),
    "priority": _all(Priority),
    "sentiment": _all(Sentiment),
    "churn_risk": _all(ChurnRisk),
    "recommended_action": _all(RecommendedAction),
    "customer_segment": _SEGMENTS,
    "segment": _SEGMENTS,
}

_HIDDEN = {(Facts, "at"), (Facts, "lacking")}
"""What facts carry besides, and no condition may ask for."""


def record(noun: type[Noun]) -> Kind:
    """The type of a noun."""
    told = {name: info for name, info in noun.model_fields.items() if (noun, name) not in _HIDDEN}
    return Kind("record", fields={n: _kind(info.annotation, _WORDS.get(n, ())) for n, info in told.items()})


def _kind(annotation: type | UnionType | object, words: tuple[str, ...]) -> Kind:
    if get_origin(annotation) is tuple:
        return Kind("list", element=_kind(get_args(annotation)[0], ()))
    if isinstance(annotation, type) and issubclass(annotation, Noun):
        return record(annotation)
    plain = _SCALARS[annotation]
    return Kind(plain.name, words=words) if words else plain


FACTS = record(Facts)
"""Everything a condition may name."""


def nearest(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """ "; did you mean …?", or the choice where nothing is near."""
    choice = list(known)
    near = get_close_matches(word, choice, n=1, cutoff=0.6) or get_close_matches(word.upper(), choice, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(choice)}" if len(choice) <= 15 else ""
