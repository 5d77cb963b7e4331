"""Two readers who disagree: what counts, for which rule."""

from typing import Any

import pytest

from earshot.decide.rules import Rule, load_rules
from earshot.decide.settings import RuleSettings
from earshot.decide.suspicion import UNREAD, SecondLook, doubt, levels_apart

from .facts import facts


def rule(when: str = 'insight.priority == "CRITICAL"', **more: object) -> Rule:
    values = {"name": "R", "when": when, "actions": ["TAG"], **more}
    return load_rules([RuleSettings.model_validate(values)]).ordered[0]


def look(**more: object) -> SecondLook:
    calm = {"issue_type": "USAGE_QUESTION", "priority": "LOW", "sentiment": "NEUTRAL", "churn_risk": "LOW"}
    return SecondLook.model_validate({**calm, "sentiment_score": 0.0, **more})


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ({}, ""),
        ({"priority": "MEDIUM"}, ""),
        ({"priority": "HIGH"}, "by 2 levels on priority"),
        ({"sentiment": "VERY_POSITIVE"}, "by 2 levels on sentiment"),
        ({"churn_risk": "MEDIUM"}, ""),
        ({"churn_risk": "HIGH"}, "by 2 levels on churn risk"),
        ({"issue_type": "BILLING"}, ""),
    ],
)
def test_more_than_one_level_is_too_much(first: dict[str, Any], why: str) -> None:
    assert why in doubt(rule(), facts(**first), second=look())
    assert bool(why) is bool(doubt(rule(), facts(**first), second=look()))


def test_the_issue_type_counts_for_rules_that_ask_for_it() -> None:
    asks = rule('insight.issue_type == "BILLING"')
    writes = rule("true", actions=[{"do": "SET_ATTRIBUTE", "attribute": "a", "fact": "insight.issue_type"}])
    for one in (asks, writes):
        assert doubt(one, facts(issue_type="BILLING"), second=look()) == "two readers differ on the issue type"


def test_caution_can_be_less_or_more() -> None:
    critical = facts(priority="CRITICAL")
    assert doubt(rule(caution="text"), critical, second=look()) == ""
    assert doubt(rule(caution="levels"), critical, second=look(priority="HIGH")) == ""
    assert "second reader's labels" in doubt(rule(caution="agreement"), critical, second=look(priority="HIGH"))
    assert doubt(rule(caution="agreement"), critical, second=look(priority="CRITICAL")) == ""
    assert doubt(rule(), critical, second=None) == UNREAD


def test_levels_are_those_of_the_words_orders() -> None:
    assert levels_apart("VERY_NEGATIVE", "VERY_POSITIVE", field="sentiment") == 4
    assert levels_apart("CRITICAL", "CRITICAL", field="priority") == 0
