"""The risk of an account: bounded, explained, monotone, and nothing from what is not known."""

import pytest

from earshot.pipeline.accounts.risk import mood_z, risk_of
from earshot.ports.pages.accounts import Standing

WORST = Standing(
    conversations=1000, before=1000, score=-1000.0, squares=1000.0, score_before=1000.0, squares_before=1000.5,
    churn_high=1000, critical=1000, open_conversations=9, open_matters=9, rated=1000, ratings=1000, rated_low=1000,
)  # fmt: skip


def test_nothing_known_is_no_risk() -> None:
    risk = risk_of(Standing())
    assert risk.score == 0
    assert risk.word == "low"
    assert sum(line.most for line in risk.lines) == 100
    assert {line.name for line in risk.lines if line.known} == {"Open matters"}


def test_the_worst_is_a_hundred_and_lines_add_up() -> None:
    risk = risk_of(WORST)
    assert risk.score == pytest.approx(100, abs=1)
    assert risk.word == "high"
    assert all(0 <= line.points <= line.most for line in risk.lines)
    assert risk.score == round(sum(line.points for line in risk.lines))


def test_one_bad_conversation_does_not_fill_a_share() -> None:
    one = Standing(conversations=1, score=-1.0, squares=1.0, churn_high=1)
    points = {line.name: line.points for line in risk_of(one).lines}
    assert points["Churn risk in conversations"] == 10
    assert points["Highest churn risk said"] == 15


@pytest.mark.parametrize("field", ["churn_high", "churn_medium", "critical", "open_matters", "rated_low"])
def test_more_of_what_is_bad_is_never_less_risk(field: str) -> None:
    base = Standing(conversations=10, rated=10, ratings=30)
    scores = [risk_of(base.model_copy(update={field: n})).score for n in range(6)]
    assert scores == sorted(scores)
    assert scores[-1] > scores[0]


def test_a_fall_counts_only_beyond_chance() -> None:
    few = Standing(conversations=2, score=-0.4, squares=0.4, before=2, score_before=0.4, squares_before=0.4)
    many = Standing(conversations=50, score=-10.0, squares=4.0, before=50, score_before=10.0, squares_before=4.0)
    fell = {n: {line.name: line.points for line in risk_of(s).lines}["Sentiment fell"] for n, s in
            (("few", few), ("many", many))}  # fmt: skip
    assert mood_z(many) < -1.96 < mood_z(few)
    assert fell == {"few": 0, "many": 4.0}
