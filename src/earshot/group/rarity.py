"""How much a term says: the rarer, the more. Counts are kept between runs, so weights are reproducible."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property

from earshot.domain.theme import Lexicon
from earshot.group.terms import Terms, is_pair, parts

PRIOR = 40.0
"""Findings assumed before the first one was seen, so that a small first run has usable weights."""

_MATTER = 0.02
"""A matter that was never counted is taken for one that so many findings tell, not for a rarity."""

_COMMON, _FEW = 0.04, 50
"""Terms are common that more than this share of findings have, and more than so few findings."""


def grown(lexicon: Lexicon, findings: Iterable[Mapping[str, float]], *, most: int) -> Lexicon:
    """The lexicon with these findings counted; holds at most `most` terms, forgetting the rarest."""
    counts = Counter(lexicon.frequencies)
    documents = lexicon.documents
    for terms in findings:
        documents += 1
        counts.update(term for term in terms if not is_pair(term))
    kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    return Lexicon(documents=documents, frequencies=dict(sorted(kept)))


class Rarity:
    """Weighs terms by how rare they are in a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._all = lexicon.documents + PRIOR
        self._known: dict[str, float] = {}

    def of(self, term: str) -> float:
        """The weight of a term, from about 0.1 (everywhere) upwards; a pair has the mean of its parts."""
        if is_pair(term):
            weights = [self._single(part) for part in parts(term)]
            return sum(weights) / len(weights)
        return self._single(term)

    @cached_property
    def common(self) -> frozenset[str]:
        """The terms that a good part of all findings have; none while few were counted."""
        bound = max(_FEW, self._lexicon.documents * _COMMON)
        return frozenset(term for term, count in self._lexicon.frequencies.items() if count > bound)

    def _single(self, term: str) -> float:
        weight = self._known.get(term)
        if weight is None:
            weight = self._known[term] = self._weight(term)
        return weight

    def _weight(self, term: str) -> float:
        unseen = self._all * _MATTER if term.startswith("@") else 0.0
        return math.log(1.1 + self._all / (self._lexicon.frequencies.get(term, unseen) + 1.0)) - math.log(1.1)

    def unit(self, terms: Mapping[str, float]) -> Terms:
        """The terms weighed by rarity and scaled to length 1."""
        weighed = {term: weight * self.of(term) for term, weight in terms.items()}
        length = math.sqrt(sum(w * w for w in weighed.values()))
        return {term: w / length for term, w in weighed.items()} if length else {}
