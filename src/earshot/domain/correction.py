"""A correction: a field of a reading that a person changed. It wins over re-readings until it is taken back."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from earshot.domain.insight import FirstLabels, Insight
from earshot.domain.model import Noun
from earshot.domain.reading import (
    ChurnRisk,
    IssueType,
    Priority,
    Reading,
    RecommendedAction,
    Sentiment,
    score_in_band,
)


class Field(StrEnum):
    """What can be corrected. The issue type is also the first finding's, and so is the affected feature."""

    ISSUE_TYPE = "issue_type"
    PRIORITY = "priority"
    SENTIMENT = "sentiment"
    CHURN_RISK = "churn_risk"
    AFFECTED_FEATURE = "affected_feature"
    RECOMMENDED_ACTION = "recommended_action"


CHOICES: dict[Field, type[StrEnum]] = {
    Field.ISSUE_TYPE: IssueType,
    Field.PRIORITY: Priority,
    Field.SENTIMENT: Sentiment,
    Field.CHURN_RISK: ChurnRisk,
    Field.RECOMMENDED_ACTION: RecommendedAction,
}
"""The values of a field; what is not here is free text."""
LABELLED = (Field.ISSUE_TYPE, Field.PRIORITY, Field.SENTIMENT, Field.CHURN_RISK)
"""What labels alone can tell."""


class Correction(Noun):
    """One field of one conversation's reading as a person set it; an empty `value` means: none.

    `was` is what the model says now, kept up to date by every re-reading (`was_score`: its sentiment score), None
    where it says nothing; `was_label` is the same of labels that came before a reading.
    """

    id: str
    conversation_id: str
    field: Field
    value: str
    was: str | None = None
    was_score: float | None = None
    was_label: str | None = None
    reason: str = ""
    actor: str
    made_at: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None


def laid_over(insight: Insight, corrections: Sequence[Correction]) -> Insight:
    """A reading of a model with what people corrected laid over it."""
    told = {one.field: one.value or None for one in corrections}
    reading = _with(insight.reading, told) if told else insight.reading
    return insight.model_copy(update={"reading": reading, "corrected": _names(corrections)})


def as_read(insight: Insight, corrections: Sequence[Correction]) -> Insight:
    """A stored insight as its model read it: what people corrected is taken off."""
    told = {one.field: one.was for one in corrections}
    scores = {one.field: one.was_score for one in corrections}
    reading = _with(insight.reading, told, score=scores.get(Field.SENTIMENT)) if told else insight.reading
    return insight.model_copy(update={"reading": reading, "corrected": ()})


def labels_laid_over(first: FirstLabels, corrections: Sequence[Correction]) -> FirstLabels:
    """First labels with what people corrected laid over them."""
    told = {one.field.value: CHOICES[one.field](one.value) for one in corrections if one.field in LABELLED}
    names = tuple(name for name in _names(corrections) if name in told)
    return first.model_copy(update={"labels": first.labels.model_copy(update=told), "corrected": names})


def labels_as_read(first: FirstLabels, corrections: Sequence[Correction]) -> FirstLabels:
    """Stored first labels as their model gave them."""
    told = {
        one.field.value: None if one.was_label is None else CHOICES[one.field](one.was_label)
        for one in corrections
        if one.field in LABELLED and one.field.value in first.corrected
    }
    return first.model_copy(update={"labels": first.labels.model_copy(update=told), "corrected": ()})


def remembering(
    correction: Correction, *, insight: Insight | None = None, labels: FirstLabels | None = None
) -> Correction:
    """The correction with what the model says now, from a reading or labels that nothing is laid over."""
    field = correction.field.value
    update: dict[str, Any] = {}
    if insight is not None:
        update["was"] = _plain(getattr(insight.reading, field))
        if correction.field is Field.SENTIMENT:
            update["was_score"] = insight.reading.sentiment_score
    if labels is not None and correction.field in LABELLED:
        update["was_label"] = _plain(getattr(labels.labels, field))
    return correction.model_copy(update=update)


def _with(reading: Reading, told: dict[Field, str | None], *, score: float | None = None) -> Reading:
    """A reading with fields set; a field without a value keeps what it has, but the feature, which may be none."""
    update: dict[str, Any] = {
        field.value: CHOICES[field](value) for field, value in told.items() if field in CHOICES and value
    }
    if Field.AFFECTED_FEATURE in told:
        update["affected_feature"] = told[Field.AFFECTED_FEATURE]
    if "sentiment" in update:
        update["sentiment_score"] = score_in_band(
            update["sentiment"], reading.sentiment_score if score is None else score
        )
    first = {name: update[name] for name in ("issue_type", "affected_feature") if name in update}
    update["findings"] = (reading.findings[0].model_copy(update=first), *reading.findings[1:])
    return reading.model_copy(update=update)


def _names(corrections: Sequence[Correction]) -> tuple[str, ...]:
    return tuple(sorted(one.field.value for one in corrections))


def _plain(value: object) -> str | None:
    return None if value is None else str(getattr(value, "value", value))
