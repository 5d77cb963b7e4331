"""Samples, members and labels as rows and back."""

import json
from collections.abc import Mapping
from typing import Any

from earshot.domain.label import Label, Labelling, Member, ModelAnswer, Ruling, Sample
from earshot.store.cleaning import clean

FIELDS = ("issue_type", "priority", "sentiment", "churn_risk")
MEMBER = (
    "sample_id", "conversation_id", "place", "stratum", "probability", "conversation_at", "segment", *FIELDS,
    "confidence", "classifier", "model", "prompt_version", "content_hash", "read_at", "example_at",
)  # fmt: skip
"""The columns of audit_member."""

Row = Mapping[str, Any] | Any


def sample_from(row: Row) -> Sample:
    """A row of audit_sample."""
    held = row["populations"]
    populations = json.loads(held) if isinstance(held, str) else held
    names = [name for name in Sample.model_fields if name != "populations"]
    return Sample(**{name: row[name] for name in names}, populations=populations)


def sample_values(one: Sample) -> dict[str, Any]:
    """The values of audit_sample."""
    values: dict[str, Any] = {name: getattr(one, name) for name in Sample.model_fields}
    return values | {"kind": one.kind.value, "populations": json.dumps(one.populations)}


def member_from(row: Row) -> Member:
    """A row of audit_member."""
    names = ("sample_id", "conversation_id", "place", "stratum", "probability", "conversation_at", "segment")
    return Member(**{name: row[name] for name in names}, answer=answer_from(row), example_at=row["example_at"])


def answer_from(row: Row) -> ModelAnswer | None:
    """What the model said; None where nobody could read the conversation."""
    if row["classifier"] is None:
        return None
    names = ("confidence", "classifier", "model", "prompt_version", "read_at")
    values = {name: row[name] for name in names}
    return ModelAnswer(labels=label_from(row), content_hash=row["content_hash"] or "", **values)


def member_values(one: Member) -> dict[str, Any]:
    """The values of audit_member."""
    answer = one.answer
    given = ("confidence", "classifier", "model", "prompt_version", "content_hash", "read_at")
    return {
        "sample_id": one.sample_id,
        "conversation_id": one.conversation_id,
        "place": one.place,
        "stratum": one.stratum,
        "probability": one.probability,
        "conversation_at": one.conversation_at,
        "segment": one.segment.value if one.segment else None,
        **label_values(answer.labels if answer else Label()),
        **{name: getattr(answer, name) if answer else None for name in given},
        "example_at": one.example_at,
    }


def label_from(row: Row) -> Label:
    """The closed fields of a row."""
    return Label(**{field: row[field] for field in FIELDS})


def label_values(label: Label) -> dict[str, Any]:
    """The closed fields as values."""
    return {field: label.value(field) for field in FIELDS}


def labelling_from(row: Row) -> Labelling:
    """A row of audit_label."""
    names = ("sample_id", "conversation_id", "labeller", "skipped", "note", "seconds", "at")
    return Labelling(label=label_from(row), **{name: row[name] for name in names})


def labelling_values(one: Labelling) -> dict[str, Any]:
    """The values of audit_label."""
    names = ("sample_id", "conversation_id", "skipped", "seconds", "at")
    plain = {name: getattr(one, name) for name in names}
    return plain | label_values(one.label) | {"labeller": clean(one.labeller), "note": clean(one.note)}


def ruling_from(row: Row) -> Ruling:
    """A row of audit_ruling."""
    return Ruling(
        label=label_from(row), **{name: row[name] for name in ("sample_id", "conversation_id", "by", "at")}
    )
