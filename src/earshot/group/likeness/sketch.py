"""Sketches: what is compared of a finding or a backlog item instead of its text."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from earshot.domain.reading import IssueType
from earshot.domain.theme import Lexicon
from earshot.group.likeness.learned import Learned
from earshot.group.likeness.meanings import MEANING, Meanings, Vector, builtin_meanings
from earshot.group.likeness.told import Told, counted
from earshot.group.rarity import Rarity
from earshot.group.terms import Terms
from earshot.group.vocabulary import Vocabulary
from earshot.group.words import stem

__all__ = ["DIMENSIONS", "Sketch", "Sketcher", "Told", "merged", "reduced"]

DIMENSIONS = 384
"""Length of the dense vector, whatever made it."""

HASHED = DIMENSIONS - MEANING
"""So many dimensions of a built-in vector hold terms and pieces of words; before them lies the meaning."""

_MEANING_SHARE, _TERMS_SHARE, _PIECES_SHARE, _REPLY_SHARE = 0.5, 0.7, 0.4, 0.6
"""How much meaning, terms, pieces of the title's words and the reply make up of a built-in vector."""

_MOST_TERMS = 200
_EASED = 0.5
"""Meaning is weighed by this power of rarity: what is rare is rather a name than a meaning."""

_S = TypeVar("_S", bound=str)


@dataclass(frozen=True, slots=True)
class Sketch:
    """Unit weights of terms (whole, title alone, pairs of neighbours, reply), a dense unit vector, kind and area.

    `pieces` is a unit vector of the title's runs of letters, near for words that share a part.
    `mass` is the length of the terms' weights before they were scaled: how much telling there is. `embedded` says
    that the vector is not the built-in one, `learned` is what it means by this workspace's own meanings (None while
    nothing was learnt), `count` for how many texts the sketch stands.
    """

    terms: Mapping[str, float]
    title: Mapping[str, float]
    vector: Vector
    pieces: Vector
    pairs: Mapping[str, float] = field(default_factory=dict[str, float])
    reply: Mapping[str, float] = field(default_factory=dict[str, float])
    learned: Vector | None = None
    mass: float = 0.0
    kind: IssueType | None = None
    area: str | None = None
    embedded: bool = False
    written: bool = False
    count: int = 1


class Sketcher:
    """Makes sketches with one run's term counts and vocabulary."""

    def __init__(self, lexicon: Lexicon, vocabulary: Vocabulary, *, meanings: Meanings | None = None) -> None:
        self._rarity = Rarity(lexicon)
        self._learned = Learned(lexicon.meanings)
        self._vocabulary = vocabulary
        self._meanings = meanings or builtin_meanings()

    @property
    def common(self) -> frozenset[str]:
        """The terms that tell little, because a good part of all mentions have them."""
        return self._rarity.common

    def sketch(self, told: Told, *, embedding: Sequence[float] | None = None) -> Sketch:
        """The text's sketch; `embedding` is a better dense vector where there is one, of any length."""
        parts = counted(told, self._vocabulary)
        terms, mass = self._unit(parts.terms)
        title, _ = self._unit(parts.title)
        reply, _ = self._unit(parts.reply)
        pieces = _unit(_pieced(title))
        if embedding is not None:
            vector = reduced(embedding)
        else:
            vector = _joined(self._meaning(parts.said), _lexical(terms, pieces, reply=reply))
        return Sketch(
            terms=terms,
            title=title,
            vector=vector,
            pieces=pieces,
            pairs=self._unit(parts.pairs)[0],
            reply=reply,
            learned=_unit(self._learned.of(terms)) if self._learned else None,
            mass=round(mass, 6),
            kind=told.kind,
            area=told.area,
            embedded=embedding is not None,
            written=told.written,
        )

    def _unit(self, terms: Mapping[str, float]) -> tuple[Terms, float]:
        weighed = {term: weight * self._rarity.of(term) for term, weight in terms.items()}
        length = math.sqrt(sum(weight * weight for weight in weighed.values()))
        return ({term: weight / length for term, weight in weighed.items()} if length else {}), length

    def _meaning(self, counts: Mapping[str, int]) -> Vector:
        known = {word: count for word, count in counts.items() if word in self._meanings}
        return self._meanings.of({w: count**0.5 * self._rarity.of(stem(w)) ** _EASED for w, count in known.items()})


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """The profile of several sketches: mean terms and vector, the commonest kind and area; at least one."""
    every = list(sketches)
    total = np.sum([one.vector for one in every], axis=0, dtype=np.float64)
    letters = np.sum([one.pieces for one in every], axis=0, dtype=np.float64)
    return Sketch(
        terms=_mean([one.terms for one in every]),
        title=_mean([one.title for one in every]),
        vector=_unit(np.asarray(total, dtype=np.float64)),
        pieces=_unit(np.asarray(letters, dtype=np.float64)),
        pairs=_mean([one.pairs for one in every]),
        reply=_mean([one.reply for one in every if one.reply]),
        learned=_united([one.learned for one in every if one.learned is not None]),
        mass=round(sum(one.mass for one in every) / len(every), 6),
        kind=_commonest([one.kind for one in every if one.kind]),
        area=_commonest([one.area for one in every if one.area]),
        embedded=all(one.embedded for one in every),
        written=all(one.written for one in every),
        count=sum(one.count for one in every),
    )


def reduced(embedding: Sequence[float]) -> Vector:
    """An embedding of any length as a unit vector of DIMENSIONS.

    A longer one is folded by fixed random signs (distances stay nearly the same), a shorter one padded.
    """
    given = np.asarray(embedding, dtype=np.float64)
    if len(given) > DIMENSIONS:
        given = _folded(given)
    return _unit(np.pad(given, (0, DIMENSIONS - len(given))))


def _folded(given: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    mixed = np.zeros(DIMENSIONS, dtype=np.float64)
    directions = _directions([f"\x1f{place}" for place in range(len(given))], DIMENSIONS)
    for value, places, signs in zip(given.tolist(), *directions, strict=True):
        mixed[places] += value * signs
    return mixed


def _mean(many: Sequence[Mapping[str, float]]) -> Terms:
    total: Terms = {}
    for terms in many:
        for term, weight in terms.items():
            total[term] = total.get(term, 0.0) + weight
    heaviest = sorted(total.items(), key=lambda item: (-round(item[1], 7), item[0]))[:_MOST_TERMS]
    length = math.sqrt(sum(weight * weight for _, weight in heaviest))
    return {term: weight / length for term, weight in heaviest} if length else {}


def _united(vectors: Sequence[Vector]) -> Vector | None:
    return _unit(np.asarray(np.sum(vectors, axis=0, dtype=np.float64))) if vectors else None


def _commonest(values: Sequence[_S]) -> _S | None:
    return min(set(values), key=lambda value: (-values.count(value), value), default=None)


def _joined(meaning: Vector, lexical: Vector) -> Vector:
    return _unit(np.concatenate([_unit(meaning) * _MEANING_SHARE, lexical]))


def _lexical(terms: Mapping[str, float], pieces: Vector, *, reply: Mapping[str, float]) -> Vector:
    total = _unit(_hashed(terms)) * _TERMS_SHARE
    total += pieces * _PIECES_SHARE
    if reply:
        total += _unit(_hashed(reply)) * _REPLY_SHARE
    return total / np.float32(max(float(np.sqrt(total @ total)), 1e-9))


def _hashed(terms: Mapping[str, float]) -> Vector:
    if not terms:
        return np.zeros(HASHED, dtype=np.float32)
    rows = _rows([_spread(term) for term in terms])
    return np.asarray(np.fromiter(terms.values(), dtype=np.float32, count=len(terms)) @ rows, dtype=np.float32)


def _pieced(terms: Mapping[str, float]) -> Vector:
    pieces = {term: weight for term, weight in terms.items() if term[0] not in "#@!"}
    if not pieces:
        return np.zeros(HASHED, dtype=np.float32)
    rows = _rows([_pieces(term) for term in pieces])
    return np.asarray(np.fromiter(pieces.values(), dtype=np.float32, count=len(pieces)) @ rows, dtype=np.float32)


def _rows(vectors: list[Vector]) -> Vector:
    return np.concatenate(vectors).reshape(len(vectors), HASHED)


@lru_cache(maxsize=8_192)
def _spread(term: str) -> Vector:
    return _spreads([term])[0]


@lru_cache(maxsize=4_096)
def _pieces(word: str) -> Vector:
    """The word's runs of three to five letters: words that share a part are near."""
    marked = f"<{word}>"
    runs = [f"~{marked[at : at + size]}" for size in (3, 4, 5) for at in range(len(marked) - size + 1)]
    return _unit(np.sum(_spreads(runs), axis=0))


def _spreads(terms: Sequence[str]) -> Vector:
    """A unit vector for each term, a row each."""
    places, signs = _directions(terms, HASHED)
    spread = np.zeros((len(terms), HASHED))
    np.add.at(spread, (np.arange(len(terms))[:, np.newaxis], places), signs)
    lengths = np.sqrt(np.sum(spread * spread, axis=1, keepdims=True))
    return (spread / np.maximum(lengths, 1e-9)).astype(np.float32)


def _directions(terms: Sequence[str], size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Eight places among so many and a sign for each, a row for each term: fixed, and as if by chance."""
    digests = (hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=16).digest() for term in terms)
    numbers = np.frombuffer(b"".join(digests), dtype="<u2").astype(np.int64).reshape(len(terms), 8)
    return (numbers & 0x7FFF) % size, np.where(numbers & 0x8000, 1.0, -1.0)


def _unit(vector: npt.NDArray[np.float64] | Vector) -> Vector:
    wide = vector.astype(np.float64)
    length = float(np.sqrt(np.dot(wide, wide)))
    return (wide / length if length else wide).astype(np.float32)
