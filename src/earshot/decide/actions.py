"""Actions from a verdict: each subject once, whatever the number of rules, runs and re-readings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from earshot.decide.evaluate import Match, Verdict
from earshot.decide.parameters import FACT, variant
from earshot.decide.reasons import VALUE_LIMIT, reason, visible
from earshot.decide.settings import WantedAction
from earshot.decide.standing import digest
from earshot.decide.subjects import standin, subject_of, was_unknown
from earshot.domain.action import INWARD, SUBJECTS, Action, ActionKind, ActionStatus
from earshot.domain.facts import Facts

ONCE = 0
"""The period of an action without a cooldown."""

_NO_DOUBTS: Mapping[str, str] = {}


def to_actions(
    verdict: Verdict, facts: Facts, *, now: datetime, doubts: Mapping[str, str] = _NO_DOUBTS
) -> list[Action]:
    """One action per kind, variant and subject, the most urgent rule first; further rules are named in the reason.

    `doubts` says by rule why its match may move nothing outward without a person.
    """
    actions: dict[tuple[str, ...], Action] = {}
    for match in verdict.matches:
        for wanted in match.rule.actions:
            action = _Making(match, wanted, facts, now).action(doubts.get(match.rule.name, ""))
            same = (action.kind.value, variant(action.kind, action.parameters), str(action.dry_run))
            known = actions.get(same)
            if known is None:
                actions[same] = action
            elif match.rule.name != known.rule:
                actions[same] = _joined(known, action)
    return list(actions.values())


def key_of(
    kind: ActionKind,
    subject_id: str,
    *,
    cooldown_hours: int | None,
    now: datetime,
    variant: str = "",
    dry: bool = False,
) -> str:
    """The idempotency key. The rule is no part of it: two rules that want the same get it once."""
    period = "" if cooldown_hours is None else str(period_of(subject_id, cooldown_hours, now=now))
    return digest(kind.value, subject_id, variant, period, "dry" if dry else "")


def period_of(subject_id: str, cooldown_hours: int | None, *, now: datetime) -> int:
    """Which cooldown period a moment falls into; 0 without a cooldown.

    Each subject's periods have their own offset, so that not everything falls due at the same moment.
    """
    if cooldown_hours is None:
        return ONCE
    offset = int(digest("offset", subject_id), 16) % (cooldown_hours * 3600)
    return (int(now.timestamp()) + offset) // (cooldown_hours * 3600)


@dataclass(frozen=True)
class _Making:
    """What it takes to make one action of a match."""

    match: Match
    wanted: WantedAction
    facts: Facts
    now: datetime

    def action(self, doubt: str) -> Action:
        rule, kind = self.match.rule, self.wanted.do
        inward = kind in INWARD
        subject_id = subject_of(kind, self.facts)
        parameters = _resolved(self.wanted.parameters, self.facts)
        counted = kind is ActionKind.INCREMENT_FEATURE_COUNTER
        return Action(
            key=self._key(subject_id, parameters),
            kind=kind,
            subject=SUBJECTS[kind],
            subject_id=subject_id,
            conversation_id=self.facts.insight.conversation_id,
            rule=rule.name,
            reason=reason(rule.name, self.match.because, summary=self.facts.insight.summary),
            status=ActionStatus.COMPLETED if counted else ActionStatus.PENDING,
            dry_run=self._dry,
            created_at=self.now,
            period=period_of(subject_id, rule.cooldown_hours, now=self.now),
            parameters=parameters,
            rule_hash=self.match.hash,
            suspect="" if inward else doubt,
            approve=rule.approve and not inward,
            standin_key=self._key(standin(kind, self.facts), parameters) if was_unknown(kind, self.facts) else "",
        )

    @property
    def _dry(self) -> bool:
        return not self.match.live and self.wanted.do not in INWARD

    def _key(self, subject_id: str, parameters: Mapping[str, str]) -> str:
        kind = self.wanted.do
        hours = self.match.rule.cooldown_hours
        told = variant(kind, parameters)
        return key_of(kind, subject_id, cooldown_hours=hours, now=self.now, variant=told, dry=self._dry)


def _resolved(parameters: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Parameters with a fact's present value in the place of its name."""
    if FACT not in parameters:
        return dict(parameters)
    value: object = facts
    for name in parameters[FACT].split("."):
        value = getattr(value, name)
    rest = {name: text for name, text in parameters.items() if name != FACT}
    return {**rest, "value": visible(str(value), limit=VALUE_LIMIT)}


def _joined(known: Action, other: Action) -> Action:
    """Two rules that want the same: the earlier one's action, unless only the other may go out by itself."""
    kept, also = (other, known) if _waits(known) and not _waits(other) else (known, other)
    return kept.model_copy(update={"reason": f"{kept.reason} (also {also.rule})"})


def _waits(action: Action) -> bool:
    return bool(action.suspect) or action.approve
