"""Rate ratios and medians against textbook values and simulation."""

import math
import random

import pytest

from earshot.report.effects import binomial_interval, median, quantile, rate_change, upper_tail


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (1, 20, 0.0013, 0.2487),
     (81, 263, 0.2527, 0.3676)],
)  # fmt: skip
def test_clopper_pearson_has_the_published_values(hits: int, n: int, low: float, high: float) -> None:
    found = binomial_interval(hits, n)
    assert found.low == pytest.approx(low, abs=5e-4)
    assert found.high == pytest.approx(high, abs=5e-4)


def test_a_tail_is_the_sum_of_its_chances() -> None:
    assert upper_tail(0, 5, p=0.3) == 1.0
    assert upper_tail(3, 5, p=0.5) == pytest.approx(0.5)
    assert upper_tail(5, 5, p=0.5) == pytest.approx(1 / 32)


def test_what_fell_what_rose_and_what_may_be_chance() -> None:
    assert rate_change(40, 10, exposure_before=1000, exposure_after=1000).verdict == "fell"
    assert rate_change(10, 40, exposure_before=1000, exposure_after=1000).verdict == "rose"
    assert (
        rate_change(10, 8, exposure_before=1000, exposure_after=1000).verdict
        == "no change that could not be chance"
    )
    assert rate_change(0, 0, exposure_before=1000, exposure_after=1000).verdict == "too little is known"


def test_more_conversations_after_are_no_more_mentions() -> None:
    same = rate_change(20, 40, exposure_before=1000, exposure_after=2000)
    assert same.ratio == pytest.approx(1.0)
    assert same.interval is not None
    assert same.interval.low < 1 < same.interval.high


def test_without_mentions_before_there_is_no_ratio() -> None:
    new = rate_change(0, 12, exposure_before=500, exposure_after=500)
    assert new.ratio is None
    assert new.interval is not None
    assert math.isinf(new.interval.high)
    assert new.verdict == "rose"


def test_intervals_cover_the_true_ratio_as_often_as_they_say() -> None:
    draw = random.Random(4)
    covered = 0
    for _ in range(400):
        before, after = (sum(draw.random() < share for _ in range(400)) for share in (0.06, 0.03))
        found = rate_change(before, after, exposure_before=400, exposure_after=400).interval
        covered += found is not None and found.low <= 0.5 <= found.high
    assert covered >= 0.94 * 400  # exact intervals cover at least their level


def test_a_median_says_how_sure_it_is() -> None:
    assert median([]) == (None, None)
    assert median([3.0, 1.0]) == (2.0, None)
    middle, interval = median([float(n) for n in range(1, 12)])
    assert middle == 6.0
    assert interval is not None
    assert (interval.low, interval.high) == (2.0, 10.0)  # the usual table: n = 11, order statistics 2 and 10
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.95) == 4.0
    assert quantile([], 0.5) is None
