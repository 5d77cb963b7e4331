"""Cutting a stream of JSON text into its outermost objects without holding more than one of them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_OUTSIDE = re.compile(rb'["{}\[\]]')
_INSIDE = re.compile(rb'["\\]')
_BETWEEN = b" \t\r\n,"


class Piece(NamedTuple):
    """A whole value and the line it begins on, or what is wrong there."""

    line: int
    raw: bytes
    problem: str | None = None


class Scanner:
    """Finds the values of one array (`base` 1) or of a row of values (`base` 0); bytes are fed in chunks.

    Only brackets and strings are followed, so a value may still be wrong JSON inside.
    """

    def __init__(self, *, base: int, longest: int) -> None:
        self._base = base
        self._longest = longest
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._line = 1
        self._begun = 0
        self._value = bytearray()
        self._stray = False

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """The pieces that end in this chunk."""
        at = 0
        while at < len(chunk):
            mark = self._next(chunk, at)
            end = len(chunk) if mark is None else mark
            yield from self._pass_over(chunk[at:end])
            if mark is None:
                return
            yield from self._meet(chunk[mark : mark + 1])
            at = mark + 1

    def end(self) -> Iterator[Piece]:
        """What is wrong with how the stream ended."""
        if self._depth > self._base or self._in_string:
            yield Piece(self._begun, b"", "the file ends inside the conversation that begins here")
        elif self._depth == self._base == 1:
            yield Piece(self._line, b"", "the file ends before the list is closed")

    def _next(self, chunk: bytes, at: int) -> int | None:
        if self._escaped:
            return at
        found = (_INSIDE if self._in_string else _OUTSIDE).search(chunk, at)
        return found.start() if found else None

    def _pass_over(self, text: bytes) -> Iterator[Piece]:
        if self._depth > self._base:
            self._keep(text)
        elif not self._stray and not self._in_string and (odd := text.lstrip(_BETWEEN)):
            yield self._astray(self._line + text.count(b"\n", 0, len(text) - len(odd)))
        self._line += text.count(b"\n")

    def _meet(self, mark: bytes) -> Iterator[Piece]:
        if self._escaped or self._in_string:
            self._in_text(mark)
            self._keep(mark)
        elif mark in b"{[":
            self._open(mark)
        elif mark == b'"':
            self._in_string = True
            self._keep(mark)
            if self._depth <= self._base and not self._stray:
                yield self._astray(self._line)
        else:
            yield from self._close(mark)
        if mark == b"\n":
            self._line += 1

    def _in_text(self, mark: bytes) -> None:
        if self._escaped:
            self._escaped = False
        elif mark == b"\\":
            self._escaped = True
        else:
            self._in_string = False

    def _open(self, mark: bytes) -> None:
        self._depth += 1
        if self._depth == self._base + 1:
            self._begun, self._stray = self._line, False
            self._value.clear()
        self._keep(mark)

    def _close(self, mark: bytes) -> Iterator[Piece]:
        self._keep(mark)
        self._depth = max(0, self._depth - 1)
        if self._depth != self._base or not self._value:
            return
        if len(self._value) > self._longest:
            yield Piece(self._begun, b"", f"longer than {self._longest:,} bytes")
        else:
            yield Piece(self._begun, bytes(self._value))
        self._value.clear()

    def _keep(self, text: bytes) -> None:
        """Collect the value under way; one that is too long is not held any further."""
        if self._depth > self._base and len(self._value) <= self._longest:
            self._value += text

    def _astray(self, line: int) -> Piece:
        self._stray = True
        return Piece(line, b"", "something that is no conversation stands here")
