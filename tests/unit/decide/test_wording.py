"""Conditions in plain words: each says what it means, and what cannot be said stands as it is written."""

import pytest

from earshot.decide.packs import PACKS, pack
from earshot.decide.wording import Said, said

MIXED = (
    "(the customer's plan is “pro” and (the theme's growth this week is more than 0"
    " or the text instructs its reader))"
)


def line(one: Said) -> str:
    """A condition on one line, with brackets round its parts."""
    if not one.parts:
        return one.text if one.plain else f"`{one.text}`"
    word = " and " if one.joined == "all of these" else " or "
    return f"({word.join(map(line, one.parts))})"


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("true", "always"),
        ("false", "never"),
        ('insight.priority in ["CRITICAL", "HIGH"]', "the priority is critical or high"),
        ('insight.priority in ["LOW"]', "the priority is low"),
        ("customer.mrr >= 1000.0", "the customer's MRR is at least 1,000"),
        ("1000 <= theme.frequency", "the number of conversations about the theme is at least 1,000"),
        ("insight.sentiment_score < -0.7", "the sentiment score is less than \u22120.7"),
        ('"vip" in conversation.tags', "the conversation's tags include “vip”"),
        ('insight.category != ""', "the category is known"),
        ('customer.account == ""', "the customer's account is not known"),
        ("!insight.injection", "not so: the text instructs its reader"),
        (r'insight.summary.matches(r"\bVAT\b")', "the summary matches the pattern “\\bVAT\\b”"),
        ('customer.plan == "pro" && (theme.trend > 0 || insight.injection)', MIXED),
    ],
)
def test_it_says_what_it_means(when: str, words: str) -> None:
    assert line(said(when)) == words


@pytest.mark.parametrize(
    "when", ["size(findings) > 1", "theme.customers + 1 > theme.frequency", "theme.id == theme.title"]
)
def test_what_cannot_be_said_stands_as_it_is_written(when: str) -> None:
    assert line(said(when)) == f"`{when}`"


def test_what_cannot_be_read_is_given_back() -> None:
    assert said('insight.priority == "HIGH').plain is False
    assert said("a &&").text == "a &&"


@pytest.mark.parametrize("rule", [rule for name in PACKS for rule in pack(name)], ids=lambda rule: rule.name)
def test_every_rule_of_the_packs_can_be_said(rule: object) -> None:
    assert "`" not in line(said(getattr(rule, "when", "")))
