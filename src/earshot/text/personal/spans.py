"""Passages that are personal data, their kinds, and text as the detectors see it."""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

BREAK = "\x1e"
"""Stands between two messages; inert text holds no control characters, so nobody can write it."""

_PLAIN = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **{start + digit: 0x30 + digit for start in (0x660, 0x6F0, 0x966) for digit in range(10)},
    **dict.fromkeys((0xA0, 0x2007, 0x2009, 0x202F, 0x3000), 0x20),
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212), 0x2D),
}
_TO_PLAIN = re.compile("[" + "".join(re.escape(chr(code)) for code in _PLAIN) + "]")
_DIGIT = re.compile("[0-9]")
_NUMBER = re.compile(r"[0-9](?:[ .+\-–/()]{0,3}[0-9]){4,}")


class Kind(StrEnum):
    """Kinds of passages, as placeholders name them. Where passages overlap the earlier kind names the whole."""

    QUERY = "QUERY"
    KEY = "KEY"
    EMAIL = "EMAIL"
    IBAN = "IBAN"
    CARD = "CARD"
    ID = "ID"
    IP = "IP"
    PHONE = "PHONE"
    CUSTOMER = "CUSTOMER"
    AGENT = "AGENT"
    COMPANY = "COMPANY"
    TEXT = "TEXT"
    """Not personal: text that looks like a placeholder and would be mistaken for one."""


RANK = {kind: rank for rank, kind in enumerate(Kind)}


class Span(NamedTuple):
    """The passage from `start` to `end`."""

    start: int
    end: int
    kind: Kind


class Searched:
    """Text to search: digits, spaces, dashes and full-width forms made plain, every character in its place."""

    def __init__(self, text: str) -> None:
        plain = text.isascii() or _TO_PLAIN.search(text) is None
        self.text = text if plain else _TO_PLAIN.sub(lambda found: chr(_PLAIN[ord(found[0])]), text)

    @cached_property
    def lower(self) -> str:
        """The text in lower case, of the same length."""
        lower = self.text.lower()
        if len(lower) == len(self.text):
            return lower
        return "".join(char if len(low := char.lower()) != 1 else low for char in self.text)

    @cached_property
    def digits(self) -> bool:
        """Whether there is any digit at all."""
        return _DIGIT.search(self.text) is not None

    @cached_property
    def numbers(self) -> list[tuple[int, int]]:
        """Where five digits or more stand together, gaps allowed; texts without need no further search."""
        return [found.span() for found in _NUMBER.finditer(self.text)] if self.digits else []

    @cached_property
    def longest_word(self) -> int:
        """The length of the longest run without white space."""
        return max(map(len, self.text.split()), default=0)

    def before(self, start: int, width: int) -> str:
        """Up to `width` characters before a place, lower case."""
        return self.lower[max(0, start - width) : start]

    def apart(self, start: int, end: int, *, joining: str = "_-") -> bool:
        """Whether a passage is no part of a longer word; characters in `joining` make words too."""
        before, after = self.text[start - 1 : start], self.text[end : end + 1]
        return not _joins(before, joining) and not _joins(after, joining)


def _joins(char: str, joining: str) -> bool:
    return char != "" and (char.isalnum() or char in joining)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The passages in order, overlapping ones made one under the kind that ranks first."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start < result[-1].end:
            last = result[-1]
            kind = min(last.kind, span.kind, key=RANK.__getitem__)
            result[-1] = Span(last.start, max(last.end, span.end), kind)
        else:
            result.append(span)
    return result
