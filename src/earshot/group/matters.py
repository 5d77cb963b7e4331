"""Common matters as concepts that come together, so that "debited two times" meets "a duplicate charge"."""

from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

Concepts = AbstractSet[str]


@dataclass(frozen=True)
class Pattern:
    """A matter's name, the groups of concepts of which one each must be there, and those that must not."""

    name: str
    groups: tuple[frozenset[str], ...]
    unless: frozenset[str]

    @property
    def concepts(self) -> frozenset[str]:
        """Every concept that it names."""
        return self.unless.union(*self.groups)

    def holds(self, told: Concepts, beside: Concepts) -> bool:
        """Whether a text tells of the matter; what stands beside it may complete, never make up, the matter."""
        every = told | beside
        complete = all(group & every for group in self.groups) and not (self.unless & every)
        return complete and any(group & told for group in self.groups)


def matters_in(told: Concepts, beside: Concepts = frozenset()) -> list[str]:
    """The common matters that the concepts of a text make up, helped by those of its product area."""
    likely = {place for concept in told for place in _places().get(concept, ())}
    held = (one for place in sorted(likely) if (one := _patterns()[place]).holds(told, beside))
    return list(dict.fromkeys(one.name for one in held))


def pattern(name: str, text: str) -> Pattern:
    """A pattern as it is written: `concept|concept + concept - concept`."""
    wanted, _, unless = text.partition(" - ")
    groups = tuple(_group(part) for part in wanted.split("+"))
    return Pattern(name, groups, _group(unless))


@lru_cache(maxsize=1)
def _patterns() -> tuple[Pattern, ...]:
    lines = files("earshot.group").joinpath("matters.txt").read_text("utf-8").splitlines()
    told = (line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))
    return tuple(pattern(name.strip(), text) for name, text in told)


@lru_cache(maxsize=1)
def _places() -> dict[str, list[int]]:
    """Where each concept stands among the patterns: a pattern holds only in a text with one of its concepts."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(_patterns()):
        for concept in frozenset[str]().union(*one.groups):
            places[concept].append(place)
    return dict(places)


def _group(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split("|") if name.strip())
