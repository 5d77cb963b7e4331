"""The index: who may tell the same matter, by shared terms (and embeddings); exact, symmetric, growing, shrinking.

A candidate is whoever's likeness reaches a fixed bound, never "the best so many": so that it depends on the two
texts alone, and who must be looked at again after a change is found by the same search the other way round.
"""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
import numpy.typing as npt

from earshot.group.likeness.sketch import DIMENSIONS, Sketch

_SLACK = 1e-4
"""The reverse search is wider by this much, because sums of floats depend on their order."""

_TELLING = 0.25
"""A text whose terms that are not common make up less than this part of it is thin."""


class Hits:
    """What a search found: places of keys, with a rough likeness each."""

    def __init__(
        self, keys: Sequence[int], *, places: npt.NDArray[np.intp], rough: npt.NDArray[np.float32]
    ) -> None:
        self._keys, self._places, self._rough = keys, places, rough

    def keys(self) -> list[int]:
        """All keys, in the order they were put in."""
        return [self._keys[place] for place in self._places.tolist()]

    def best(self, most: int) -> list[tuple[int, float]]:
        """The `most` likest, and whatever is as like as the last of them."""
        places, rough = self._places, self._rough
        if len(places) > most:
            kept = rough >= np.partition(rough, -most)[-most]
            places, rough = places[kept], rough[kept]
        return [(self._keys[place], value) for place, value in zip(places.tolist(), rough.tolist(), strict=True)]


class _Posting:
    """The places where one term occurs, with its weights."""

    __slots__ = ("places", "weights")

    def __init__(self) -> None:
        self.places = array("i")
        self.weights = array("f")

    def append(self, place: int, weight: float) -> None:
        self.places.append(place)
        self.weights.append(weight)

    def add_to(self, score: npt.NDArray[np.float32], *, weight: float) -> None:
        """Add what the term is worth to the places where it occurs."""
        places = np.frombuffer(self.places, dtype=np.int32)
        score[places] += np.float32(weight) * np.frombuffer(self.weights, dtype=np.float32)


class _Side:
    """An inverted index over one kind of terms: the customers' words, or the agents'.

    Common terms count between two texts only where at least one of them says hardly anything else: for whichever
    of the two is searched, so that the search is the same the other way round.
    """

    def __init__(self, least: float, common: AbstractSet[str]) -> None:
        self.least = least
        self._common = common
        self._postings: dict[str, _Posting] = {}
        self._of_thin: dict[str, _Posting] = {}
        self._of_others: dict[str, _Posting] = {}

    def add(self, place: int, terms: Mapping[str, float]) -> None:
        """Put weights in at a place."""
        shared = self._of_thin if self._thin(terms) else self._of_others
        for term, weight in terms.items():
            postings = shared if term in self._common else self._postings
            posting = postings.get(term)
            if posting is None:
                posting = postings[term] = _Posting()
            posting.append(place, weight)

    def likeness(self, terms: Mapping[str, float], count: int) -> npt.NDArray[np.float32]:
        """The likeness of the first `count` places."""
        score = np.zeros(count, dtype=np.float32)
        searched = (self._postings, self._of_thin, self._of_others) if self._thin(terms) else self._telling
        for term, weight in terms.items():
            for postings in searched:
                posting = postings.get(term)
                if posting is not None:
                    posting.add_to(score, weight=weight)
        return score

    @property
    def _telling(self) -> tuple[dict[str, _Posting], ...]:
        return self._postings, self._of_thin

    def _thin(self, terms: Mapping[str, float]) -> bool:
        """Whether common terms make up most of a unit of weights."""
        if self._common.isdisjoint(terms):
            return False
        telling = math.fsum(weight * weight for term, weight in terms.items() if term not in self._common)
        return round(telling, 6) < _TELLING


class Index:
    """Sketches by key; finds those whose likeness in words, in replies or in meaning reaches its bound.

    `common` terms, which a good part of all mentions share, tell little and cost most: they are left out, unless a
    text says hardly anything else.
    """

    def __init__(self, *, lexical: float, reply: float, dense: float, common: AbstractSet[str]) -> None:
        self._dense = dense
        self._words, self._replies = _Side(lexical, common), _Side(reply, common)
        self._keys: list[int] = []
        self._place: dict[int, int] = {}
        self._alive: npt.NDArray[np.bool_] = np.zeros(64, dtype=np.bool_)
        self._times: npt.NDArray[np.int64] = np.zeros(64, dtype=np.int64)
        self._vectors: npt.NDArray[np.float32] | None = None

    def __contains__(self, key: int) -> bool:
        return key in self._place

    def add(self, key: int, sketch: Sketch, *, moment: int = 0) -> None:
        """Put a sketch in, for a moment (a number that grows with time); nothing happens when it is there."""
        if key in self._place:
            return
        place = len(self._keys)
        self._place[key] = place
        self._keys.append(key)
        if place == len(self._alive):
            self._alive = np.concatenate([self._alive, np.zeros_like(self._alive)])
            self._times = np.concatenate([self._times, np.zeros_like(self._times)])
        self._alive[place] = True
        self._times[place] = moment
        self._words.add(place, sketch.terms)
        self._replies.add(place, sketch.reply)
        if sketch.embedded:
            self._keep(place, sketch)

    def remove(self, key: int) -> None:
        """Take a sketch out; nothing happens when it is not there."""
        place = self._place.pop(key, None)
        if place is not None:
            self._alive[place] = False

    def near(
        self, sketch: Sketch, *, until: int | None = None, unless: Iterable[int] = (), wide: bool = False
    ) -> Hits:
        """All that reach a bound (`wide`: or nearly), not later than `until`, without those of `unless`."""
        count, slack = len(self._keys), _SLACK if wide else 0.0
        words = self._words.likeness(sketch.terms, count)
        hit, rough = words >= self._words.least - slack, words
        if sketch.reply:
            replies = self._replies.likeness(sketch.reply, count)
            hit |= replies >= self._replies.least - slack
            rough = words + replies
        if sketch.embedded and self._vectors is not None:
            dense = self._vectors[:count] @ sketch.vector
            hit[: len(dense)] |= dense >= self._dense - slack
            rough[: len(dense)] += dense
        hit &= self._alive[:count]
        if until is not None:
            hit &= self._times[:count] <= until
        for key in unless:
            hit[self._place[key]] = False
        places = np.flatnonzero(hit)
        return Hits(self._keys, places=places, rough=np.round(rough[places], 3))

    def at(self, moment: int) -> list[int]:
        """The keys of what was put in for exactly that moment."""
        count = len(self._keys)
        there = (self._times[:count] == moment) & self._alive[:count]
        return [self._keys[place] for place in np.flatnonzero(there).tolist()]

    def _keep(self, place: int, sketch: Sketch) -> None:
        held = self._vectors if self._vectors is not None else np.zeros((64, DIMENSIONS), dtype=np.float32)
        while place >= len(held):
            held = np.concatenate([held, np.zeros_like(held)])
        held[place] = sketch.vector
        self._vectors = held
