"""What a chore may be told by its schedule, checked when the settings are loaded."""

import re
from collections.abc import Callable, Mapping

from earshot.domain.schedule import Chore

FORMATS = ("html", "md", "json")
"""Formats of report files."""
CLASSIFIERS = ("auto", "local", "llm")
_SPAN = re.compile(r"[1-9]\d{0,3}[hdw]")
_WORDS = {"yes": True, "no": False}


def _span(text: str) -> str:
    return "" if _SPAN.fullmatch(text) else "a span: 24h, 7d or 4w"


def _classifier(text: str) -> str:
    return "" if text in CLASSIFIERS else f"one of {', '.join(CLASSIFIERS)}"


def _yes_or_no(text: str) -> str:
    return "" if text in _WORDS else "yes or no"


def _formats(text: str) -> str:
    named = formats_of(text)
    return "" if named and set(named) <= set(FORMATS) else f"some of {', '.join(FORMATS)}, with commas"


_READING: dict[str, Callable[[str], str]] = {"since": _span, "classifier": _classifier}
_KNOWN: dict[Chore, dict[str, Callable[[str], str]]] = {
    Chore.RUN: {**_READING, "batch": _yes_or_no, "formats": _formats},
    Chore.SYNC: _READING,
    Chore.REPORT: {"since": _span, "formats": _formats},
    Chore.AUDIT: {},
    Chore.SWEEP: {},
}


def check(chore: Chore, arguments: Mapping[str, str]) -> None:
    """Raise ValueError for an argument that the chore does not take, or that it cannot read."""
    known = _KNOWN[chore]
    for name, text in arguments.items():
        if name not in known:
            takes = f"takes {', '.join(known)}" if known else "takes no arguments"
            raise ValueError(f"arguments: there is no {name!r}; {chore} {takes}")
        if wanted := known[name](text):
            raise ValueError(f"arguments: {name} = {text!r} must be {wanted}")


def is_yes(text: str | None) -> bool:
    """Whether an argument says yes."""
    return _WORDS.get(text or "no", False)


def formats_of(text: str) -> list[str]:
    """The formats that an argument names."""
    return [name.strip() for name in text.split(",") if name.strip()]
