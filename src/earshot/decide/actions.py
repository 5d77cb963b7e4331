"""Actions from a verdict: each subject once, whatever the number of rules, runs and re-readings."""

import hashlib
from datetime import datetime

from earshot.decide.evaluate import Match, Verdict
from earshot.decide.reasons import reason
from earshot.domain.action import SUBJECTS, Action, ActionKind, Subject
from earshot.domain.facts import Facts


def to_actions(verdict: Verdict, facts: Facts, *, now: datetime) -> list[Action]:
    """One action per kind and subject, the most urgent rule first; further rules are named in the reason."""
    actions: dict[str, Action] = {}
    for match in verdict.matches:
        for kind in match.rule.actions:
            action = _action(kind, match, facts=facts, now=now)
            known = next((a for a in actions.values() if a.kind is kind), None)
            if known is None:
                actions[action.key] = action
            elif match.rule.name != known.rule:
                actions[known.key] = _also(known, match)
    return list(actions.values())


def subject_of(kind: ActionKind, facts: Facts) -> str:
    """Whom or what an action is about; the conversation stands in where customer or theme is not known."""
    conversation = facts.insight.conversation_id
    known = {
        Subject.CONVERSATION: conversation,
        Subject.CUSTOMER: facts.customer.account,
        Subject.THEME: facts.theme.id,
    }[SUBJECTS[kind]]
    return known or f"conversation:{conversation}"


def key_of(kind: ActionKind, subject_id: str, *, cooldown_hours: int | None, now: datetime) -> str:
    """The idempotency key. The rule is no part of it: two rules that want the same get it once.

    With a cooldown, time is cut into periods of that length, each subject's with its own offset, so that
    not everything falls due at the same moment.
    """
    period = "" if cooldown_hours is None else str(_period(subject_id, cooldown_hours, now=now))
    return _digest(kind.value, subject_id, period)


def _period(subject_id: str, hours: int, *, now: datetime) -> int:
    offset = int(_digest("offset", subject_id), 16) % (hours * 3600)
    return (int(now.timestamp()) + offset) // (hours * 3600)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _action(kind: ActionKind, match: Match, *, facts: Facts, now: datetime) -> Action:
    subject_id = subject_of(kind, facts)
    return Action(
        key=key_of(kind, subject_id, cooldown_hours=match.rule.cooldown_hours, now=now),
        kind=kind,
        subject=SUBJECTS[kind],
        subject_id=subject_id,
        conversation_id=facts.insight.conversation_id,
        rule=match.rule.name,
        reason=reason(match.rule.name, match.because, summary=facts.insight.summary),
        created_at=now,
    )


def _also(action: Action, match: Match) -> Action:
    return action.model_copy(update={"reason": f"{action.reason} (also {match.rule.name})"})
