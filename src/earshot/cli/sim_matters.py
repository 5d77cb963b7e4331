"""Recognising the matters of the sample workspace in a text: what a person who knows the product would do."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from earshot.sim.sample.script import Script, library

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_SLOT = re.compile(r"\{\w+\}")
_LEAST = 0.4
"""A text is taken for a matter's from this share of its telling words on."""
_MOST_OF_IT = 0.6
"""Or where this share of one of its tellings stands in the text,"""
_FEW = 5
"""if that telling has so many words."""
_STRANGE = 0.8
"""What a word weighs that no matter holds, beside one that a single matter holds."""
_REST = 0.35
"""What a word counts that a matter's other lines hold, but not the best opening."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The words of one matter: of each of its openings and asides, and of all its lines."""

    slug: str
    tellings: tuple[frozenset[str], ...]
    all: frozenset[str]


@lru_cache(maxsize=50_000)
def matter_in(text: str) -> str | None:
    """The slug of the planted matter that a text tells, None where it tells none that we wrote."""
    own = words_in(text)
    scored = [(_score(own, known), known) for known in _all()]
    score, known = max(scored, key=lambda found: (found[0], found[1].slug))
    told = score >= _LEAST * max(_weight(own), 1.0) or _retold(own, known) >= _MOST_OF_IT
    return known.slug if score and told else None


def words_in(text: str) -> frozenset[str]:
    """The words of a text, cut to their beginnings, so that endings and slips count less."""
    return frozenset(word[:6] for word in _WORD.findall(text.casefold().replace("’", "'")) if len(word) > 2)


def _score(own: frozenset[str], known: _Known) -> float:
    """What the words shared with a matter weigh, those of its best telling most."""
    shared = own & known.all
    if not shared:
        return 0.0
    return (1 - _REST) * max(_weight(shared & telling) for telling in known.tellings) + _REST * _weight(shared)


def _retold(own: frozenset[str], known: _Known) -> float:
    """The share of its best telling that stands in a text, however long that is."""
    long = [telling for telling in known.tellings if len(telling) >= _FEW]
    return max((_weight(own & telling) / _weight(telling) for telling in long), default=0.0)


def _weight(words: frozenset[str]) -> float:
    return sum(map(_rarity, sorted(words)))


def _rarity(word: str) -> float:
    return _rarities().get(word, _STRANGE * math.log(len(_all())))


@cache
def _rarities() -> dict[str, float]:
    counts = Counter(word for known in _all() for word in known.all)
    return {word: math.log(len(_all()) / count) for word, count in counts.items()}


@cache
def _all() -> tuple[_Known, ...]:
    return tuple(_known(script) for script in library().scripts.values())


def _known(script: Script) -> _Known:
    tellings = [*(opening.text for opening in script.openings), *script.asides, *script.subjects]
    rest = [script.title, script.area, *script.details, *script.answers, *script.remedies]
    return _Known(script.slug, tuple(map(_template, tellings)), _union(map(_template, [*tellings, *rest])))


def _template(line: str) -> frozenset[str]:
    return words_in(_SLOT.sub(" ", line))


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset(word for one in sets for word in one)
