"""Cue phrases: short turns of phrase, grouped by what they signal, found in one pass over the tokens."""

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

_PART = re.compile(r"\(([^)]*)\)|(\S+)")
Trie = dict[str, "Trie | list[int]"]
_END = "\x00"
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


class Cues:
    """A trie of phrases over token sequences."""

    def __init__(self, groups: dict[str, list[str]]) -> None:
        self.names = list(groups)
        self._root: dict[str, object] = {}
        for number, patterns in enumerate(groups.values()):
            for pattern in patterns:
                for phrase in expand(pattern):
                    self._add(phrase, number)

    def _add(self, phrase: Sequence[str], number: int) -> None:
        node = self._root
        for word in phrase:
            node = node.setdefault(word, {})
            assert isinstance(node, dict)
        ends = node.setdefault(_END, set())
        assert isinstance(ends, set)
        ends.add(number)

    def hits(self, words: Sequence[str]) -> list[tuple[int, int, int]]:
        """Every match as (group number, first token, token after the last)."""
        found: list[tuple[int, int, int]] = []
        root = self._root
        for start, word in enumerate(words):
            if word in root:
                self._walk(words, start, root[word], start + 1, found)
        return found

    def _walk(
        self, words: Sequence[str], start: int, node: object, position: int, found: list[tuple[int, int, int]]
    ) -> None:
        assert isinstance(node, dict)
        while True:
            ends = node.get(_END)
            if ends is not None:
                found.extend((number, start, position) for number in ends)
            if position >= len(words):
                return
            if _ANY in node and words[position] != ".":
                self._walk(words, start, node[_ANY], position + 1, found)
            following = node.get(words[position])
            if following is None:
                return
            node = following
            position += 1

    def counts(self, words: Sequence[str]) -> dict[int, int]:
        """How often each group is hit."""
        counted: dict[int, int] = {}
        for number, _, _ in self.hits(words):
            counted[number] = counted.get(number, 0) + 1
        return counted


@cache
def cues() -> Cues:
    """The shipped cues."""
    text = resources.files("earshot.classify.local").joinpath("cues.txt").read_text(encoding="utf-8")
    return Cues(parse(text))
