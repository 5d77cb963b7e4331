"""A sketcher that is remembered gives what a fresh one gives, and is forgotten with its term counts."""

import numpy as np
import pytest

from earshot.domain.theme import Lexicon
from earshot.group.likeness import remembering as module
from earshot.group.likeness.remembering import remembering
from earshot.group.likeness.sketch import Sketcher
from earshot.group.likeness.told import Told
from earshot.group.vocabulary import vocabulary

WORDS = vocabulary({}, {})
TEXT = Told(title="The export stops half way", body="The export of invoices stops half way")


def counts() -> Lexicon:
    return Lexicon(documents=200, frequencies={"export": 40, "invoic": 3})


def test_the_same_sketch_as_a_fresh_sketcher_makes() -> None:
    lexicon = counts()
    fresh, kept = Sketcher(lexicon, WORDS).sketch(TEXT), remembering(lexicon, WORDS).sketch(TEXT)
    assert kept.terms == fresh.terms
    assert kept.pairs == fresh.pairs
    assert np.array_equal(kept.vector, fresh.vector)


def test_what_was_sketched_is_not_sketched_again() -> None:
    sketcher = remembering(counts(), WORDS)
    assert sketcher.sketch(TEXT) is sketcher.sketch(Told(title=TEXT.title, body=TEXT.body))
    assert sketcher.sketch(TEXT) is not sketcher.sketch(TEXT, embedding=[1.0, 0.0])
    assert sketcher.sketch(TEXT, embedding=[1.0, 0.0]).embedded


def test_other_term_counts_have_another_sketcher_even_when_they_are_equal() -> None:
    lexicon = counts()
    assert remembering(lexicon, WORDS) is remembering(lexicon, WORDS)
    assert remembering(lexicon, WORDS) is not remembering(counts(), WORDS)
    assert remembering(lexicon, WORDS) is not remembering(lexicon, vocabulary({"thing": ["widget"]}, {}))


def test_no_more_is_remembered_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    sketcher = remembering(counts(), WORDS)
    first = sketcher.sketch(TEXT)
    for number in range(3):
        sketcher.sketch(Told(title=f"another text {number}"))
    assert sketcher.sketch(TEXT) is not first
