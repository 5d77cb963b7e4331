"""Judging facts by rules: which hold, why, and which could not be judged."""

from typing import Any

import cel

from earshot.decide.reasons import because
from earshot.decide.rules import Rule, Rules
from earshot.decide.settings import RuleSettings
from earshot.domain.facts import Facts
from earshot.domain.model import Noun


class Match(Noun):
    """A rule that holds, and why: the values its condition asked for."""

    rule: RuleSettings
    because: str


class Failure(Noun):
    """A rule that could not be judged on these facts (it does not count as holding)."""

    rule: str
    problem: str


class Verdict(Noun):
    """What the rules say about one insight. `stopped_by` names the rule after which no other was judged."""

    conversation_id: str
    matches: tuple[Match, ...] = ()
    failures: tuple[Failure, ...] = ()
    stopped_by: str | None = None


def evaluate(rules: Rules, facts: Facts) -> Verdict:
    """Judge the rules in order of urgency. A failing condition is reported, never taken for a yes or a no."""
    plain = facts.model_dump()
    context = cel.Context(variables=plain)
    matches: list[Match] = []
    failures: list[Failure] = []
    stopped_by: str | None = None
    for rule in rules.ordered:
        if _left_out(rule.settings, matches):
            continue
        held = _judge(rule, context)
        if isinstance(held, Failure):
            failures.append(held)
        elif held:
            matches.append(_match(rule, plain))
            if rule.settings.stop:
                stopped_by = rule.settings.name
                break
    return Verdict(
        conversation_id=facts.insight.conversation_id,
        matches=tuple(matches),
        failures=tuple(failures),
        stopped_by=stopped_by,
    )


def _left_out(rule: RuleSettings, matches: list[Match]) -> bool:
    urgent = rule.unless_urgent
    return urgent is not None and any(match.rule.priority <= urgent for match in matches)


def _judge(rule: Rule, context: cel.Context) -> bool | Failure:
    try:
        return rule.program.execute(context) is True
    except (RuntimeError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        return Failure(rule=rule.settings.name, problem=type(error).__name__)


def _match(rule: Rule, plain: dict[str, Any]) -> Match:
    return Match.model_construct(rule=rule.settings, because=because(rule.asks, plain))
