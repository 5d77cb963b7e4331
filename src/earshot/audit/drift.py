"""Whether agreement fell: the difference of two samples with its interval, a test, and what could be seen at all.

The interval is Newcombe's (from the Wilson intervals of both shares), the test one-sided with the pooled share,
both with effective numbers of labels; p-values are corrected for looking at several fields (Holm).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal

from earshot.audit.chance import Figure, holm
from earshot.audit.weighting import Weighed
from earshot.domain.model import Noun

ALPHA = 0.025
"""One-sided: as often a fall is shown, over all fields of one comparison, where there is none."""
_Z_ALPHA, _Z_POWER = NormalDist().inv_cdf(1 - ALPHA), NormalDist().inv_cdf(0.8)

Fall = Literal["real", "unsure", "kept", "unknown"]
Standing = Literal["met", "missed", "unsure", "unknown"]


class Drift(Noun):
    """Agreement on one field now against before. `difference` is now − before.

    `fall`: real (a fall is shown), kept (no fall beyond the bound; shown), unsure (neither), unknown (no labels).
    `beyond`: even the least fall that fits is larger than the bound. `seen`: the fall that would be shown four
    times of five with so many labels; None where not even a fall to nothing would.
    """

    field: str
    now: Figure
    then: Figure
    n_now: int
    n_then: int
    effective_now: float
    effective_then: float
    difference: Figure
    p: float
    p_corrected: float
    fall: Fall
    beyond: bool
    seen: float | None


def drifts(pairs: Sequence[tuple[Weighed, Weighed]], *, bound: float) -> list[Drift]:
    """The drift of every field, (now, before) each."""
    raw = {now.field or then.field: _drift(now, then) for now, then in pairs}
    corrected = holm({name: one.p for name, one in raw.items() if one.fall != "unknown"})
    return [_judged(one, corrected.get(name, 1.0), bound=bound) for name, one in raw.items()]


def standing(value: Figure, target: float) -> Standing:
    """Whether a target is met: only when the whole interval is on one side of it is anything shown."""
    if value.value is None or value.low is None or value.high is None:
        return "unknown"
    if value.low >= target:
        return "met"
    return "missed" if value.high < target else "unsure"


def least_fall(level: float, now: float, *, then: float) -> float | None:
    """The fall from `level` that is shown four times of five with so many (effective) labels."""
    if now <= 0 or then <= 0:
        return None
    fall = 0.0
    for _ in range(200):
        low = max(0.0, level - fall)
        null = math.sqrt(_variance((level * then + low * now) / (now + then)) * (1 / now + 1 / then))
        wanted = _Z_ALPHA * null + _Z_POWER * math.sqrt(_variance(level) / then + _variance(low) / now)
        if wanted > level:
            return None
        if abs(wanted - fall) < 1e-4:
            break
        fall = wanted
    return fall


def labels_for(bound: float, level: float, *, then: float) -> int | None:
    """Labels that would show a fall of `bound` four times of five; None: no number would, the past is too thin."""
    if (endless := least_fall(level, 1e9, then=then)) is None or endless > bound:
        return None
    low, high = 1, 1
    while (found := least_fall(level, high, then=then)) is None or found > bound:
        low, high = high, high * 2
    while low + 1 < high:
        middle = (low + high) // 2
        found = least_fall(level, middle, then=then)
        low, high = (low, middle) if found is not None and found <= bound else (middle, high)
    return high


def false_alarms(weeks: int) -> float:
    """How many falls are shown by chance alone in so many weekly looks, at most."""
    return weeks * ALPHA


def _drift(now: Weighed, then: Weighed) -> Drift:
    a, b = now.agreement, then.agreement
    known = a.value is not None and b.value is not None
    level = min(0.99, max(0.01, b.value)) if b.value is not None else 0.0
    return Drift(
        field=now.field or then.field,
        now=a,
        then=b,
        n_now=len(now.rows),
        n_then=len(then.rows),
        effective_now=now.effective,
        effective_then=then.effective,
        difference=difference(a, b),
        p=_p_fall(a.value or 0.0, now.effective, before=(b.value or 0.0, then.effective)) if known else 1.0,
        p_corrected=1.0,
        fall="unsure" if known else "unknown",
        beyond=False,
        seen=least_fall(level, now.effective, then=then.effective) if known else None,
    )


def difference(a: Figure, b: Figure) -> Figure:
    """a − b of two independent shares (Newcombe 1998, method 10)."""
    if a.value is None or b.value is None or None in {a.low, a.high, b.low, b.high}:
        return Figure()
    gap = a.value - b.value
    down = math.hypot(a.value - (a.low or 0.0), (b.high or 0.0) - b.value)
    up = math.hypot((a.high or 0.0) - a.value, b.value - (b.low or 0.0))
    return Figure(value=gap, low=max(-1.0, gap - down), high=min(1.0, gap + up))


def _p_fall(p: float, n: float, *, before: tuple[float, float]) -> float:
    q, m = before
    spread = _variance((p * n + q * m) / (n + m)) * (1 / n + 1 / m)
    if spread <= 0:
        return 1.0
    return NormalDist().cdf((p - q) / math.sqrt(spread))


def _judged(one: Drift, corrected: float, *, bound: float) -> Drift:
    if one.fall == "unknown":
        return one
    low, high = one.difference.low or 0.0, one.difference.high or 0.0
    fall: Fall = "real" if corrected < ALPHA and high < 0 else "kept" if low > -bound else "unsure"
    beyond = fall == "real" and high < -bound
    return one.model_copy(update={"p_corrected": corrected, "fall": fall, "beyond": beyond})


def _variance(p: float) -> float:
    return max(0.0, p * (1 - p))
