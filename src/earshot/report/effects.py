"""Whether a fix changed how often a matter is raised: rate ratios with exact intervals; medians with theirs.

Mentions before and after are counts over exposures (all conversations of each span). Given their sum, the count
after is binomial; its exact interval (Clopper and Pearson 1934) gives that of the rate ratio. No model of time is
assumed: a matter that falls anyway falls here too, which is why the verdict is "fell", never "because of the fix".
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from earshot.report.intervals import Interval

LEVEL = 0.95
_STEPS = 80


@dataclass(frozen=True, slots=True)
class Change:
    """A rate after against before. `ratio` is None without mentions before; the interval's end may be infinite."""

    before: int
    after: int
    ratio: float | None
    interval: Interval | None

    @property
    def verdict(self) -> str:
        """What the interval says."""
        if self.interval is None:
            return "too little is known"
        if self.interval.high < 1:
            return "fell"
        return "rose" if self.interval.low > 1 else "no change that could not be chance"


def rate_change(before: int, after: int, *, exposure_before: int, exposure_after: int) -> Change:
    """The ratio of two rates, after to before, with its exact 95 % interval."""
    if before + after == 0 or exposure_before <= 0 or exposure_after <= 0:
        return Change(before, after, None, None)
    share = binomial_interval(after, before + after)
    scale = exposure_before / exposure_after
    ratio = after / before * scale if before else None
    return Change(before, after, ratio, Interval(_odds(share.low) * scale, _odds(share.high) * scale))


def binomial_interval(hits: int, n: int) -> Interval:
    """Clopper–Pearson: the shares that do not make `hits` or what is beyond it rarer than 2.5 % each way."""
    half = (1 - LEVEL) / 2
    low = 0.0 if hits == 0 else _root(lambda p: upper_tail(hits, n, p=p) - half)
    high = 1.0 if hits == n else _root(lambda p: half - (1 - upper_tail(hits + 1, n, p=p)))
    return Interval(low, high)


def upper_tail(hits: int, n: int, *, p: float) -> float:
    """The chance of at least so many hits in `n` tries."""
    if hits <= 0:
        return 1.0
    if p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    log_p, log_q = math.log(p), math.log1p(-p)
    terms = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_q
        for k in range(hits, n + 1)
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def median(values: Sequence[float]) -> tuple[float | None, Interval | None]:
    """The median, and its distribution-free 95 % interval by order statistics (None for fewer than six values)."""
    ordered, n = sorted(values), len(values)
    if n == 0:
        return None, None
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    below, fewer = 0, _half(0, n)
    while below + 1 <= n // 2 and fewer <= (1 - LEVEL) / 2:
        below += 1
        fewer += _half(below, n)
    return middle, Interval(ordered[below - 1], ordered[n - below]) if below else None


def _half(hits: int, n: int) -> float:
    """The chance of exactly so many heads in `n` throws of a coin."""
    return math.exp(math.lgamma(n + 1) - math.lgamma(hits + 1) - math.lgamma(n - hits + 1) - n * math.log(2))


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which that share lies (nearest rank); None for none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)


def _root(rising: Callable[[float], float]) -> float:
    """Where a function that rises from below zero to above crosses it, between 0 and 1."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
