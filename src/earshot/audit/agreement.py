"""How well a classifier agrees with labels: accuracy, macro-F1, kappa, confusion, calibration, with intervals.

With two annotations of a conversation every figure is the mean of the agreement with both. A conversation that the
classifier could not read counts as wrong: whoever refuses the hard ones must not look better for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.audit.chance import Figure, Floats, bootstrap, share
from earshot.audit.labels import OPTIONS, ORDERED, Label
from earshot.domain.model import Noun

BINS = 10
"""Equally wide bins of confidence."""

Ints = NDArray[np.int64]


class Judged(Noun):
    """One labelled conversation, what was said of it, and what is known about it (for segments).

    `weight`: how many labels it counts for, where a sample was drawn unevenly (`weighting.py`).
    """

    id: str
    truths: tuple[Label, ...]
    guess: Label | None = None
    confidence: float | None = None
    facts: dict[str, str] = {}
    weight: float = 1.0

    def right(self, field: str) -> float | None:
        """How much of the annotations a guess meets, 0 to 1; None where nobody labelled the field."""
        labelled = [value for truth in self.truths if (value := truth.value(field)) is not None]
        guess = self.guess.value(field) if self.guess else None
        return sum(value == guess for value in labelled) / len(labelled) if labelled else None


class Table(Noun):
    """How often each label (row) was read as each option (column; the last is: not read)."""

    options: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]


class FieldScore(Noun):
    """Agreement on one field. `weighted_kappa` (quadratic) counts how far off a miss is; only of what was read."""

    field: str
    n: int
    unread: int
    accuracy: Figure
    macro_f1: Figure
    kappa: Figure
    weighted_kappa: Figure | None
    confusion: Table


class Agreement(Noun):
    """The two figures of a field that pages show; quicker than all of them."""

    n: int
    unread: int
    accuracy: Figure
    kappa: Figure


class Bin(Noun):
    """Conversations of about the same confidence, and how many of them were right."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: Figure


class Calibration(Noun):
    """Whether a confidence of 0.8 is right in 80 of 100: `error` is the expected calibration error (ECE).

    The error of few conversations is overstated, because chance alone moves every bin.
    """

    n: int
    error: Figure
    mean_confidence: float
    bins: tuple[Bin, ...]


class Consistency(Noun):
    """Agreement between two annotations of the same conversations."""

    field: str
    n: int
    accuracy: Figure
    kappa: Figure


@dataclass(frozen=True)
class _Kinds:
    """Distinct (annotations, guess) combinations of a field, as option numbers, and how often each occurs."""

    truths: Ints
    guesses: Ints
    counts: Floats
    options: int


def given_fields(rows: Sequence[Judged]) -> list[str]:
    """The fields that are labelled and that the classifier gives at all."""
    return [
        field
        for field in OPTIONS
        if any(row.right(field) is not None for row in rows)
        and any(row.guess and row.guess.value(field) for row in rows)
    ]


def field_score(rows: Sequence[Judged], field: str) -> FieldScore:
    """Every figure of one field."""
    kinds = _kinds(rows, field)
    tables = _confusions(kinds, kinds.counts[np.newaxis, :])[0]
    told = [row for row in rows if row.right(field) is not None]
    n, unread = len(told), sum(row.guess is None or row.guess.value(field) is None for row in told)
    hits = sum(row.weight * (row.right(field) or 0.0) for row in told)
    counts = tables.mean(axis=0) if n else np.zeros((kinds.options, kinds.options + 1))
    ordered = field in ORDERED
    return FieldScore(
        field=field,
        n=n,
        unread=unread,
        accuracy=share(hits, float(kinds.counts.sum())),
        macro_f1=bootstrap(kinds.counts, lambda drawn: macro_f1(_confusions(kinds, drawn)).mean(axis=1)),
        kappa=bootstrap(kinds.counts, lambda drawn: kappa(_confusions(kinds, drawn)).mean(axis=1)),
        weighted_kappa=bootstrap(kinds.counts, lambda drawn: weighted_kappa(_confusions(kinds, drawn)).mean(axis=1))
        if ordered
        else None,
        confusion=Table(options=OPTIONS[field], counts=tuple(tuple(map(float, row)) for row in counts)),
    )


def agreement(rows: Sequence[Judged], field: str) -> Agreement:
    """Accuracy and kappa of one field."""
    kinds = _kinds(rows, field)
    told = [row for row in rows if row.right(field) is not None]
    hits = sum(row.weight * (row.right(field) or 0.0) for row in told)
    return Agreement(
        n=len(told),
        unread=sum(row.guess is None or row.guess.value(field) is None for row in told),
        accuracy=share(hits, float(kinds.counts.sum())),
        kappa=bootstrap(kinds.counts, lambda drawn: kappa(_confusions(kinds, drawn)).mean(axis=1)),
    )


def macro_f1(tables: Floats) -> Floats:
    """Mean F1 over the classes that occur among the labels; `tables` are labels by guesses on the last two axes."""
    square = tables[..., :, : tables.shape[-2]]
    hits = np.diagonal(square, axis1=-2, axis2=-1)
    labelled = tables.sum(axis=-1)
    called = square.sum(axis=-2)
    occurs = labelled > 0
    f1 = np.where(occurs, 2 * hits / np.maximum(labelled + called, 1e-12), 0.0)
    return f1.sum(axis=-1) / np.maximum(occurs.sum(axis=-1), 1)


def kappa(tables: Floats) -> Floats:
    """Cohen's kappa: agreement beyond what the class sizes alone would give. 1 where there is only one class."""
    total = np.maximum(tables.sum(axis=(-2, -1)), 1e-12)
    square = tables[..., :, : tables.shape[-2]]
    agreed = np.trace(square, axis1=-2, axis2=-1) / total
    by_chance = (tables.sum(axis=-1) * square.sum(axis=-2)).sum(axis=-1) / total**2
    return _beyond(1 - agreed, 1 - by_chance)


def weighted_kappa(tables: Floats) -> Floats:
    """Kappa of an ordered field: a miss weighs by the square of its distance. What was not read is left out."""
    square = tables[..., :, : tables.shape[-2]]
    size = square.shape[-1]
    places: Floats = np.arange(size, dtype=float)
    weights: Floats = np.square(places.reshape(-1, 1) - places)
    total = np.maximum(square.sum(axis=(-2, -1)), 1e-12)
    missed = (square * weights).sum(axis=(-2, -1)) / total
    expected = square.sum(axis=-1)[..., :, np.newaxis] * square.sum(axis=-2)[..., np.newaxis, :]
    by_chance = (expected * weights).sum(axis=(-2, -1)) / total**2
    return _beyond(missed, by_chance)


def calibration(rows: Sequence[Judged]) -> Calibration | None:
    """How well the confidence in the issue type tells how often it is right; None without any confidence."""
    known = [(row.confidence, right) for row in rows if row.confidence is not None and (right := _right(row)) >= 0]
    if not known:
        return None
    sure, right = (np.array(column, dtype=float) for column in zip(*known, strict=True))
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    inside = np.eye(BINS)[places]
    return Calibration(
        n=len(known),
        error=bootstrap(np.ones(len(known)), lambda drawn: _calibration_error(drawn, inside, gaps=right - sure)),
        mean_confidence=float(sure.mean()),
        bins=tuple(_bin(place, sure[places == place], right=right[places == place]) for place in np.unique(places)),
    )


def annotators(rows: Sequence[Judged], field: str) -> Consistency | None:
    """How far two annotations agree with each other: no classifier can be shown to be better than that."""
    both = [
        Judged(id=row.id, truths=row.truths[:1], guess=row.truths[1], weight=row.weight)
        for row in rows
        if len(row.truths) == 2 and all(truth.value(field) for truth in row.truths)
    ]
    if not both:
        return None
    score = agreement(both, field)
    return Consistency(field=field, n=score.n, accuracy=score.accuracy, kappa=score.kappa)


def _beyond(missed: Floats, by_chance: Floats) -> Floats:
    """1 − missed / missed by chance; 1 where chance alone misses nothing and nothing was missed."""
    possible = by_chance > 1e-12
    return np.where(possible, 1 - missed / np.where(possible, by_chance, 1), np.where(missed > 1e-12, 0.0, 1.0))


def _right(row: Judged) -> float:
    right = row.right("issue_type")
    return -1.0 if right is None or row.guess is None else right


def _calibration_error(drawn: Floats, inside: Floats, *, gaps: Floats) -> Floats:
    """Sum over bins of |right − confident|, by the weight of each conversation in each replicate."""
    moved = drawn @ (inside * gaps[:, np.newaxis])
    return np.abs(moved).sum(axis=1) / drawn.sum(axis=1)


def _bin(place: int, sure: Floats, *, right: Floats) -> Bin:
    return Bin(
        low=place / BINS,
        high=(place + 1) / BINS,
        n=len(sure),
        confidence=float(sure.mean()),
        accuracy=share(float(right.sum()), len(right)),
    )


def _kinds(rows: Sequence[Judged], field: str) -> _Kinds:
    """Only conversations whose every annotation labels the field; a single annotation stands for both."""
    options = list(OPTIONS[field])
    found: list[tuple[int, int, int]] = []
    weights: list[float] = []
    for row in rows:
        labelled = [options.index(value) for truth in row.truths if (value := truth.value(field)) is not None]
        guess = row.guess.value(field) if row.guess else None
        if labelled:
            found.append((labelled[0], labelled[-1], options.index(guess) if guess else len(options)))
            weights.append(row.weight)
    cells, places = np.unique(np.array(found, dtype=np.int64).reshape(-1, 3), axis=0, return_inverse=True)
    counts = np.bincount(places.ravel(), weights=weights, minlength=len(cells)).astype(np.float64)
    return _Kinds(truths=cells[:, :2], guesses=cells[:, 2], counts=counts, options=len(options))


def _confusions(kinds: _Kinds, drawn: Floats) -> Floats:
    """Confusion tables (replicate, annotation, label, guess); the last column is: not read."""
    size = kinds.options
    tables: list[Floats] = []
    for side in (0, 1):
        cells = np.zeros((len(kinds.guesses), size * (size + 1)))
        cells[np.arange(len(kinds.guesses)), kinds.truths[:, side] * (size + 1) + kinds.guesses] = 1.0
        tables.append((drawn @ cells).reshape(-1, size, size + 1))
    return np.stack(tables, axis=1)
