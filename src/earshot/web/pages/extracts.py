"""A table read back from the page that shows it, so that its file has the very columns and rows of the page."""

import re
from html.parser import HTMLParser
from typing import Final, NamedTuple

from earshot.errors import NotFound
from earshot.web.pages.rendering import NOTHING

NAME: Final = "data-csv"
"""The attribute under which a table stands in its page."""
_LEFT_OUT: Final = frozenset({"form", "button", "svg", "script", "style"})
_APART: Final = frozenset({"br", "details", "div", "li", "ol", "p", "small", "summary", "ul"})
_CELLS: Final = frozenset({"td", "th"})
_SIGNED = re.compile(r"[+-](0|[1-9]\d*)(\.\d+)?")


class Extract(NamedTuple):
    """A table of a page: its heads, and its cells as a file has them."""

    columns: list[str]
    rows: list[list[str | float]]


def extract(page: str, name: str) -> Extract:
    """The table of this name. Raises NotFound, which names those that there are."""
    reader = _Reader(name)
    reader.feed(page)
    reader.close()
    if name not in reader.names:
        there = ", ".join(dict.fromkeys(reader.names))
        raise NotFound("This page has no such table now.", hint=f"It has: {there}." if there else "")
    heads, *rows = reader.rows or [[]]
    return Extract([cell.text for cell in heads], [[_value(cell) for cell in row] for row in rows if row])


class _Cell(NamedTuple):
    """A cell's text, and whether the page shows a figure in it."""

    text: str
    figure: bool = False


def _value(cell: _Cell) -> str | float:
    """What is not known is empty; a figure with a sign is a number, which a guard against formulas would spoil."""
    if cell.text == NOTHING:
        return ""
    return float(cell.text) if cell.figure and _SIGNED.fullmatch(cell.text) else cell.text


class _Reader(HTMLParser):
    """Takes the texts of one table's cells; what one can press in them is no text."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.names: list[str] = []
        self.rows: list[list[_Cell]] = []
        self._name = name
        self._inside = False
        self._left_out = 0
        self._cell: list[str] | None = None
        self._width = 1
        self._figure = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self.names += [name] if (name := given.get(NAME)) else []
            self._inside = given.get(NAME) == self._name
        elif self._inside and tag == "tr":
            self.rows.append([])
        elif self._inside and tag in _CELLS:
            self._cell, self._width = [], int(given.get("colspan") or 1)
            self._figure = "num" in (given.get("class") or "").split()
        elif tag in _LEFT_OUT:
            self._left_out += 1
        else:
            self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._inside = False
        elif tag in _CELLS and self._cell is not None:
            text = " ".join("".join(self._cell).split())
            self.rows[-1] += [_Cell(text, self._figure), *[_Cell("")] * (self._width - 1)]
            self._cell = None
        elif tag in _LEFT_OUT:
            self._left_out -= 1
        else:
            self._part(tag)

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._left_out:
            self._cell.append(data)

    def _part(self, tag: str) -> None:
        if tag in _APART and self._cell is not None:
            self._cell.append(" ")
