"""Sketches at rest: what comes back is what was put away."""

from dataclasses import fields
from itertools import product
from typing import Any

import numpy as np
import pytest

from earshot.domain.reading import IssueType
from earshot.domain.theme import Lexicon
from earshot.group import held
from earshot.group.likeness.packing import packed, unpacked
from earshot.group.likeness.sketch import Sketch, Sketcher, Told
from earshot.group.vocabulary import vocabulary

from .partitions import afresh, mention

_SKETCHER = Sketcher(Lexicon(), vocabulary({}, {}))
_TOLD = {
    "plain": Told(title="The export of the board fails", body="It spins and then it fails again", area="Exports"),
    "answered": Told(title="Refund", reply="We refunded the second charge", kind=IssueType.BILLING),
    "symbols": Told(title="😡"),
    "nothing": Told(title=""),
}


def _values(sketch: Sketch) -> dict[str, Any]:
    held = {one.name: getattr(sketch, one.name) for one in fields(sketch)}
    return {
        name: value.tolist()
        if isinstance(value, np.ndarray)
        else list(value.items())
        if hasattr(value, "items")
        else value
        for name, value in held.items()
    }


@pytest.mark.parametrize("name", _TOLD)
def test_it_comes_back_to_the_last_digit_and_in_order(name: str) -> None:
    sketch = _SKETCHER.sketch(_TOLD[name])
    assert _values(unpacked(packed(sketch))) == _values(sketch)


def test_a_term_that_holds_the_separator_is_left_as_it_is() -> None:
    plain = _SKETCHER.sketch(_TOLD["plain"])
    odd = Sketch(terms={"#two\nlines": 1.0}, title={"a": 0.5, "b\n": 0.5}, vector=plain.vector, pieces=plain.pieces)
    assert _values(unpacked(packed(odd))) == _values(odd)


def test_a_grouping_that_packs_all_its_sketches_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["empty", "slow", "garbled", "cut off", "in the wrong order"]
    told = [
        mention(n, f"The {what} export is {word}")
        for n, (what, word) in enumerate(product(["csv", "pdf"], words), 1)
    ]
    ready = afresh(told)
    monkeypatch.setattr(held, "AT_HAND", 1)
    assert afresh(told) == ready
