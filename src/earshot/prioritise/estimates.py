"""Whose value of a factor counts: a person's before a model's before the formula's; and which values make sense."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import isfinite

from earshot.domain.backlog import ItemEdit
from earshot.domain.rice import CONFIDENCES, IMPACTS, Estimate, Factor, Source
from earshot.prioritise.impact import nearest
from earshot.text.escape import clip
from earshot.text.wording import number

LEAST_EFFORT, MOST_EFFORT = 0.1, 104.0
"""Half a day and two years, in person-weeks."""
MOST_REACH = 1_000_000_000
REASON_LIMIT = 300
_OF_MODELS = frozenset((Factor.IMPACT, Factor.EFFORT, Factor.CONFIDENCE))
_FACTORS = frozenset(factor.value for factor in Factor)
_RANK = (Source.PERSON, Source.MODEL, Source.FORMULA, Source.DATA)


def factor_value(factor: Factor, value: float) -> float:
    """A factor's value as a person may set it. ValueError in words for that person where it may not be."""
    if not isfinite(value):
        raise ValueError(f"{factor} must be a number")
    if factor is Factor.REACH:
        if value != round(value) or not 0 <= value <= MOST_REACH:
            raise ValueError(f"reach is whole accounts per quarter, from 0 to {MOST_REACH:,}, not {value:g}")
    elif factor is Factor.EFFORT:
        if not LEAST_EFFORT <= value <= MOST_EFFORT:
            raise ValueError(f"effort is person-weeks from {LEAST_EFFORT:g} to {MOST_EFFORT:g}, not {value:g}")
        return round(value, 2)
    elif value not in (scale := IMPACTS if factor is Factor.IMPACT else CONFIDENCES):
        raise ValueError(f"{factor} must be one of {', '.join(f'{step:g}' for step in scale)}, not {value:g}")
    return float(value)


def admitted(estimate: Estimate) -> tuple[Estimate | None, str]:
    """An estimate as it may count, and a line where it was changed or refused.

    A person's value must be right. A model's lies between the steps at times and is put on the nearest; it never
    says how many customers there are.
    """
    try:
        if estimate.source is Source.MODEL:
            return _of_model(estimate)
        value = factor_value(estimate.factor, estimate.value)
    except ValueError as error:
        return None, f"A value of {estimate.factor} by a {estimate.source} was left out: {error}."
    return _with(estimate, value), ""


def chosen(formula: Estimate, others: Iterable[Estimate]) -> tuple[Estimate, tuple[Estimate, ...]]:
    """The estimate that counts for the formula's factor, and those overruled; of one source the last counts."""
    by_source = {formula.source: formula}
    by_source.update({e.source: e for e in others if e.factor is formula.factor})
    first, *rest = sorted(by_source.values(), key=lambda e: _RANK.index(e.source))
    return first, tuple(rest)


def kept(estimates: Sequence[Estimate], source: Source) -> tuple[Estimate, ...]:
    """Those of one source, to reckon with again."""
    return tuple(e for e in estimates if e.source is source)


def of_people(edits: Sequence[ItemEdit]) -> tuple[Estimate, ...]:
    """What people set of the factors of an item, the latest of each; one taken back is none."""
    latest: dict[Factor, ItemEdit] = {}
    for edit in sorted(edits, key=lambda edit: edit.at):
        if edit.field in _FACTORS:
            latest[Factor(edit.field)] = edit
    found = ((factor, edit, _number(edit.value)) for factor, edit in latest.items())
    return tuple(
        Estimate(factor=factor, value=value, source=Source.PERSON, reason=edit.reason)
        for factor, edit, value in found
        if value is not None
    )


def _number(value: str | None) -> float | None:
    """The number in a JSON text, None where there is none."""
    try:
        return None if value is None else float(value.strip().strip('"'))
    except ValueError:
        return None


def _of_model(estimate: Estimate) -> tuple[Estimate | None, str]:
    factor, value = estimate.factor, estimate.value
    if factor not in _OF_MODELS:
        raise ValueError("it is counted, never estimated")
    if not isfinite(value) or value <= 0:
        raise ValueError(f"{value:g} makes no sense")
    if factor is Factor.EFFORT:
        return _with(estimate, factor_value(factor, value)), ""
    scale = IMPACTS if factor is Factor.IMPACT else CONFIDENCES
    if value > scale[-1]:
        raise ValueError(f"{value:g} is above the scale's {scale[-1]:g}")
    step = nearest(Fraction(value)) if factor is Factor.IMPACT else min(scale, key=lambda s: (abs(s - value), s))
    line = "" if step == value else f"The model's {factor} of {number(value)} was put on the step {number(step)}."
    return _with(estimate, step), line


def _with(estimate: Estimate, value: float) -> Estimate:
    return estimate.model_copy(update={"value": value, "reason": clip(estimate.reason, REASON_LIMIT)})
