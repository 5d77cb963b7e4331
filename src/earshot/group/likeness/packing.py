"""Sketches at rest: half the memory, for those that are kept but seldom looked at."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate, chain

from earshot.group.likeness.sketch import Sketch

_NOTHING: Mapping[str, float] = {}
_BETWEEN = "\n"


@dataclass(frozen=True, slots=True)
class Packed:
    """A sketch without its terms; their names and weights follow in four rows that end here."""

    bare: Sketch
    names: str
    weights: "array[float]"
    ends: tuple[int, ...]


def packed(sketch: Sketch) -> Packed:
    """The sketch at rest; as it is, where a term holds what stands between terms."""
    rows = sketch.terms, sketch.title, sketch.pairs, sketch.reply
    count, names = sum(map(len, rows)), _BETWEEN.join(chain(*rows))
    if not count or names.count(_BETWEEN) != count - 1:
        return Packed(sketch, "", array("d"), ())
    bare = replace(sketch, terms=_NOTHING, title=_NOTHING, pairs=_NOTHING, reply=_NOTHING)
    weights = array("d", chain.from_iterable(row.values() for row in rows))
    return Packed(bare, names, weights, tuple(accumulate(map(len, rows))))


def unpacked(at_rest: Packed) -> Sketch:
    """The sketch as it was, to the last digit and in the same order."""
    if not at_rest.ends:
        return at_rest.bare
    names, weights = at_rest.names.split(_BETWEEN), at_rest.weights.tolist()
    starts = (0, *at_rest.ends)
    terms, title, pairs, reply = (
        dict(zip(names[start:end], weights[start:end], strict=True))
        for start, end in zip(starts, at_rest.ends, strict=False)
    )
    return replace(at_rest.bare, terms=terms, title=title, pairs=pairs, reply=reply)
