"""Falls of agreement: shown where they are real, seldom where they are not; no more promised than labels give."""

import numpy as np
import pytest

from earshot.audit.chance import Figure
from earshot.audit.drift import ALPHA, drifts, false_alarms, labels_for, least_fall, standing
from earshot.audit.weighting import Weighed, pooled
from tests.unit.audit.populations import LEVEL, week, weighed

NOTHING = Weighed(field="issue_type", rows=(), effective=0.0, covered=0.0)


def test_false_alarms_are_as_rare_as_said() -> None:
    chance = np.random.default_rng(2)
    falls = [
        drifts([(weighed(chance, week(chance)), weighed(chance, week(chance), size=150))], bound=0.05)[0].fall
        for _ in range(300)
    ]
    rate = falls.count("real") / len(falls)
    assert 0.005 <= rate <= 2 * ALPHA
    assert falls.count("kept") / len(falls) < 0.3


def test_a_large_fall_is_shown_and_a_small_one_is_not_promised() -> None:
    chance = np.random.default_rng(3)
    before = weighed(chance, week(chance), size=150)
    shown = least_fall(LEVEL, 50, then=150)
    assert shown is not None
    assert 0.15 < shown < 0.25
    found = [
        drifts([(weighed(chance, week(chance, fall=shown)), weighed(chance, week(chance), size=150))], bound=0.05)[
            0
        ]
        for _ in range(100)
    ]
    power = [one.fall for one in found].count("real") / len(found)
    assert 0.65 <= power <= 0.95
    assert any(one.beyond for one in found)
    quarter = pooled([weighed(chance, week(chance)) for _ in range(13)])
    assert (least_fall(LEVEL, quarter.effective, then=before.effective) or 1) < shown / 1.5


def test_nothing_is_concluded_from_no_labels() -> None:
    found = drifts([(NOTHING, NOTHING)], bound=0.05)[0]
    assert (found.fall, found.p, found.seen, found.difference) == ("unknown", 1.0, None, Figure())


def test_a_target_is_met_only_where_the_whole_interval_is_above() -> None:
    assert standing(Figure(value=0.9, low=0.82, high=0.95), 0.8) == "met"
    assert standing(Figure(value=0.85, low=0.75, high=0.92), 0.8) == "unsure"
    assert standing(Figure(value=0.6, low=0.5, high=0.7), 0.8) == "missed"
    assert standing(Figure(), 0.8) == "unknown"


def test_how_many_labels_a_small_fall_takes() -> None:
    needed = labels_for(0.05, 0.85, then=2_000)
    assert needed is not None
    assert 400 < needed < 2_000
    assert (least_fall(0.85, needed, then=2_000) or 1) <= 0.05
    assert labels_for(0.05, 0.85, then=150) is None
    assert least_fall(0.85, 3, then=3) is None
    assert false_alarms(52) == pytest.approx(1.3)
