"""The probability of the same matter: symmetric, bounded, sure of equal texts, helped by what speaks for it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.domain.reading import IssueType
from earshot.group.likeness.score import DIFFERENT, SAME, reasons, same_matter
from earshot.group.likeness.sketch import Told
from tests.unit.group.likeness.texts import SKETCHER, sketch

KINDS = st.sampled_from([None, *IssueType])
TOLD = st.builds(
    Told, st.text(max_size=80), st.text(max_size=200), st.text(max_size=80), KINDS, st.none() | st.text(max_size=9)
)


@given(TOLD, TOLD)
def test_it_is_a_symmetric_probability(one: Told, other: Told) -> None:
    a, b = SKETCHER.sketch(one), SKETCHER.sketch(other)
    assert 0.0 <= same_matter(a, b) <= 1.0
    assert same_matter(a, b) == same_matter(b, a)
    assert reasons(a, b)


@pytest.mark.parametrize("kind", [None, IssueType.PRODUCT_BUG])
@pytest.mark.parametrize(
    "text", ["The invoice was charged twice", "Blank page after login", "calendar export loses colours"]
)
def test_equal_texts_are_the_same_matter(text: str, kind: IssueType | None) -> None:
    made = SKETCHER.sketch(Told(text, kind=kind))
    assert same_matter(made, made) >= SAME


@pytest.mark.parametrize("kind", [None, IssueType.PRODUCT_BUG])
def test_unlike_texts_are_different(kind: IssueType | None) -> None:
    one = SKETCHER.sketch(Told("The invoice was charged twice", kind=kind))
    other = SKETCHER.sketch(Told("Please add a dark colour scheme to the map", kind=kind))
    assert same_matter(one, other) <= DIFFERENT


def test_other_words_for_one_thing_are_nearer_than_the_same_thing_with_another_fault() -> None:
    kind = IssueType.BILLING
    start = SKETCHER.sketch(Told("we were charged twice this month", kind=kind))
    same = SKETCHER.sketch(Told("a double payment on our card", kind=kind))
    other = SKETCHER.sketch(Told("change the card we pay with", kind=kind))
    assert same_matter(start, same) > same_matter(start, other)


def test_an_equal_answer_speaks_for_the_same_matter() -> None:
    answer = "Tokens are made under Settings, Developers; tick read only."
    one = Told("how do I page through the jobs", kind=IssueType.USAGE_QUESTION)
    other = Told("only 172 rows come back", kind=IssueType.USAGE_QUESTION)
    bare = same_matter(SKETCHER.sketch(one), SKETCHER.sketch(other))
    answered = [SKETCHER.sketch(replace(told, reply=answer)) for told in (one, other)]
    assert same_matter(*answered) > bare + 0.2
    assert any(said.startswith("both were answered") for said in reasons(*answered))


def test_a_written_item_is_compared_by_weights_of_its_own() -> None:
    kind, reply = IssueType.PRODUCT_BUG, "Please tick fewer columns until it is mended."
    told = Told("Export to CSV hangs for large boards", kind=kind, reply=reply)
    finding = SKETCHER.sketch(Told("the csv export of big boards never finishes", kind=kind, reply=reply))
    plain, item = SKETCHER.sketch(told), SKETCHER.sketch(replace(told, written=True))
    assert same_matter(finding, item) == same_matter(finding, replace(plain, kind=None))
    assert same_matter(finding, item) != same_matter(finding, plain)


def test_without_an_answer_the_more_careful_weights_count() -> None:
    kind = IssueType.PRODUCT_BUG
    texts = ("our card was charged twice", "a double payment for one invoice")
    one, other = (SKETCHER.sketch(Told(text, kind=kind)) for text in texts)
    assert same_matter(one, other) <= same_matter(replace(one, kind=None), other)


def test_kind_other_says_nothing_for_the_same_matter() -> None:
    answered = [
        [
            SKETCHER.sketch(Told(text, reply="We look into it", kind=kind))
            for text in ("map is blank", "map is grey")
        ]
        for kind in (IssueType.OTHER, IssueType.PRODUCT_BUG)
    ]
    assert same_matter(*answered[0]) < same_matter(*answered[1])


def test_embeddings_count_when_both_sides_have_one() -> None:
    near, far = [1.0, 0.2], [0.0, 1.0]
    start = sketch("app stops at once", embedding=[1.0, 0.1])
    assert same_matter(start, sketch("it crashes", embedding=near)) > same_matter(
        start, sketch("it crashes", embedding=far)
    )
    assert 0.0 <= same_matter(start, sketch("it crashes")) <= 1.0


def test_reasons_name_the_words_that_tell() -> None:
    said = reasons(sketch("xero export fails"), sketch("the export to xero breaks"))
    assert "xero" in said[0]
    assert reasons(sketch("xero"), sketch("dark map")) == ("no telling words in common",)
