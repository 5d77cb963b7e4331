"""What Earshot knows, in the shape that a field of Jira takes."""

import math

from pydantic import JsonValue

from earshot.connectors.jira.screens import ScreenField
from earshot.connectors.lenient import moment
from earshot.domain.document import Document, Paragraph, Span
from earshot.text.clean import one_line
from earshot.text.escape import visible
from earshot.text.labels import label
from earshot.text.render.adf import to_adf

Fact = str | int | float | bool | list[str]

_LINE = 255


def shaped(fact: Fact, field: ScreenField | None) -> JsonValue | None:
    """The fact as the field takes it; None where it cannot be brought into the field's form."""
    if isinstance(fact, float) and not math.isfinite(fact):
        return None
    if field is None or field.kind == "any":
        return list[JsonValue](fact) if isinstance(fact, list) else visible(fact) if isinstance(fact, str) else fact
    match field.kind:
        case "number":
            return _number(fact)
        case "string":
            return to_adf(_paragraph(fact)) if field.long else one_line(_text(fact), limit=_LINE)
        case "date" | "datetime":
            return _when(fact, field.kind)
        case "option":
            return _option(_text(fact), field)
        case "array":
            return _several(fact if isinstance(fact, list) else [_text(fact)], field)
        case _:
            return None


def _number(fact: Fact) -> float | int | None:
    if isinstance(fact, bool) or not isinstance(fact, int | float):
        return None
    return fact


def _when(fact: Fact, kind: str) -> str | None:
    found = moment(fact) if isinstance(fact, str) else None
    if found is None:
        return None
    if kind == "date":
        return found.date().isoformat()
    return found.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _option(text: str, field: ScreenField) -> JsonValue | None:
    value = field.offering(text)
    return None if value is None else {"value": value}


def _several(texts: list[str], field: ScreenField) -> JsonValue | None:
    if field.items == "option":
        return [option for text in texts if (option := _option(text, field)) is not None] or None
    if field.items == "string":
        return [label(text) for text in texts if label(text)] or None
    return None


def _text(fact: Fact) -> str:
    if isinstance(fact, list):
        return ", ".join(fact)
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return str(fact)


def _paragraph(fact: Fact) -> Document:
    return Document(blocks=(Paragraph(spans=(Span(text=_text(fact)),)),))
