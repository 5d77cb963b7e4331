"""A sketcher that goes on from one placement to the next: real time compares with the same centres again."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from earshot.domain.theme import Lexicon
from earshot.group.likeness.sketch import Sketch, Sketcher
from earshot.group.likeness.told import Told
from earshot.group.vocabulary import Vocabulary

MOST = 600
"""So many sketches are remembered (some 12 MB), those that were used last."""


class Remembering(Sketcher):
    """Makes each sketch once, as long as it is used."""

    def __init__(self, lexicon: Lexicon, vocabulary: Vocabulary) -> None:
        super().__init__(lexicon, vocabulary)
        self._made: dict[tuple[Told, tuple[float, ...] | None], Sketch] = {}

    def sketch(self, told: Told, *, embedding: Sequence[float] | None = None) -> Sketch:
        """The text's sketch, as a `Sketcher` makes it."""
        key = told, None if embedding is None else tuple(embedding)
        found = self._made.pop(key, None)
        if found is None:
            found = super().sketch(told, embedding=embedding)
            if len(self._made) >= MOST:
                del self._made[next(iter(self._made))]
        self._made[key] = found
        return found


def remembering(lexicon: Lexicon, vocabulary: Vocabulary) -> Sketcher:
    """The last call's sketcher if it was for these very objects (the store gives the same while they last)."""
    return _sketcher(_These(lexicon, vocabulary))


@dataclass(frozen=True, eq=False, slots=True)
class _These:
    lexicon: Lexicon
    vocabulary: Vocabulary

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _These):
            return False
        return other.lexicon is self.lexicon and other.vocabulary is self.vocabulary

    def __hash__(self) -> int:
        return hash((id(self.lexicon), id(self.vocabulary)))


@lru_cache(maxsize=1)
def _sketcher(of: _These) -> Remembering:
    return Remembering(of.lexicon, of.vocabulary)
