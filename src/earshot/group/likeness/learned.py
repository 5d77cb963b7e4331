"""What words mean in this workspace, learnt from which of them occur together; numbers beside the term counts."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from earshot.group.likeness.meanings import Vector

LENGTH = 64
"""Length of a learnt meaning."""

_ENOUGH = 260
"""Of fewer texts nothing is learnt: words that come together there do so by chance."""

_WORDS, _TEXTS = 2_000, 3
"""So many words are learnt, the commonest, each from so many texts at least."""

_BLOCK = 512


class Learned:
    """Learnt meanings; false while there are none."""

    def __init__(self, meanings: Mapping[str, bytes]) -> None:
        self._at = {term: place for place, term in enumerate(meanings)}
        held = np.frombuffer(b"".join(meanings.values()), dtype="<f2").astype(np.float32)
        self._vectors: Vector = held.reshape(-1, LENGTH)

    def __bool__(self) -> bool:
        return bool(self._at)

    def of(self, terms: Mapping[str, float]) -> Vector:
        """What weighed terms mean together, not scaled; zeros when none of them is known."""
        known = [(self._at[term], weight) for term, weight in terms.items() if term in self._at]
        if not known:
            return np.zeros(LENGTH, dtype=np.float32)
        places, weights = zip(*known, strict=True)
        return np.asarray(np.array(weights, dtype=np.float32) @ self._vectors[list(places)], dtype=np.float32)


def learnt(texts: Sequence[Mapping[str, float]]) -> dict[str, bytes]:
    """The meanings of the commoner terms of texts, given as unit weights: their main directions, evened out."""
    if len(texts) < _ENOUGH:
        return {}
    counts = Counter(term for terms in texts for term in terms)
    ranked = sorted(counts, key=lambda term: (-counts[term], term))[:_WORDS]
    place = {term: at for at, term in enumerate(ranked) if counts[term] >= _TEXTS}
    if len(place) < LENGTH:
        return {}
    strengths, directions = np.linalg.eigh(_together(texts, place))
    even = np.sqrt(np.sqrt(np.maximum(strengths[-LENGTH:], 1e-6)))
    vectors = np.asarray(directions[:, -LENGTH:] / even, dtype="<f2")
    return {term: vectors[at].tobytes() for term, at in place.items()}


def _together(texts: Sequence[Mapping[str, float]], place: Mapping[str, int]) -> npt.NDArray[np.float64]:
    """How much each two terms occur together."""
    total = np.zeros((len(place), len(place)), dtype=np.float64)
    for start in range(0, len(texts), _BLOCK):
        block = np.zeros((min(_BLOCK, len(texts) - start), len(place)), dtype=np.float32)
        for row, terms in zip(block, texts[start:], strict=False):
            for term, weight in terms.items():
                at = place.get(term)
                if at is not None:
                    row[at] = weight
        total += block.T @ block
    return total
