"""Weighted estimates against a known truth: unbiased, and with intervals that cover as often as they say."""

import importlib
from typing import Any

import numpy as np
import pytest

from earshot.audit.agreement import Judged, field_score
from earshot.audit.labels import Label
from earshot.audit.weighting import Drawn, part, pooled, weigh
from earshot.domain.reading import IssueType
from tests.unit.audit.populations import LEVEL, drawn, week, weighed

metrics: Any = importlib.import_module("sklearn.metrics")
B, P = IssueType.BILLING, IssueType.PRODUCT_BUG


def one(name: str, stratum: str, *, right: bool) -> Drawn:
    return Drawn(
        row=Judged(id=name, truths=(Label(issue_type=B),), guess=Label(issue_type=B if right else P)),
        stratum=stratum,
    )


def test_a_label_stands_for_the_conversations_of_its_stratum() -> None:
    rows = [one("1", "a", right=True), one("2", "a", right=True), one("3", "b", right=False)]
    found = weigh(rows, "issue_type", populations={"a": 90, "b": 10})
    assert found.agreement.value == pytest.approx(0.9)
    assert found.covered == 1.0
    assert sum(row.weight for row in found.rows) == pytest.approx(found.effective)
    assert found.effective <= 3
    assert field_score(found.rows, "issue_type").accuracy.value == pytest.approx(0.9)


def test_strata_without_a_label_are_said_not_to_be_covered() -> None:
    found = weigh([one("1", "a", right=True)], "issue_type", populations={"a": 60, "b": 40})
    assert found.covered == pytest.approx(0.6)
    nothing = weigh([], "issue_type", populations={"a": 60})
    assert nothing.agreement.value is None
    assert nothing.covered == 0.0


def test_even_weights_change_nothing() -> None:
    rows = [one(str(i), "a", right=i % 4 > 0) for i in range(40)]
    found = weigh(rows, "issue_type", populations={"a": 400})
    assert found.effective == pytest.approx(40, rel=0.03)
    assert found.agreement.value == pytest.approx(0.75)
    assert part(found.rows, "issue_type").effective == pytest.approx(40)
    assert pooled([found, found]).effective == pytest.approx(2 * found.effective)


def test_weighted_estimates_are_unbiased_where_unweighted_are_not() -> None:
    chance = np.random.default_rng(1)
    plain, right = list[float](), list[float]()
    for _ in range(400):
        rows = drawn(chance, of := week(chance), size=40, least=5)
        plain.append(float(np.mean([row.row.right("issue_type") or 0.0 for row in rows])))
        right.append(weigh(rows, "issue_type", populations=of.populations).agreement.value or 0.0)
    noise = float(np.std(right)) / 20
    assert abs(float(np.mean(right)) - LEVEL) < 3 * noise
    assert float(np.mean(plain)) < LEVEL - 6 * noise


@pytest.mark.parametrize("size", [50, 150])
def test_intervals_cover_about_as_often_as_they_say(size: int) -> None:
    chance = np.random.default_rng(size)
    inside, widths = list[bool](), list[float]()
    for _ in range(400):
        found = weighed(chance, week(chance), size=size).agreement
        inside.append((found.low or 0.0) <= LEVEL <= (found.high or 0.0))
        widths.append((found.high or 0.0) - (found.low or 0.0))
    assert 0.93 <= np.mean(inside) <= 0.985
    assert np.mean(widths) < 2.3 * 1.96 * np.sqrt(LEVEL * (1 - LEVEL) / size)


def test_intervals_of_kappa_cover_too() -> None:
    chance = np.random.default_rng(5)
    all_of = week(chance, count=60_000)
    truth = float(metrics.cohen_kappa_score(all_of.truths, all_of.answers))
    inside = list[bool]()
    for _ in range(60):
        found = field_score(weighed(chance, week(chance), size=150).rows, "issue_type").kappa
        inside.append((found.low or 0.0) <= truth <= (found.high or 0.0))
    assert np.mean(inside) >= 0.9


def test_weighted_kappa_is_that_of_scikit_learn() -> None:
    chance = np.random.default_rng(7)
    found = weighed(chance, week(chance), size=60)
    truths = [str(row.truths[0].issue_type) for row in found.rows]
    guesses = [str(row.guess.issue_type) for row in found.rows if row.guess]
    expected = metrics.cohen_kappa_score(truths, guesses, sample_weight=[row.weight for row in found.rows])
    assert field_score(found.rows, "issue_type").kappa.value == pytest.approx(float(expected))
