"""Which of many changes are real: tests of all of them together, so that looking at many does not invent some."""

import math
from collections.abc import Sequence

FALSE_SHARE = 0.1
"""Among the changes called real, about this share at most is chance."""


def probability(z: float) -> float:
    """How likely a standard score at least so far from 0 is by chance, both ways."""
    return math.erfc(abs(z) / math.sqrt(2))


def real(scores: Sequence[float], *, looked: int, share: float = FALSE_SHARE) -> list[bool]:
    """Which of the standard scores are real changes among `looked` that were tested (Benjamini and Hochberg 1995).

    `scores` must hold the largest of all of those that were tested; what was not handed in counts as not real.
    """
    order = sorted(range(len(scores)), key=lambda at: -abs(scores[at]))
    many = max(looked, len(scores), 1)
    last = 0
    for place, at in enumerate(order, 1):
        if probability(scores[at]) <= share * place / many:
            last = place
    kept = set(order[:last])
    return [at in kept for at in range(len(scores))]
