"""How sure a figure is: intervals of shares (Wilson) and of anything countable (bootstrap), exact sign tests."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from earshot.domain.model import Noun

Floats = NDArray[np.float64]
Z95 = 1.959964
REPLICATES = 2000
"""Bootstrap replicates: enough for the second digit of an interval's ends."""
SEED = 20_26
_SLICE = 4_000_000
"""Most numbers that one slice of replicates may hold, so that memory does not grow with the labels."""


class Figure(Noun):
    """A figure with its 95 % interval; None where there is nothing to compute it from."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


def share(hits: float, total: float) -> Figure:
    """A share with its Wilson score interval. `hits` may be a mean over several annotations.

    `total` may be an effective number of labels, smaller than their count where they weigh unevenly.
    """
    if total <= 0:
        return Figure()
    p, z2 = hits / total, Z95**2
    centre = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 / (1 + z2 / total) * math.sqrt(p * (1 - p) / total + z2 / (4 * total**2))
    return Figure(value=p, low=max(0.0, min(p, centre - half)), high=min(1.0, max(p, centre + half)))


def bootstrap(counts: Floats, statistic: Callable[[Floats], Floats]) -> Figure:
    """A statistic of how often each kind of row occurs, with its percentile interval.

    `counts` holds the number of rows of each kind; drawing rows with replacement is drawing these counts from a
    multinomial. `statistic` takes an array whose last axis is the kinds and gives one number per replicate.
    """
    total = round(float(counts.sum()))
    if total == 0:
        return Figure()
    chance = np.random.default_rng(SEED)
    probabilities = counts / counts.sum()
    at_once = max(1, min(REPLICATES, _SLICE // max(1, counts.size)))
    drawn = [
        statistic(chance.multinomial(total, probabilities, size=min(at_once, REPLICATES - done)).astype(float))
        for done in range(0, REPLICATES, at_once)
    ]
    low, high = np.percentile(np.concatenate(drawn), [2.5, 97.5])
    value = float(statistic(counts[np.newaxis, :].astype(float))[0])
    return Figure(value=value, low=min(value, float(low)), high=max(value, float(high)))


def sign_test(first: int, second: int) -> float:
    """Two-sided exact binomial test that both counts come from a fair coin (McNemar's exact test)."""
    total, fewer = first + second, min(first, second)
    if total == 0:
        return 1.0
    ways, tail = 1, 0
    for k in range(fewer + 1):
        tail += ways
        ways = ways * (total - k) // (k + 1)
    return min(1.0, 2 * (tail / 2**total))


def holm(values: dict[str, float]) -> dict[str, float]:
    """p-values corrected for looking at several fields (Holm 1979)."""
    result: dict[str, float] = {}
    largest = 0.0
    for place, (name, value) in enumerate(sorted(values.items(), key=lambda pair: (pair[1], pair[0]))):
        largest = max(largest, min(1.0, value * (len(values) - place)))
        result[name] = largest
    return result
