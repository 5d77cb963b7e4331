"""Sketches: bounded for hostile text, the same for the same text, unit vectors whatever made them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.domain.reading import IssueType
from earshot.group.likeness.meanings import MEANING
from earshot.group.likeness.sketch import DIMENSIONS, Told, merged, reduced
from tests.unit.group.likeness.texts import SKETCHER, sketch


def length(terms: dict[str, float]) -> float:
    return math.sqrt(sum(weight * weight for weight in terms.values()))


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_makes_a_bounded_unit_sketch(title: str, body: str) -> None:
    made = sketch(title, body)
    assert made.vector.shape == (DIMENSIONS,)
    assert made.vector.dtype == np.float32
    assert np.isfinite(made.vector).all()
    assert float(np.linalg.norm(made.vector)) == pytest.approx(1.0, abs=1e-5) or not made.vector.any()
    assert length(dict(made.terms)) == pytest.approx(1.0) or not made.terms


def test_endless_text_makes_no_endless_sketch() -> None:
    made = sketch("word " * 100_000, " ".join(f"term{n}" for n in range(100_000)))
    assert len(made.terms) < 1_000
    assert len(made.pairs) < 1_000


def test_lone_surrogates_are_no_error() -> None:
    assert sketch("broken \ud800 text", "\udfff").terms


def test_the_same_text_makes_the_same_sketch() -> None:
    one, other = sketch("Export hangs", "It never ends"), sketch("Export hangs", "It never ends")
    assert one.terms == other.terms
    assert (one.vector == other.vector).all()


def test_meaning_brings_words_together_that_share_no_letters() -> None:
    start, near, far = sketch("laptop"), sketch("computer"), sketch("invoice")
    assert start.vector[:MEANING] @ near.vector[:MEANING] > 2 * (start.vector[:MEANING] @ far.vector[:MEANING])


def test_a_title_without_body_weighs_like_one() -> None:
    assert sketch("", "only a body").title == sketch("only a body").title


@pytest.mark.parametrize("size", [3, DIMENSIONS, 1536])
def test_embeddings_of_any_length_become_unit_vectors(size: int) -> None:
    given_one = np.random.default_rng(1).normal(size=size).tolist()
    made = reduced(given_one)
    assert made.shape == (DIMENSIONS,)
    assert float(np.linalg.norm(made)) == pytest.approx(1.0, abs=1e-5)


def test_long_embeddings_stay_as_far_apart_as_they_were() -> None:
    chance = np.random.default_rng(2)
    one = chance.normal(size=1536)
    near = one + 0.5 * chance.normal(size=1536)
    far = chance.normal(size=1536)
    true = float(one @ near / np.linalg.norm(one) / np.linalg.norm(near))
    assert float(reduced(one.tolist()) @ reduced(near.tolist())) == pytest.approx(true, abs=0.1)
    assert abs(float(reduced(one.tolist()) @ reduced(far.tolist()))) < 0.2


def test_a_profile_stands_for_all_its_texts() -> None:
    kinds = [IssueType.PRODUCT_BUG, IssueType.PRODUCT_BUG, IssueType.OTHER]
    profile = merged(
        [SKETCHER.sketch(Told(f"export fails {n}", kind=kind, area="export")) for n, kind in enumerate(kinds)]
    )
    assert profile.count == 3
    assert profile.kind is IssueType.PRODUCT_BUG
    assert profile.area == "export"
    assert length(dict(profile.terms)) == pytest.approx(1.0)
