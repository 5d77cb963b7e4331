"""Marks that stand for values while a template's words are read as Markdown, so that no value is read as such."""

import re
from collections.abc import Iterator

_OPEN, _CLOSE = "\ue000", "\ue001"
MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
RESERVED = re.compile(f"[{_OPEN}{_CLOSE}]")
"""Characters that a template must not hold."""

LONGEST_VALUE = 4000
"""Characters of one value at most."""


class Marks:
    """The values of one rendering, each behind a mark of its own."""

    def __init__(self) -> None:
        self._values: list[str] = []

    def put(self, value: object) -> str:
        """The mark that stands for a value; nothing for None."""
        if value is None:
            return ""
        self._values.append(str(value)[:LONGEST_VALUE])
        return f"{_OPEN}{len(self._values) - 1}{_CLOSE}"

    def fill(self, text: str) -> str:
        """The text with every mark replaced by its value, once: marks within values are left as they are."""
        return "".join(self._pieces(text))

    def _pieces(self, text: str) -> Iterator[str]:
        at = 0
        for mark in MARK.finditer(text):
            yield text[at : mark.start()]
            yield self._values[int(mark[1])]
            at = mark.end()
        yield text[at:]
