"""Files of labels: JSON lines, each a conversation's id and what a person says it is.

Three forms are understood, line by line:
`{"id": "215", "issue_type": "BILLING", "priority": "HIGH", "sentiment": "NEGATIVE", "churn_risk": "LOW"}`,
`{"id": "215", "label": {"issue_type": …}}`, and two annotations of the same conversation,
`{"id": "215", "label_a": {…}, "label_b": {…}}`. Fields may be left out; `source` names where the text comes from.
A line that also holds `messages` carries its conversation with it.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from earshot.domain.label import Label
from earshot.domain.model import Noun
from earshot.domain.reading import ChurnRisk, IssueType, Labels, PartialLabels, Priority, Sentiment

OPTIONS: dict[str, tuple[str, ...]] = {
    "issue_type": tuple(IssueType),
    "priority": tuple(Priority),
    "sentiment": tuple(Sentiment),
    "churn_risk": tuple(ChurnRisk),
}
"""The fields that labels have, and what each may say; those in ORDERED have a natural order, as listed."""
ORDERED = frozenset({"priority", "sentiment", "churn_risk"})


class Labelled(Noun):
    """A conversation with one annotation or two. `with_text` says that its line carries the messages too."""

    id: str
    labels: tuple[Label, ...]
    source: str | None = None
    with_text: bool = False


class BadLine(Noun):
    """A line that is no label, and why."""

    line: int
    reason: str


class LabelFile(Noun):
    """What a file of labels holds."""

    rows: tuple[Labelled, ...]
    bad: tuple[BadLine, ...] = ()


def parse(lines: Iterable[str]) -> LabelFile:
    """Read the lines of a label file. Of lines with the same id the first counts, the others are reported."""
    rows: dict[str, Labelled] = {}
    bad: list[BadLine] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = _row(line)
        if isinstance(found, str):
            bad.append(BadLine(line=number, reason=found))
        elif found.id in rows:
            bad.append(BadLine(line=number, reason="this id stands on an earlier line; the first one counts"))
        else:
            rows[found.id] = found
    return LabelFile(rows=tuple(rows.values()), bad=tuple(bad))


def said(labels: Labels | PartialLabels | None) -> Label:
    """What a classifier says, in the form of a label; a field it does not give is None."""
    if labels is None:
        return Label()
    return Label(**{field: getattr(labels, field) for field in OPTIONS})


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _row(line: str) -> Labelled | str:
    """A label, or what is wrong with the line."""
    try:
        data: Any = json.loads(line)
    except ValueError:
        return "not JSON"
    if not _is_object(data):
        return "not a JSON object"
    name = data.get("id")
    if not isinstance(name, str | int) or isinstance(name, bool) or not str(name).strip():
        return "`id` is missing"
    labels: list[Label] = []
    for place, given in _annotations(data):
        label = _label(given, place)
        if isinstance(label, str):
            return label
        labels.append(label)
    source = data.get("source")
    return Labelled(
        id=str(name).strip(),
        labels=tuple(labels),
        source=source if isinstance(source, str) else None,
        with_text=isinstance(data.get("messages"), list),
    )


def _annotations(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The annotations of a line, each with the prefix that messages name it by."""
    pair = [(f"{key}.", row[key]) for key in ("label_a", "label_b") if key in row]
    if pair:
        return pair
    return [("label.", row["label"])] if "label" in row else [("", row)]


def _label(given: Any, place: str) -> Label | str:
    if not _is_object(given):
        return f"`{place.rstrip('.')}` is not an object"
    found: dict[str, str] = {}
    for field, options in OPTIONS.items():
        value = given.get(field)
        if value is None or value == "":
            continue
        told = value.strip().upper().replace(" ", "_").replace("-", "_") if isinstance(value, str) else ""
        if told not in options:
            return f"`{place}{field}` must be one of {', '.join(options)}"
        found[field] = told
    return Label.model_validate(found) if found else f"no label: give at least one of {', '.join(OPTIONS)}"
