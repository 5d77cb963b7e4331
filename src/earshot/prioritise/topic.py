"""What a theme is about, in words: those of its title, and those that several of its quotes share."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from earshot.text.untrusted import inert

ENOUGH = 2.0
"""Two words of the title, or more shared ones, make a quote fully about the matter."""
_SHARED = 0.7
"""What the word that most quotes share weighs; a word of the title weighs 1."""
_LEAST = 2
_STEM = 6
_WORD = re.compile(r"[^\W\d_]{3,}")


class Topic:
    """The weighed words of a matter."""

    def __init__(self, title: str, quotes: Iterable[str]) -> None:
        said = Counter(word for quote in quotes for word in stems(quote))
        most = max(said.values(), default=1)
        shared = {word: _SHARED * count / most for word, count in said.items() if count >= _LEAST}
        self._weights: Mapping[str, float] = {**shared, **dict.fromkeys(stems(title), 1.0)}

    def nearness(self, text: str) -> float:
        """0 to 1: how far a text speaks of the matter."""
        return min(1.0, sum(sorted(self._weights.get(word, 0.0) for word in stems(text))) / ENOUGH)


def stems(text: str) -> frozenset[str]:
    """The beginnings of a text's telling words, so that "invoice" and "invoices" are one."""
    found = (word.casefold() for word in _WORD.findall(inert(text)))
    return frozenset(word[:_STEM] for word in found if word not in _idle())


@cache
def _idle() -> frozenset[str]:
    text = resources.files("earshot.prioritise").joinpath("idle.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
