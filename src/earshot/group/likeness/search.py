"""The search for candidates in memory: exact, hybrid (shared terms and dense vectors), growing and shrinking."""

from array import array
from collections.abc import Mapping
from itertools import islice
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from earshot.group.likeness.learned import LENGTH
from earshot.group.likeness.score import same_matter
from earshot.group.likeness.sketch import DIMENSIONS, Sketch

_PAIRS, _REPLY, _DENSE, _LEARNED = 0.5, 1.0, 1.0, 1.0
"""What pairs of neighbours, the reply, the vector and what was learnt count beside the terms (1) when candidates
are gathered."""

_POOL = 4
"""How many times more candidates are scored than are asked for."""

K = TypeVar("K", int, str)

Scores = npt.NDArray[np.float32]


class _Postings:
    """Where each term occurs, with its weight."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[array[int], array[float]]] = {}

    def add(self, place: int, terms: Mapping[str, float]) -> None:
        for term, weight in terms.items():
            places, weights = self._held.setdefault(term, (array("i"), array("f")))
            places.append(place)
            weights.append(weight)

    def score(self, terms: Mapping[str, float], *, into: Scores, factor: float) -> None:
        for term, weight in terms.items():
            held = self._held.get(term)
            if held is not None:
                places = np.frombuffer(held[0], dtype=np.int32)
                into[places] += np.float32(weight * factor) * np.frombuffer(held[1], dtype=np.float32)


class Near(Generic[K]):
    """An index over sketches by key; answers are ordered by likeness, then by key."""

    def __init__(self) -> None:
        self._at: dict[K, int] = {}
        self._held: list[tuple[K, Sketch] | None] = []
        self._matrix: npt.NDArray[np.float32] = np.zeros((64, DIMENSIONS), dtype=np.float32)
        self._learned: npt.NDArray[np.float32] = np.zeros((64, LENGTH), dtype=np.float32)
        self._terms, self._pairs, self._replies = _Postings(), _Postings(), _Postings()

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: K) -> bool:
        return key in self._at

    def add(self, key: K, sketch: Sketch) -> None:
        """Put a sketch in, replacing what was there under this key."""
        self.remove(key)
        place = len(self._held)
        if place == len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.zeros_like(self._matrix)])
            self._learned = np.concatenate([self._learned, np.zeros_like(self._learned)])
        self._at[key] = place
        self._held.append((key, sketch))
        self._matrix[place] = sketch.vector
        if sketch.learned is not None:
            self._learned[place] = sketch.learned
        self._terms.add(place, sketch.terms)
        self._pairs.add(place, sketch.pairs)
        self._replies.add(place, sketch.reply)

    def remove(self, key: K) -> None:
        """Take a sketch out; nothing happens when it is not there."""
        place = self._at.pop(key, None)
        if place is not None:
            self._held[place] = None

    def of(self, sketch: Sketch, *, most: int, least: float = 0.0) -> list[tuple[K, float]]:
        """Up to `most` keys whose probability of being the same matter is `least` or more, the likeliest first."""
        scored = [(key, same_matter(sketch, other)) for key, other in self._pool(sketch, most * _POOL)]
        kept = [(key, sure) for key, sure in scored if sure >= least]
        return sorted(kept, key=lambda item: (-item[1], item[0]))[:most]

    def _pool(self, sketch: Sketch, size: int) -> list[tuple[K, Sketch]]:
        count = len(self._held)
        score = np.asarray(self._matrix[:count] @ (sketch.vector * np.float32(_DENSE)), dtype=np.float32)
        if sketch.learned is not None:
            score += self._learned[:count] @ (sketch.learned * np.float32(_LEARNED))
        self._terms.score(sketch.terms, into=score, factor=1.0)
        self._pairs.score(sketch.pairs, into=score, factor=_PAIRS)
        self._replies.score(sketch.reply, into=score, factor=_REPLY)
        rounded = score.round(4)
        best: list[int] = np.lexsort((np.arange(count), -rounded)).tolist()
        there = (held for held in map(self._held.__getitem__, best) if held is not None)
        return list(islice(there, size))
