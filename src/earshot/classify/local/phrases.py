"""Cue phrases: short turns of phrase, grouped by what they signal, found in one pass over the tokens.

A few hundred patterns stand for some 280,000 phrases, of which texts meet few: their trie is made as it is walked.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

_PART = re.compile(r"\(([^)]*)\)|(\S+)")
_ANY = "*"


class Spot(NamedTuple):
    """Where a reader of a pattern stands: before this word of this alternative of this part of it."""

    pattern: int
    part: int
    choice: int
    word: int


class Pattern:
    """Phrases of a group: `(a|b c|)` are alternatives, an empty one makes it optional, `*` is any word."""

    def __init__(self, text: str, *, number: int, group: int) -> None:
        self.group = group
        self._number = number
        self._parts = [
            [choice.split() for choice in match[1].split("|")] if match[2] is None else [[match[2]]]
            for match in _PART.finditer(text)
        ]

    def word(self, spot: Spot) -> str:
        """The word that comes next there."""
        return self._parts[spot.part][spot.choice][spot.word]

    def after(self, spot: Spot) -> Iterator[Spot | None]:
        """Where one may stand after that word; None is the end of a phrase."""
        if spot.word + 1 < len(self._parts[spot.part][spot.choice]):
            yield spot._replace(word=spot.word + 1)
        else:
            yield from self.before(spot.part + 1)

    def before(self, part: int) -> Iterator[Spot | None]:
        """Where one may stand before a part."""
        if part == len(self._parts):
            yield None
            return
        choices = self._parts[part]
        yield from (Spot(self._number, part, choice, 0) for choice, words in enumerate(choices) if words)
        if not all(choices):
            yield from self.before(part + 1)


def parse(text: str) -> dict[str, list[str]]:
    """The groups of a cue file: `[name]` lines open a group, every other line is a pattern, # a comment."""
    groups: dict[str, list[str]] = {}
    current: list[str] = []
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            current = groups.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current.append(line)
    return groups


class Node:
    """A place in the trie of all phrases: what may follow, and the groups of the phrases that end here."""

    __slots__ = ("_following", "_moves", "_patterns", "ends")

    def __init__(self, patterns: Sequence[Pattern], spots: Iterable[Spot], *, ends: Iterable[int] = ()) -> None:
        self.ends = tuple(sorted(ends))
        self._patterns = patterns
        self._moves: dict[str, list[Spot]] = {}
        self._following: dict[str, Node] = {}
        for spot in spots:
            self._moves.setdefault(patterns[spot.pattern].word(spot), []).append(spot)

    def get(self, word: str) -> "Node | None":
        """The place after a further word, None where no phrase goes on so."""
        if word not in self._moves:
            return None
        found = self._following.get(word)
        if found is None:
            found = self._following[word] = self._after(self._moves[word])
        return found

    def _after(self, moves: Sequence[Spot]) -> "Node":
        spots, ends = dict[Spot, None](), set[int]()
        for spot in moves:
            pattern = self._patterns[spot.pattern]
            for next_ in pattern.after(spot):
                if next_ is None:
                    ends.add(pattern.group)
                else:
                    spots[next_] = None
        return Node(self._patterns, spots, ends=ends)


class Cues:
    """Finds the phrases of groups in token sequences."""

    def __init__(self, groups: dict[str, list[str]]) -> None:
        self.names = list(groups)
        texts = [(text, group) for group, texts in enumerate(groups.values()) for text in texts]
        patterns = [Pattern(text, number=n, group=group) for n, (text, group) in enumerate(texts)]
        begin = (spot for pattern in patterns for spot in pattern.before(0) if spot is not None)
        self._root = Node(patterns, begin)

    def hits(self, words: Sequence[str]) -> list[tuple[int, int, int]]:
        """Every match as (group number, first token, token after the last)."""
        found: list[tuple[int, int, int]] = []
        for start, word in enumerate(words):
            node = self._root.get(word)
            if node is not None:
                found.extend(_follow(words, node, span=(start, start + 1)))
        return found

    def counts(self, words: Sequence[str]) -> dict[int, int]:
        """How often each group is hit."""
        counted: dict[int, int] = {}
        for number, _, _ in self.hits(words):
            counted[number] = counted.get(number, 0) + 1
        return counted


def _follow(words: Sequence[str], node: Node, *, span: tuple[int, int]) -> Iterator[tuple[int, int, int]]:
    """The matches from a node on; the span is first token and next token."""
    start, position = span
    while True:
        for number in node.ends:
            yield number, start, position
        if position >= len(words):
            return
        word = words[position]
        position += 1
        anything = node.get(_ANY) if word != "." else None
        if anything is not None:
            yield from _follow(words, anything, span=(start, position))
        following = node.get(word)
        if following is None:
            return
        node = following


@cache
def cues() -> Cues:
    """The shipped cues."""
    text = resources.files("earshot.classify.local").joinpath("cues.txt").read_text(encoding="utf-8")
    return Cues(parse(text))
