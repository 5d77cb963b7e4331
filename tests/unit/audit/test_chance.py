import importlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.audit.chance import bootstrap, holm, share, sign_test

stats: Any = importlib.import_module("scipy.stats")
"""It comes without types."""


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_sign_test_is_the_exact_binomial_test(first: int, second: int) -> None:
    expected = 1.0 if first + second == 0 else stats.binomtest(first, first + second).pvalue
    assert sign_test(first, second) == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 200), st.integers(1, 200))
def test_a_share_has_wilsons_interval(part: int, more: int) -> None:
    total = part + more
    low, high = map(float, stats.binomtest(part, total).proportion_ci(method="wilson"))
    found = share(part, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)


def test_nothing_has_no_figure() -> None:
    assert share(0, 0).value is None
    assert bootstrap(np.zeros(3), lambda drawn: drawn[:, 0]).value is None


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=6))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(values: dict[str, float]) -> None:
    corrected = holm(values)
    assert corrected.keys() == values.keys()
    for name, value in values.items():
        assert value <= corrected[name] <= 1.0
        assert all(corrected[name] <= corrected[other] for other in values if value < values[other])


def test_holm_is_that_of_the_textbook() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx(
        {"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06}
    )


def test_a_bootstrapped_mean_has_the_interval_of_the_normal_formula() -> None:
    counts = np.array([300.0, 700.0])
    found = bootstrap(counts, lambda drawn: drawn[:, 1] / drawn.sum(axis=1))
    half = 1.96 * np.sqrt(0.7 * 0.3 / 1000)
    assert found.value == 0.7
    assert (found.low, found.high) == pytest.approx((0.7 - half, 0.7 + half), abs=0.004)
    assert bootstrap(counts, lambda drawn: drawn[:, 1] / drawn.sum(axis=1)) == found


def test_many_kinds_are_drawn_in_slices_with_the_same_kind_of_answer() -> None:
    counts = np.ones(40_000)
    found = bootstrap(counts, lambda drawn: drawn[:, :20_000].sum(axis=1) / drawn.sum(axis=1))
    assert found.value == 0.5
    assert (found.low, found.high) == pytest.approx((0.4951, 0.5049), abs=0.001)
