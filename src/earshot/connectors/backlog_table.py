"""Reading CSV as people and tools write it: any usual encoding and separator, cells over many lines, broken quotes.

A row whose quotes are broken is named, and reading goes on at the next line: one slip of a pen costs one row.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from earshot.connectors.entries import opened
from earshot.errors import BadInput

LONGEST_CELL = 16 * 1024 * 1024
"""The longest cell that is read, in characters; the csv module's own limit is 131,072."""
_LONGEST_LINE = 64 * 1024 * 1024
_MOST_LINES = 100_000
"""Lines that one row may span; an open quote would otherwise take in the rest of any file."""
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading a damaged archive raises."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SEPARATORS = ",;\t|"
_GUESS = "cp1252"


class Record(NamedTuple):
    """One row: the line it begins on, its cells, and what is wrong with it."""

    line: int
    cells: list[str]
    problem: str | None = None


class Encoding(NamedTuple):
    """How a file is read; `guessed` when it is not UTF-8 and says nothing else either."""

    name: str
    guessed: bool


def find_encoding(path: Path) -> Encoding:
    """UTF-8, UTF-16 with a mark, or else Windows-1252; a file that is mostly UTF-8 stays UTF-8."""
    with opened(path) as stream:
        head = _rest(stream)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return Encoding(name, guessed=False)
        if b"\x00" in head[:200]:
            raise BadInput(f"{path} is no text in UTF-8.", hint="Save it as CSV UTF-8 and import it again.")
        good = bad = 0
        decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        while head:
            text = "" if head.isascii() and not decoder.getstate()[0] else decoder.decode(head)
            strange = [char for char in text if not char.isascii()]
            bad += sum(map(_is_escaped, strange))
            good += len(strange)
            head = _rest(stream)
    return Encoding(_GUESS, guessed=True) if 2 * bad > good else Encoding("utf-8", guessed=False)


def records(path: Path, encoding: str) -> Iterator[Record]:
    """The rows of a file in order, the header among them; blank rows are left out."""
    csv.field_size_limit(LONGEST_CELL)
    with opened(path) as stream, io.TextIOWrapper(stream, encoding, errors="surrogateescape", newline="") as text:
        lines = _Lines(text)
        try:
            first = lines.peek()
            separator = _separator(first)
            if first.lower().startswith("sep="):
                lines.drop()
            while record := _next(lines, separator):
                if record.problem or any(cell.strip() for cell in record.cells):
                    yield record
        except (UnicodeError, *DAMAGE) as error:
            reason = "the file is damaged, cut off or in another encoding from here on; what comes later is missing"
            yield Record(lines.begins, [], f"{reason} ({type(error).__name__})")


class _Lines:
    """The lines of a file, numbered, with those of the current row at hand so that they can be read again."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self.begins = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = "" if len(self._row) >= _MOST_LINES else self._take()
        if not line:
            raise StopIteration
        self._row.append(line)
        return line

    def peek(self) -> str:
        line = self._take()
        self._again.appendleft(line)
        return line

    def drop(self) -> None:
        self._take()
        self.begins += 1

    def row_done(self) -> None:
        self.begins += len(self._row)
        self._row = []

    def give_up_row(self) -> None:
        """Only the row's first line is lost; the others are read again."""
        self._again.extendleft(reversed(self._row[1:]))
        self.begins += 1
        self._row = []

    @property
    def read_any(self) -> bool:
        return bool(self._row)

    def _take(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(_LONGEST_LINE)
        if len(line) >= _LONGEST_LINE:
            raise BadInput(f"line {self.begins} is longer than {_LONGEST_LINE:,} characters")
        return line


def _rest(stream: io.BufferedReader) -> bytes:
    try:
        return stream.read1(_CHUNK)
    except DAMAGE:
        return b""


def _next(lines: _Lines, separator: str) -> Record | None:
    begins = lines.begins
    try:
        cells = next(csv.reader(lines, delimiter=separator, strict=True), None)
    except csv.Error as error:
        if not lines.read_any:
            return None
        lines.give_up_row()
        return Record(begins, [], _reason(str(error)))
    if cells is None and not lines.read_any:
        return None
    lines.row_done()
    if any(_is_escaped(char) for cell in cells or () if not cell.isascii() for char in cell):
        return Record(begins, [], "holds bytes that are no text in the file's encoding")
    return Record(begins, cells or [])


def _reason(error: str) -> str:
    if "field limit" in error:
        return f"a cell is longer than {LONGEST_CELL:,} characters"
    return "broken quotes: a cell opens with a quotation mark that is not closed, or goes on after the closing one"


def _separator(line: str) -> str:
    if line.lower().startswith("sep=") and line[4:5] in _SEPARATORS:
        return line[4:5]
    bare = "".join(line.split('"')[::2])
    return max(_SEPARATORS, key=bare.count)


def _is_escaped(char: str) -> bool:
    return "\udc80" <= char <= "\udcff"
