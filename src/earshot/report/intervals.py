"""How sure a figure is: 95% intervals and tests of change, by textbook formulas.

Figures count every conversation of their window; what is uncertain is how far another window of the same length
would differ by chance. The formulas treat conversations as independent of each other.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from earshot.domain.reading import SENTIMENT_BANDS

Z95 = 1.959964
SMALL_SAMPLE = 30
"""Below this many conversations a share or an average is marked as resting on few."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends of a 95% interval."""

    low: float
    high: float


def share_interval(part: int, whole: int) -> Interval | None:
    """Wilson score interval of a share (Wilson 1927); None without conversations."""
    if whole <= 0:
        return None
    share, z2 = min(part / whole, 1.0), Z95**2
    centre = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z95 / (1 + z2 / whole) * math.sqrt(share * (1 - share) / whole + z2 / (4 * whole**2))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def mean_interval(mean: float, sd: float | None, *, n: int) -> Interval | None:
    """Mean ± 1.96 · sd / √n, kept within the scale of scores (−1 to 1); None when the spread is unknown."""
    if n < 1 or sd is None:
        return None
    half = Z95 * sd / math.sqrt(n)
    return Interval(max(-1.0, mean - half), min(1.0, mean + half))


def spread(by_sentiment: Mapping[str, int]) -> float | None:
    """Standard deviation of scores from counts per sentiment, each taken at the middle of its band."""
    middles = {str(s): (low + high) / 2 for s, (low, high) in SENTIMENT_BANDS.items()}
    known = {middles[s]: n for s, n in by_sentiment.items() if s in middles}
    n = sum(known.values())
    if n < 2:
        return None
    mean = sum(m * k for m, k in known.items()) / n
    return math.sqrt(sum(k * (m - mean) ** 2 for m, k in known.items()) / (n - 1))


def count_z(now: int, then: int) -> float:
    """Standard score of a change between two counts of equal windows, with continuity correction.

    Given now + then, each falls in either window with chance ½: (|now − then| − 1) / √(now + then), signed.
    """
    if now + then == 0:
        return 0.0
    size = max(0.0, abs(now - then) - 1) / math.sqrt(now + then)
    return math.copysign(size, now - then)


def mean_z(change: float, sds: tuple[float | None, float | None], *, ns: tuple[int, int]) -> float:
    """Standard score of a change between two averages: change / √(sd₁²/n₁ + sd₂²/n₂); 0 when unknown."""
    if None in sds or min(ns) < 2:
        return 0.0
    error = math.sqrt(sum((sd or 0.0) ** 2 / n for sd, n in zip(sds, ns, strict=True)))
    return change / error if error > 0 else 0.0
