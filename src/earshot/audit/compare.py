"""Two classifiers on the same labelled conversations: is the difference real, or chance?

Each conversation is its own control: only where the two differ in how right they are does it say anything. The test
is exact (McNemar's; with two annotations the sign test on who agrees with more of them); p-values are corrected for
looking at several fields (Holm); the interval of the difference comes from a paired bootstrap.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from earshot.audit.agreement import Judged, given_fields
from earshot.audit.chance import Figure, Floats, bootstrap, holm, share, sign_test
from earshot.domain.model import Noun

ALPHA = 0.05
WORTH = 0.05
"""The difference one would want to see: five points of accuracy."""
_Z_ALPHA, _Z_POWER = 1.959964, 0.841621
"""Two-sided 5 % and a power of 80 %."""

Verdict = Literal["a", "b", "unsure", "same"]


class FieldDifference(Noun):
    """How two classifiers differ on one field. `difference` is accuracy of B − accuracy of A.

    `only_a`: conversations where A agrees with more annotations. `p` is as it comes, `p_corrected` after Holm.
    `verdict`: which is better; unsure: the interval leaves out zero, but the corrected test does not; same: no
    difference shown. `more`: about so many more labels to see `WORTH` points with a chance of 80 %, 0: enough.
    """

    field: str
    n: int
    a: Figure
    b: Figure
    difference: Figure
    only_a: int
    only_b: int
    p: float
    p_corrected: float
    verdict: Verdict
    more: int


def compare(a: Sequence[Judged], b: Sequence[Judged]) -> list[FieldDifference]:
    """Compare on every field that both give, over the conversations that both were asked about."""
    theirs = {row.id: row for row in b}
    pairs = [(row, theirs[row.id]) for row in a if row.id in theirs]
    shared = [field for field in given_fields(a) if field in set(given_fields(b))]
    raw = {field: _difference(pairs, field) for field in shared}
    corrected = holm({field: one.p for field, one in raw.items()})
    return [
        one.model_copy(update={"p_corrected": corrected[field], "verdict": _verdict(one, corrected[field])})
        for field, one in raw.items()
    ]


def in_words(one: FieldDifference, *, a: str = "A", b: str = "B") -> str:
    """The verdict in a sentence for people who do not read p-values."""
    name = one.field.replace("_", " ")
    points, low, high = (100 * (value or 0.0) for value in _sided(one))
    size = f"by {points:.1f} points (95 % {low:.1f} to {high:.1f})"
    if one.verdict in {"a", "b"}:
        return f"{b if one.verdict == 'b' else a} is better on {name} {size}."
    ahead = b if (one.difference.value or 0.0) > 0 else a
    if one.verdict == "unsure":
        return f"{ahead} may be better on {name} {size}, but the exact test does not show it."
    missing = (
        f"about {one.more:,} more labels would be needed to see {100 * WORTH:.0f} points"
        if one.more
        else f"with {one.n:,} labels a difference of {100 * WORTH:.0f} points would probably have been seen"
    )
    return f"No difference shown on {name}; {missing}."


def labels_needed(discordance: float, *, worth: float = WORTH) -> int:
    """Labels to see a difference of `worth` with a power of 80 % at 5 % (paired; Connor 1987).

    `discordance` is the mean squared difference per conversation: with one annotation, the share where exactly one
    of the two is right. It cannot be smaller than the difference itself.
    """
    spread = max(discordance, worth)
    root = _Z_ALPHA * math.sqrt(spread) + _Z_POWER * math.sqrt(max(0.0, spread - worth**2))
    return math.ceil((root / worth) ** 2)


def _difference(pairs: Sequence[tuple[Judged, Judged]], field: str) -> FieldDifference:
    known = [
        (left, right)
        for a, b in pairs
        if (left := a.right(field)) is not None and (right := b.right(field)) is not None
    ]
    rights = np.array(known, dtype=float).reshape(-1, 2)
    gaps = rights[:, 1] - rights[:, 0]
    n, only_a, only_b = len(known), int((gaps < 0).sum()), int((gaps > 0).sum())
    discordance = (float((gaps**2).sum()) + 1) / (n + 2)
    return FieldDifference(
        field=field,
        n=n,
        a=share(float(rights[:, 0].sum()), n),
        b=share(float(rights[:, 1].sum()), n),
        difference=_mean(gaps),
        only_a=only_a,
        only_b=only_b,
        p=sign_test(only_a, only_b),
        p_corrected=1.0,
        verdict="same",
        more=max(0, labels_needed(discordance) - n),
    )


def _mean(gaps: Floats) -> Figure:
    """The mean with its interval; turned round, exactly the opposite, whichever way the chances fall."""
    if gaps.sum() < 0:
        found = _mean(-gaps)
        return Figure(value=-(found.value or 0.0), low=-(found.high or 0.0), high=-(found.low or 0.0))
    values, counts = np.unique(gaps, return_counts=True)
    return bootstrap(counts.astype(float), lambda drawn: drawn @ values / np.maximum(drawn.sum(axis=1), 1))


def _verdict(one: FieldDifference, corrected: float) -> Verdict:
    low, high = one.difference.low or 0.0, one.difference.high or 0.0
    if low <= 0 <= high:
        return "same"
    if corrected >= ALPHA:
        return "unsure"
    return "b" if low > 0 else "a"


def _sided(one: FieldDifference) -> tuple[float | None, float | None, float | None]:
    """The difference seen from whoever is ahead."""
    gap = one.difference
    if (gap.value or 0.0) >= 0:
        return gap.value, gap.low, gap.high
    return -(gap.value or 0.0), -(gap.high or 0.0), -(gap.low or 0.0)
