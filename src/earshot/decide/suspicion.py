"""When a match may not move anything outward by itself: the text instructs its reader, or two readers disagree."""

from enum import StrEnum

import cel

from earshot.decide.evaluate import Match, judge, plain_facts
from earshot.decide.parameters import FACT
from earshot.decide.rules import Rule
from earshot.decide.settings import Caution
from earshot.domain.action import INWARD
from earshot.domain.facts import Facts
from earshot.domain.model import Noun
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment

INSTRUCTS = "the text tries to instruct its reader"
"""The doubt about a text that addresses the model that reads it."""

UNREAD = "there is no text to check what was read"
"""The doubt about an insight whose text a second reader cannot read."""

_ORDERS: dict[str, type[StrEnum]] = {"priority": Priority, "sentiment": Sentiment, "churn_risk": ChurnRisk}
_ISSUE = "issue_type"


class SecondLook(Noun):
    """The closed fields as a second, independent reader sees them."""

    issue_type: IssueType
    priority: Priority
    sentiment: Sentiment
    sentiment_score: float
    churn_risk: ChurnRisk


def goes_out(match: Match) -> bool:
    """Whether a match leads to anything outside Earshot."""
    return any(kind not in INWARD for kind in match.rule.kinds)


def doubt(rule: Rule, facts: Facts, *, second: SecondLook | None) -> str:
    """Why two readers' answers are too far apart for this rule to act by itself, or ""."""
    caution = rule.settings.caution
    if caution is Caution.TEXT:
        return ""
    if second is None:
        return UNREAD
    if differing := differs(rule, facts, second=second):
        return differing
    if caution is Caution.AGREEMENT and not _holds(rule, facts, second=second):
        return "the rule does not hold by the second reader's labels"
    return ""


def differs(rule: Rule, facts: Facts, *, second: SecondLook) -> str:
    """Where two readers are more than one level apart, or differ on an issue type that the rule asks for; or "".

    All three ordered fields count, asked or not: a reader that was talked into one label seldom keeps the others.
    """
    for field in _ORDERS:
        one = getattr(facts.insight, field)
        apart = levels_apart(one, getattr(second, field), field=field) if one else 0
        if apart > 1:
            return f"two readers differ by {apart} levels on {field.replace('_', ' ')}"
    if _asks(rule, _ISSUE) and facts.insight.issue_type != second.issue_type:
        return "two readers differ on the issue type"
    return ""


def levels_apart(one: str, other: str, *, field: str) -> int:
    """How many levels lie between two words of a field."""
    order = [word.value for word in _ORDERS[field]]
    return abs(order.index(one) - order.index(other))


def _asks(rule: Rule, field: str) -> bool:
    told = any(wanted.parameters.get(FACT) == f"insight.{field}" for wanted in rule.settings.actions)
    return told or any(path[0] == "insight" and path[-1] == field for path in rule.asks)


def _holds(rule: Rule, facts: Facts, *, second: SecondLook) -> bool:
    labels = {name: str(value) for name, value in second.model_dump(exclude={"sentiment_score"}).items()}
    seen = facts.insight.model_copy(update={**labels, "sentiment_score": second.sentiment_score})
    plain = plain_facts(facts.model_copy(update={"insight": seen}))
    return judge(rule, cel.Context(variables=plain)) is True
