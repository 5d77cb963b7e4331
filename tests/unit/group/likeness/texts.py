"""Sketches of short texts."""

from collections.abc import Sequence

from earshot.domain.theme import Lexicon
from earshot.group.likeness.sketch import Sketch, Sketcher, Told
from earshot.group.vocabulary import vocabulary

WORDS = vocabulary({}, {})
SKETCHER = Sketcher(Lexicon(), WORDS)


def sketch(title: str, body: str = "", *, embedding: Sequence[float] | None = None, reply: str = "") -> Sketch:
    return SKETCHER.sketch(Told(title, body, reply=reply), embedding=embedding)
