"""Intervals and tests of change against known values."""

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.report.intervals import count_z, mean_interval, mean_z, share_interval, spread


@pytest.mark.parametrize(
    ("counts", "ends"),
    [
        ((0, 10), (0.0, 0.2775)),
        ((10, 100), (0.0552, 0.1744)),
        ((5, 10), (0.2366, 0.7634)),
        ((10, 10), (0.7225, 1.0)),
    ],
)
def test_wilson_gives_the_published_values(counts: tuple[int, int], ends: tuple[float, float]) -> None:
    interval = share_interval(*counts)
    assert interval is not None
    assert (round(interval.low, 4), round(interval.high, 4)) == ends


def test_no_conversations_no_interval() -> None:
    assert share_interval(0, 0) is None


@given(st.integers(1, 5000), st.floats(0, 1))
def test_a_share_lies_in_its_interval(whole: int, share: float) -> None:
    part = round(whole * share)
    interval = share_interval(part, whole)
    assert interval is not None
    assert 0 <= interval.low <= part / whole + 1e-12
    assert part / whole - 1e-12 <= interval.high <= 1


def test_the_mean_interval_holds_the_truth_in_about_95_of_100_samples() -> None:
    dice = random.Random(4)
    hits = 0
    for _ in range(1000):
        scores = [dice.uniform(-1, 0.5) for _ in range(40)]
        interval = mean_interval(statistics.mean(scores), statistics.stdev(scores), n=40)
        assert interval is not None
        hits += interval.low <= -0.25 <= interval.high
    assert 920 <= hits <= 975


def test_the_mean_interval_stays_on_the_scale_and_needs_a_spread() -> None:
    interval = mean_interval(-0.95, 0.8, n=2)
    assert interval is not None
    assert interval.low == -1.0
    assert mean_interval(0.1, None, n=50) is None
    assert mean_interval(0.1, 0.4, n=0) is None


def test_spread_from_bands() -> None:
    assert spread({"NEUTRAL": 1}) is None
    assert spread({"NEUTRAL": 5}) == 0.0
    bands = {"VERY_NEGATIVE": 1, "VERY_POSITIVE": 1}
    assert spread(bands) == pytest.approx(statistics.stdev([-0.85, 0.85]))
    assert spread({**bands, "SOMETHING_ELSE": 9}) == spread(bands)


def test_changes_of_counts() -> None:
    assert count_z(0, 0) == 0.0
    assert count_z(5, 0) == pytest.approx(4 / math.sqrt(5))
    assert count_z(0, 5) == -count_z(5, 0)
    assert count_z(11, 10) == 0.0
    assert abs(count_z(120, 100)) < 1.96 < count_z(140, 100)


def test_changes_of_averages() -> None:
    assert mean_z(0.2, (0.5, 0.5), ns=(100, 100)) == pytest.approx(0.2 / (0.5 * math.sqrt(0.02)))
    assert mean_z(0.2, (None, 0.5), ns=(100, 100)) == 0.0
    assert mean_z(0.2, (0.5, 0.5), ns=(1, 100)) == 0.0
    assert mean_z(0.2, (0.0, 0.0), ns=(9, 9)) == 0.0
