"""Concepts: different words for one thing ("bill", "invoice", "Rechnung"), found in a text by longest match."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from earshot.group.words import meaningful, stems

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Concept:
    """A concept's name and whether it names a thing (what a matter is about) or a state (what is wrong)."""

    name: str
    thing: bool


@dataclass(frozen=True)
class Match:
    """A concept found at `start`, covering `length` words."""

    concept: Concept
    start: int
    length: int


class Thesaurus:
    """Phrases of stems that stand for concepts."""

    def __init__(self, phrases: Mapping[Phrase, Concept]) -> None:
        self._phrases = dict(phrases)
        self._longest: dict[str, int] = {}
        for phrase in self._phrases:
            self._longest[phrase[0]] = max(len(phrase), self._longest.get(phrase[0], 0))

    def matches(self, stemmed: Sequence[str]) -> Iterator[Match]:
        """Concepts in reading order, the longest at each place; matches do not overlap."""
        at = 0
        while at < len(stemmed):
            found = self._at(stemmed, at)
            if found is not None:
                yield found
            at += found.length if found is not None else 1

    def _at(self, stemmed: Sequence[str], at: int) -> Match | None:
        for length in range(self._longest.get(stemmed[at], 0), 0, -1):
            concept = self._phrases.get(tuple(stemmed[at : at + length]))
            if concept is not None and at + length <= len(stemmed):
                return Match(concept, at, length)
        return None


def thesaurus(own: Mapping[str, Sequence[str]]) -> Thesaurus:
    """The built-in concepts plus a user's own, which win where both know a phrase; a built-in name adds to it."""
    phrases = dict(_builtin())
    known = {concept.name: concept for concept in phrases.values()}
    for name, meanings in sorted(own.items()):
        phrases.update(_phrases(known.get(name) or Concept(name, thing=True), meanings))
    return Thesaurus(phrases)


def builtin_names() -> frozenset[str]:
    """The names of the built-in concepts."""
    return frozenset(concept.name for concept in _builtin().values())


@lru_cache(maxsize=1)
def _builtin() -> dict[Phrase, Concept]:
    phrases: dict[Phrase, Concept] = {}
    thing = True
    for line in files("earshot.group").joinpath("concepts.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            thing = line == "[things]"
        elif ":" in line and not line.startswith("#"):
            name, meanings = line.split(":", 1)
            for phrase, concept in _phrases(Concept(name, thing=thing), meanings.split(",")).items():
                phrases.setdefault(phrase, concept)
    return phrases


def _phrases(concept: Concept, meanings: Iterable[str]) -> dict[Phrase, Concept]:
    split = (tuple(stems(meaning)) for meaning in meanings)
    return {phrase: concept for phrase in split if len(phrase) > 1 or (phrase and meaningful(phrase[0]))}
