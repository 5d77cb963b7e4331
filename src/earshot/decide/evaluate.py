"""Judging facts by rules: which hold, why, and which could not be judged."""

from collections.abc import Mapping, Sequence
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


class Postponed(Noun):
    """A rule that is judged later, when what it needs is known: itself, or what decides whether it counts."""

    rule: str
    needs: tuple[str, ...]


class Verdict(Noun):
    """What the rules say about one insight. `stopped_by` names the first rule that stopped others."""

    conversation_id: str
    matches: tuple[Match, ...] = ()
    failures: tuple[Failure, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    postponed: tuple[Postponed, ...] = ()
    stopped_by: str | None = None


def evaluate(rules: Rules, facts: Facts, *, standings: Mapping[str, Standing] | None = None) -> Verdict:
    """Judge the rules in order of urgency. A failing condition is reported, never taken for a yes or a no.

    A rule that is off is not judged. One on trial (dry run) never stops or replaces one that acts for real. One
    that needs what is lacking is postponed, and with it those that it could stop.
    """
    judging = _Judging(rules, facts)
    for rule in rules.ordered:
        standing = (standings or {}).get(rule.settings.name, DRY)
        if standing.mode is not RuleMode.OFF:
            live = acts(standing, rule=rule.hash, conversation=facts.insight.conversation_id)
            judging.take(rule, live=live)
    return judging.verdict


class _Judging:
    """One insight on its way through the rules."""

    def __init__(self, rules: Rules, facts: Facts) -> None:
        self._rules = rules
        self._conversation = facts.insight.conversation_id
        self._lacking = frozenset(facts.lacking)
        self._plain = _needed(facts, rules.needs)
        self._context = cel.Context(variables=self._plain)
        self._matches: list[Match] = []
        self._failures: list[Failure] = []
        self._left_out: list[LeftOut] = []
        self._postponed: dict[str, tuple[str, ...]] = {}
        self._open: list[tuple[RuleSettings, bool]] = []
        self._held: list[tuple[RuleSettings, bool]] = []

    def take(self, rule: Rule, *, live: bool) -> None:
        """Judge one rule, unless others or what is lacking forbid it."""
        if by := _stopper(rule.settings, self._held, live=live):
            self._left_out.append(LeftOut(rule=rule.settings.name, by=by))
        elif needs := self._needs(rule, live=live):
            self._postponed[rule.settings.name] = needs
            self._open.append((rule.settings, live))
        else:
            self._judge(rule, live=live)

    def _judge(self, rule: Rule, *, live: bool) -> None:
        held = judge(rule, self._context)
        if isinstance(held, Failure):
            self._failures.append(held)
        elif held:
            self._matches.append(_match(rule, self._plain, live=live))
            self._held.append((rule.settings, live))

    def _needs(self, rule: Rule, *, live: bool) -> tuple[str, ...]:
        """What must be known before the rule can be judged; its own needs, or those of a rule that may stop it."""
        if not self._lacking:
            return ()
        asks = self._rules.asks[rule.settings.name]
        own = tuple(sorted(path for path in asks if self._lacks(path)))
        return own or self._postponed.get(_stopper(rule.settings, self._open, live=live), ())

    def _lacks(self, path: str) -> bool:
        record = path.partition(".")[0]
        whole = path == record and any(one.startswith(f"{record}.") for one in self._lacking)
        return whole or path in self._lacking or record in self._lacking

    @property
    def verdict(self) -> Verdict:
        """What the rules say, so far."""
        return Verdict(
            conversation_id=self._conversation,
            matches=tuple(self._matches),
            failures=tuple(self._failures),
            left_out=tuple(self._left_out),
            postponed=tuple(Postponed(rule=name, needs=needs) for name, needs in self._postponed.items()),
            stopped_by=next((match.rule.name for match in self._matches if match.rule.stop), None),
        )


def plain_facts(facts: Facts) -> dict[str, Any]:
    """The facts as the rule language sees them."""
    return facts.model_dump(exclude={"at", "lacking"})


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


def _stopper(rule: RuleSettings, before: Sequence[tuple[RuleSettings, bool]], *, live: bool) -> str:
    """The earlier rule that keeps this one from being judged, or "". One on trial bears on others on trial only."""
    for one, acting in before:
        urgent = rule.unless_urgent is not None and one.priority <= rule.unless_urgent
        if (one.stop or urgent) and (acting or not live):
            return one.name
    return ""


def _match(rule: Rule, plain: dict[str, Any], *, live: bool) -> Match:
    return Match.model_construct(rule=rule.settings, because=because(rule.asks, plain), hash=rule.hash, live=live)
