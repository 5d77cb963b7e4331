"""Why a rule held, in words: the closed values and numbers it asked for, never a customer's free text."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, cast

from earshot.decide.rules import Path

VALUE_LIMIT = 60
SUMMARY_LIMIT = 160
REASON_LIMIT = 500
"""Longest value, summary and whole reason, in characters."""

_FREE_TEXT = {"summary", "affected_feature", "title", "company", "conversation_id", "id"}


def because(asks: Sequence[Path], plain: Mapping[str, Any]) -> str:
    """The facts that a condition asked for with their values, as "issue type PRODUCT_BUG, theme frequency 12"."""
    return ", ".join(_said(path, plain) for path in asks)


def reason(rule: str, why: str, *, summary: str) -> str:
    """What is kept with an action: the rule, its facts and the summary, on one line and bounded."""
    head = f"{rule}: {why}" if why else rule
    return visible(f"{head}. {visible(summary, limit=SUMMARY_LIMIT)}", limit=REASON_LIMIT)


def visible(text: str, *, limit: int) -> str:
    """One line without control, direction or private characters, cut at `limit`."""
    clean = text[: limit * 4]
    if not clean.isprintable():
        clean = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in clean)
    line = " ".join(clean.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _said(path: Path, plain: Mapping[str, Any]) -> str:
    value: Any = plain
    for name in path:
        value = value[name]
    record, field = path[0], path[-1]
    label = (
        field.replace("_", " ") if record in {"insight", "conversation"} else f"{record} {field}".replace("_", " ")
    )
    if field in _FREE_TEXT:
        return f"{label} as asked"
    said = ", ".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else str(value)
    return f"{label} {visible(said, limit=VALUE_LIMIT)}"
