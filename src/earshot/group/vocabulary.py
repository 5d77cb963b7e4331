"""A product's own vocabulary beside the built-in one: words for its things, and patterns of what is the matter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from earshot.group.concepts import Thesaurus, builtin_names, thesaurus
from earshot.group.matters import Concepts, Pattern, matters_in, pattern

_Texts = tuple[tuple[str, tuple[str, ...]], ...]

MATTER, OWN_MATTER = 1.4, 1.8
"""Weights beside a plain word's 1: a matter common to most software, and one that the user has named."""


@dataclass(frozen=True)
class Vocabulary:
    """How texts are understood in one run."""

    thesaurus: Thesaurus
    own: tuple[Pattern, ...] = ()

    def matters(self, told: Concepts, beside: Concepts) -> dict[str, float]:
        """The matters, built-in and own, that concepts make up, with their weights."""
        common = dict.fromkeys(matters_in(told, beside), MATTER)
        return common | {own.name: OWN_MATTER for own in self.own if own.holds(told, beside)}


def vocabulary(synonyms: Mapping[str, Sequence[str]], matters: Mapping[str, Sequence[str]]) -> Vocabulary:
    """The built-in vocabulary with a user's own added; the same object for the same words."""
    return _vocabulary(_frozen(synonyms), _frozen(matters))


def unknown_concepts(synonyms: Mapping[str, Sequence[str]], matters: Mapping[str, Sequence[str]]) -> list[str]:
    """Names in patterns that are neither built-in concepts nor among the synonyms, in order."""
    named = frozenset[str]().union(*(own.concepts for own in _own(matters)))
    return sorted(named - builtin_names() - synonyms.keys())


def empty_groups(matters: Mapping[str, Sequence[str]]) -> list[str]:
    """Matters with a pattern that would never hold, in order."""
    return sorted({own.name for own in _own(matters) if not all(own.groups)})


def _frozen(texts: Mapping[str, Sequence[str]]) -> _Texts:
    return tuple((name, tuple(some)) for name, some in texts.items())


@lru_cache(maxsize=4)
def _vocabulary(synonyms: _Texts, matters: _Texts) -> Vocabulary:
    return Vocabulary(thesaurus(dict(synonyms)), _own(dict(matters)))


def _own(matters: Mapping[str, Sequence[str]]) -> tuple[Pattern, ...]:
    return tuple(pattern(name, text) for name, texts in sorted(matters.items()) for text in texts)
