"""Judging facts by rules: which hold, why, and which could not be judged."""

from collections.abc import Mapping
from typing import Any

import cel

from earshot.decide.reasons import because
from earshot.decide.rules import Rule, Rules
from earshot.decide.settings import RuleSettings
from earshot.decide.standing import DRY, Standing, acts
from earshot.domain.facts import Facts
from earshot.domain.model import Noun
from earshot.domain.rule_state import RuleMode


class Match(Noun):
    """A rule that holds, and why: the values its condition asked for. `live`: it acts for real here."""

    rule: RuleSettings
    because: str
    hash: str = ""
    live: bool = False


class Failure(Noun):
    """A rule that could not be judged on these facts (it does not count as holding)."""

    rule: str
    problem: str


class LeftOut(Noun):
    """A rule that was not judged because an earlier one held."""

    rule: str
    by: str


class Verdict(Noun):
    """What the rules say about one insight. `stopped_by` names the first rule that stopped others."""

    conversation_id: str
    matches: tuple[Match, ...] = ()
    failures: tuple[Failure, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    stopped_by: str | None = None


def evaluate(rules: Rules, facts: Facts, *, standings: Mapping[str, Standing] | None = None) -> Verdict:
    """Judge the rules in order of urgency. A failing condition is reported, never taken for a yes or a no.

    A rule that is off is not judged. One on trial (dry run) never stops or replaces one that acts for real.
    """
    known = standings or {}
    conversation = facts.insight.conversation_id
    plain = _needed(facts, rules.needs)
    context = cel.Context(variables=plain)
    matches: list[Match] = []
    failures: list[Failure] = []
    left_out: list[LeftOut] = []
    for rule in rules.ordered:
        standing = known.get(rule.settings.name, DRY)
        if standing.mode is RuleMode.OFF:
            continue
        live = acts(standing, rule=rule.hash, conversation=conversation)
        if by := _left_out(rule.settings, matches, live=live):
            left_out.append(LeftOut(rule=rule.settings.name, by=by))
            continue
        held = judge(rule, context)
        if isinstance(held, Failure):
            failures.append(held)
        elif held:
            matches.append(_match(rule, plain, live=live))
    return Verdict(
        conversation_id=conversation,
        matches=tuple(matches),
        failures=tuple(failures),
        left_out=tuple(left_out),
        stopped_by=next((match.rule.name for match in matches if match.rule.stop), None),
    )


def plain_facts(facts: Facts) -> dict[str, Any]:
    """The facts as the rule language sees them."""
    return facts.model_dump(exclude={"at"})


def _needed(facts: Facts, needs: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The facts that these rules need and no others: handing facts over is what judging costs."""
    plain: dict[str, Any] = {}
    for record, fields in needs.items():
        if fields:
            told: object = getattr(facts, record)
            plain[record] = {field: getattr(told, field) for field in fields}
        else:
            plain[record] = facts.model_dump(include={record})[record]
    return plain


def judge(rule: Rule, context: cel.Context) -> bool | Failure:
    """Whether one rule's condition holds, or why that cannot be said."""
    try:
        return rule.program.execute(context) is True
    except (RuntimeError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        return Failure(rule=rule.settings.name, problem=type(error).__name__)


def _left_out(rule: RuleSettings, matches: list[Match], *, live: bool) -> str:
    """The rule because of which this one is not judged, or "". A rule on trial bears on others on trial only."""
    for match in matches:
        urgent = rule.unless_urgent is not None and match.rule.priority <= rule.unless_urgent
        if (match.rule.stop or urgent) and (match.live or not live):
            return match.rule.name
    return ""


def _match(rule: Rule, plain: dict[str, Any], *, live: bool) -> Match:
    return Match.model_construct(rule=rule.settings, because=because(rule.asks, plain), hash=rule.hash, live=live)
