"""Vectors as others made them, checked and brought to unit length."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from earshot.domain.model import Noun

Rows = npt.NDArray[np.float32]
"""A matrix, one vector in each row."""
PLACES = 6
"""Decimals that are kept: what lies behind them depends on machine and batch."""


class Unusable(Noun):
    """Why vectors cannot be used, in words of ours."""

    why: str


def unit_vectors(rows: Sequence[Sequence[float]] | Rows, *, count: int) -> list[list[float]] | Unusable:
    """The vectors at unit length, one per text; Unusable when they are too few, of unlike length or no numbers."""
    if len(rows) != count:
        return Unusable(why=f"{len(rows)} vectors came for {count} texts")
    if count == 0:
        return []
    if len({len(row) for row in rows}) != 1 or not len(rows[0]):
        return Unusable(why="the vectors are of unlike length")
    matrix = np.asarray(rows, dtype=np.float64)
    lengths: npt.NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
    if not np.isfinite(lengths).all() or not lengths.all():
        return Unusable(why="a vector is empty or holds what is no number")
    rounded: list[list[float]] = (matrix / lengths[:, None]).round(PLACES).tolist()
    return rounded
