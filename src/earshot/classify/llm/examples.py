"""Few-shot examples: labelled texts from settings and from a file of labelled conversations.

The file holds JSON lines. A row has `messages` (`[{author, text}]`, maybe `title`) or `text`, and its labels in
`labels`, in `label_a` (and `label_b`, a second opinion), or in the row itself: `issue_type`, `priority`,
`sentiment`, `churn_risk`. A conversation with two opinions serves only where they agree.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from earshot.classify.llm.settings import ClassifySettings, ExampleSettings
from earshot.domain.conversation import Author, Conversation, Message
from earshot.domain.reading import IssueType
from earshot.errors import BadInput, Misconfigured
from earshot.text.personal import mask
from earshot.text.untrusted import inert, quoted

_FIELDS = ("issue_type", "priority", "sentiment", "churn_risk")
_LONGEST = 300
_TELLING = 40
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


def chosen(settings: ClassifySettings) -> list[ExampleSettings]:
    """The examples of the settings, then the file's shortest telling ones per issue type; always the same."""
    found = list(settings.examples)
    if settings.examples_file and settings.examples_per_type:
        rows = sorted(_from_file(settings.examples_file), key=lambda e: (len(e.text), e.text))
        for kind in IssueType:
            found += [row for row in rows if row.issue_type is kind][: settings.examples_per_type]
    return [_shown(example, masking=settings.mask_personal_data) for example in found]


def block(examples: Sequence[ExampleSettings], *, issue_type_only: bool) -> str:
    """The examples as data for the start of the user turn, empty without any. The texts are customers' words."""
    if not examples:
        return ""
    fields = _FIELDS[:1] if issue_type_only else _FIELDS
    lines = [f"{quoted(e.text)} = {', '.join(str(getattr(e, field)) for field in fields)}" for e in examples]
    return "\n".join([f"<examples> text = {', '.join(fields)}", *lines, "</examples>", ""])


def _shown(example: ExampleSettings, *, masking: bool) -> ExampleSettings:
    text = " ".join(inert(example.text).split())
    text = _masked(text) if masking else text
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rpartition(" ")[0] + " …"
    return example.model_copy(update={"text": text})


def _masked(text: str) -> str:
    message = Message(id="1", author=Author.CUSTOMER, text=text, created_at=_NEVER)
    whole = Conversation(
        source="example", external_id="1", created_at=_NEVER, updated_at=_NEVER, messages=(message,)
    )
    return mask(whole).texts[0]


def _from_file(path: Path) -> Iterator[ExampleSettings]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Misconfigured(
            f"cannot read {path}: {error.strerror}", hint="Correct [classify] examples_file."
        ) from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            example = _from_line(line, place=f"{path}, line {number}")
            if example:
                yield example


def _from_line(line: str, *, place: str) -> ExampleSettings | None:
    """The example of one line; None where its labels are doubtful or its text says little."""
    try:
        row = json.loads(line)
        first = row.get("label_a") or row.get("labels") or row
        second = row.get("label_b") or first
        text = _text(row)
        if len(text) < _TELLING or any(first[f] != second[f] for f in _FIELDS) or first.get("unclear"):
            return None
        return ExampleSettings(text=text[:2000], **{field: first[field] for field in _FIELDS})
    except (ValueError, KeyError, AttributeError, TypeError, ValidationError) as error:
        hint = "A row has messages or text, and issue_type, priority, sentiment and churn_risk."
        raise BadInput(f"{place}: no labelled conversation ({type(error).__name__})", hint=hint) from None


def _text(row: dict[str, Any]) -> str:
    """The title and the customer's first words."""
    if "messages" not in row:
        return str(row["text"])
    words = next((m["text"] for m in row["messages"] if m["author"] == "customer" and m["text"].strip()), "")
    return ". ".join(part for part in (row.get("title"), words) if part)
