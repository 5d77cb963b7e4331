"""What common English words mean, as short vectors that are near for words of near meaning; no download.

`meanings.npz` is made by `training/meanings.py` (distilled from all-MiniLM-L6-v2, Apache-2.0). Words
it does not know say nothing here; they count as terms.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
import numpy.typing as npt

MEANING = 128
"""Length of a meaning."""

Vector = npt.NDArray[np.float32]


class Meanings:
    """Vectors of words."""

    def __init__(self, words: list[str], vectors: Vector) -> None:
        self._at = {word: place for place, word in enumerate(words)}
        self._vectors = vectors

    def __contains__(self, word: str) -> bool:
        return word in self._at

    def of(self, words: Mapping[str, float]) -> Vector:
        """What weighed words mean together; not scaled; zeros when none of them is known."""
        known = [(self._at[word], weight) for word, weight in words.items() if word in self._at]
        if not known:
            return np.zeros(MEANING, dtype=np.float32)
        places, weights = zip(*known, strict=True)
        return np.asarray(np.array(weights, dtype=np.float32) @ self._vectors[list(places)], dtype=np.float32)


@lru_cache(maxsize=1)
def builtin_meanings() -> Meanings:
    """The meanings that are shipped."""
    return meanings_in(files("earshot.group.likeness").joinpath("meanings.npz").read_bytes())


def meanings_in(content: bytes) -> Meanings:
    """The meanings in a file as `training/meanings.py` writes it."""
    with np.load(BytesIO(content), allow_pickle=False) as held:
        words = str(held["words"]).split("\n")
        numbers: npt.NDArray[np.int8] = held["numbers"]
        scale: npt.NDArray[np.float16] = held["scale"]
    vectors = numbers.astype(np.float32) * (scale.astype(np.float32) / 127)[:, None]
    return Meanings(words, vectors.astype(np.float32))
