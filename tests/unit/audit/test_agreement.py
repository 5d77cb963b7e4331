import importlib
import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.audit.agreement import Judged, annotators, calibration, field_score, given_fields
from earshot.audit.labels import OPTIONS, ORDERED, Label
from tests.unit.audit.judging import rows

metrics: Any = importlib.import_module("sklearn.metrics")
"""scikit-learn's figures; it comes without types."""
fields = st.sampled_from(list(OPTIONS))


@st.composite
def labelled(draw: st.DrawFn) -> tuple[str, list[str], list[str], list[str]]:
    """A field, two annotations and guesses of the same conversations."""
    field = draw(fields)
    option = st.sampled_from(OPTIONS[field])
    n = draw(st.integers(min_value=1, max_value=40))
    a, b, guess = (draw(st.lists(option, min_size=n, max_size=n)) for _ in range(3))
    return field, a, b, guess


def _kappa(truth: Sequence[str], guess: Sequence[str], *, field: str, weights: str | None = None) -> float:
    if set(truth) == set(guess) and len(set(truth)) == 1:
        return 1.0
    return float(metrics.cohen_kappa_score(truth, guess, labels=list(OPTIONS[field]), weights=weights))


@settings(max_examples=60, deadline=None)
@given(labelled())
def test_figures_are_those_of_scikit_learn_averaged_over_both_annotations(
    given_: tuple[str, list[str], list[str], list[str]],
) -> None:
    field, a, b, guess = given_
    score = field_score(rows(field, list(zip(a, b, strict=True)), guess), field)
    assert score.n == len(guess)
    assert score.accuracy.value == pytest.approx(np.mean([metrics.accuracy_score(t, guess) for t in (a, b)]))
    expected = [metrics.f1_score(t, guess, average="macro", labels=sorted(set(t))) for t in (a, b)]
    assert score.macro_f1.value == pytest.approx(np.mean(expected))
    assert score.kappa.value == pytest.approx(np.mean([_kappa(t, guess, field=field) for t in (a, b)]))
    if field in ORDERED:
        weighted = [_kappa(t, guess, field=field, weights="quadratic") for t in (a, b)]
        assert score.weighted_kappa is not None
        assert score.weighted_kappa.value == pytest.approx(np.mean(weighted))
    tables = [metrics.confusion_matrix(t, guess, labels=list(OPTIONS[field])) for t in (a, b)]
    assert np.array(score.confusion.counts)[:, :-1] == pytest.approx(np.mean(tables, axis=0))


@settings(max_examples=30, deadline=None)
@given(labelled(), st.randoms(use_true_random=False))
def test_order_and_names_of_conversations_change_nothing(
    given_: tuple[str, list[str], list[str], list[str]], chance: random.Random
) -> None:
    field, a, b, guess = given_
    told = rows(field, list(zip(a, b, strict=True)), guess)
    mixed = chance.sample(told, len(told))
    assert field_score(mixed, field) == field_score(told, field)


@settings(max_examples=30, deadline=None)
@given(labelled())
def test_the_figure_lies_in_its_interval_and_agreement_with_oneself_is_perfect(
    given_: tuple[str, list[str], list[str], list[str]],
) -> None:
    field, a, b, guess = given_
    score = field_score(rows(field, list(zip(a, b, strict=True)), guess), field)
    for figure in (score.accuracy, score.macro_f1, score.kappa, score.weighted_kappa):
        if figure is not None and figure.value is not None:
            assert figure.low is not None
            assert figure.high is not None
            assert figure.low <= figure.value <= figure.high
    same = field_score(rows(field, [[one] for one in a], a), field)
    assert same.accuracy.value == same.macro_f1.value == same.kappa.value == 1.0


def test_what_could_not_be_read_counts_as_wrong() -> None:
    truths = [["BILLING"], ["BILLING"], ["OTHER"], ["OTHER"]]
    score = field_score(rows("issue_type", truths, ["BILLING", None, "OTHER", None]), "issue_type")
    assert (score.n, score.unread) == (4, 2)
    assert score.accuracy.value == 0.5
    read_as = ["BILLING", "UNREAD", "OTHER", "UNREAD"]
    truth = [one[0] for one in truths]
    names = [*OPTIONS["issue_type"], "UNREAD"]
    assert score.kappa.value == pytest.approx(metrics.cohen_kappa_score(truth, read_as, labels=names))
    assert score.macro_f1.value == pytest.approx(2 / 3)
    assert sum(row[-1] for row in score.confusion.counts) == 2


def test_an_unlabelled_field_is_not_scored_and_one_the_classifier_never_gives_neither() -> None:
    told = [
        Judged(
            id="1",
            truths=(Label.model_validate({"issue_type": "BILLING", "priority": "LOW"}),),
            guess=Label.model_validate({"issue_type": "OTHER"}),
        )
    ]
    assert given_fields(told) == ["issue_type"]
    assert field_score([], "issue_type").accuracy.value is None


def test_intervals_of_kappa_cover_the_truth_about_as_often_as_they_say() -> None:
    """Where the true kappa is known: guesses agree with probability .7, otherwise drawn evenly from 4 options."""
    chance = np.random.default_rng(3)
    options = np.array(OPTIONS["priority"])
    covered = 0
    for _ in range(150):
        truth = options[chance.integers(0, 4, 120)]
        guess = np.where(chance.random(120) < 0.7, truth, options[chance.integers(0, 4, 120)])
        figure = field_score(rows("priority", [[str(t)] for t in truth], list(map(str, guess))), "priority").kappa
        covered += figure.low is not None and figure.high is not None and figure.low <= 0.7 <= figure.high
    assert 0.88 <= covered / 150 <= 0.99


def _confident(told: Sequence[tuple[float, bool]]) -> list[Judged]:
    return [
        Judged(
            id=str(number),
            truths=(Label.model_validate({"issue_type": "BILLING"}),),
            guess=Label.model_validate({"issue_type": "BILLING" if right else "OTHER"}),
            confidence=sure,
        )
        for number, (sure, right) in enumerate(told)
    ]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_calibration_error_is_the_sum_over_bins(told: list[tuple[float, bool]]) -> None:
    found = calibration(_confident(told))
    assert found is not None
    error = 0.0
    for place in range(10):
        inside = [(sure, right) for sure, right in told if min(int(sure * 10), 9) == place]
        if inside:
            gap = np.mean([right for _, right in inside]) - np.mean([sure for sure, _ in inside])
            error += len(inside) / len(told) * abs(gap)
    assert found.error.value == pytest.approx(error)
    assert sum(b.n for b in found.bins) == found.n == len(told)
    assert found.mean_confidence == pytest.approx(np.mean([sure for sure, _ in told]))


def test_without_confidence_there_is_no_calibration() -> None:
    assert calibration(rows("issue_type", [["BILLING"]], ["BILLING"])) is None
    assert calibration(_confident([])) is None


def test_annotators_agree_with_each_other_as_far_as_they_do() -> None:
    pairs = [["LOW", "LOW"], ["HIGH", "HIGH"], ["LOW", "HIGH"], ["MEDIUM", "MEDIUM"]]
    found = annotators(rows("priority", pairs, ["LOW"] * 4), "priority")
    assert found is not None
    assert found.accuracy.value == 0.75
    assert found.kappa.value == pytest.approx(
        metrics.cohen_kappa_score([a for a, _ in pairs], [b for _, b in pairs], labels=list(OPTIONS["priority"]))
    )
    assert annotators(rows("priority", [["LOW"]], ["LOW"]), "priority") is None
    assert not math.isnan(found.kappa.value or 0.0)
