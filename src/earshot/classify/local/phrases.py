"""Cue phrases: short turns of phrase, grouped by what they signal, found in one pass over the tokens."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

_PART = re.compile(r"\(([^)]*)\)|(\S+)")
_ANY = "*"


def expand(pattern: str) -> Iterator[tuple[str, ...]]:
    """All phrases of a pattern: `(a|b c|)` are alternatives, an empty one makes it optional, `*` is any word."""
    parts = [
        [choice.split() for choice in match[1].split("|")] if match[2] is None else [[match[2]]]
        for match in _PART.finditer(pattern)
    ]
    for combination in itertools.product(*parts):
        yield tuple(itertools.chain.from_iterable(combination))


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


@dataclass(slots=True)
class Node:
    """A place in the trie: what may follow, and the groups of the phrases that end here."""

    following: dict[str, "Node"] = field(default_factory=dict[str, "Node"])
    ends: set[int] = field(default_factory=set[int])


class Cues:
    """A trie of phrases over token sequences."""

    def __init__(self, groups: dict[str, list[str]]) -> None:
        self.names = list(groups)
        self._root = Node()
        for number, patterns in enumerate(groups.values()):
            for pattern in patterns:
                for phrase in expand(pattern):
                    self._add(phrase, number)

    def _add(self, phrase: Sequence[str], number: int) -> None:
        node = self._root
        for word in phrase:
            node = node.following.setdefault(word, Node())
        node.ends.add(number)

    def hits(self, words: Sequence[str]) -> list[tuple[int, int, int]]:
        """Every match as (group number, first token, token after the last)."""
        found: list[tuple[int, int, int]] = []
        first = self._root.following
        for start, word in enumerate(words):
            node = first.get(word)
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
        if _ANY in node.following and word != ".":
            yield from _follow(words, node.following[_ANY], span=(start, position))
        if word not in node.following:
            return
        node = node.following[word]


@cache
def cues() -> Cues:
    """The shipped cues."""
    text = resources.files("earshot.classify.local").joinpath("cues.txt").read_text(encoding="utf-8")
    return Cues(parse(text))
