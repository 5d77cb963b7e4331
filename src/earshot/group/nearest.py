"""The most similar vectors of a set, by an inverted index: cost grows with what is shared, not with the whole."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

_BUDGET = 10_000
"""Most index entries read for one query, the most telling terms first."""

_FEWEST = 4
"""Terms that are read whatever their length."""

Ids = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float32]


class Nearest:
    """An index over unit vectors, asked for the neighbours of its own vectors."""

    def __init__(self, vectors: Sequence[Mapping[str, float]]) -> None:
        gathered: dict[str, tuple[list[int], list[float]]] = {}
        for at, vector in enumerate(vectors):
            for term, weight in vector.items():
                ids, weights = gathered.setdefault(term, ([], []))
                ids.append(at)
                weights.append(weight)
        self._entries: dict[str, tuple[Ids, Weights]] = {
            term: (np.array(ids, dtype=np.int32), np.array(weights, dtype=np.float32))
            for term, (ids, weights) in gathered.items()
            if len(ids) > 1
        }
        self._scores = np.zeros(len(vectors), dtype=np.float32)

    def of(self, at: int, vector: Mapping[str, float], *, least: float, most: int) -> list[tuple[int, float]]:
        """Up to `most` other vectors with a similarity of `least` or more, best first, ties by position."""
        read = [self._add(entry, weight) for entry, weight in self._chosen(vector)]
        if not read:
            return []
        touched = np.concatenate(read)
        near = np.unique(touched[self._scores[touched] >= least])
        scores = self._scores[near].round(5)
        self._scores[touched] = 0.0
        order = np.lexsort((near, -scores))[: most + 1]
        return [(int(near[i]), float(scores[i])) for i in order if near[i] != at][:most]

    def _add(self, entry: tuple[Ids, Weights], weight: float) -> Ids:
        ids, weights = entry
        self._scores[ids] += weights * np.float32(weight)
        return ids

    def _chosen(self, vector: Mapping[str, float]) -> Iterator[tuple[tuple[Ids, Weights], float]]:
        spent = 0
        telling = sorted(vector.items(), key=lambda item: (-item[1], item[0]))
        for rank, (term, weight) in enumerate(telling):
            entry = self._entries.get(term)
            if entry is None:
                continue
            spent += len(entry[0])
            if spent > _BUDGET and rank >= _FEWEST:
                return
            yield entry, weight
