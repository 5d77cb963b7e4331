"""Decided actions in the words of a support lead, duplicates folded into one line."""

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.action import Action, ActionKind, ActionStatus
from earshot.domain.model import Noun
from earshot.text.subjects import stand_in

_WORDS: dict[ActionKind, str] = {
    ActionKind.PAGE_ONCALL_ENGINEER: "Page the on-call engineer about {subject}",
    ActionKind.ALERT_CS_MANAGER: "Alert the customer success manager of {subject}",
    ActionKind.ESCALATE_TO_FINANCE: "Hand {subject} to finance",
    ActionKind.CREATE_PRODUCTBOARD_NOTE: "Write a Productboard note on {subject}",
    ActionKind.CREATE_JIRA_P0: "Open an urgent (P0) Jira ticket for {subject}",
    ActionKind.CREATE_TICKET: "Open a ticket for {subject}",
    ActionKind.SCHEDULE_UX_REVIEW: "Schedule a design review of {subject}",
    ActionKind.INCREMENT_FEATURE_COUNTER: "Count {subject} as a feature request",
    ActionKind.ADD_TO_PM_QUEUE: "Put {subject} in the product manager's queue",
    ActionKind.NOTE: "Write a note on {subject}",
    ActionKind.TAG: "Tag {subject}",
    ActionKind.ASSIGN: "Assign {subject}",
    ActionKind.SET_ATTRIBUTE: "Set an attribute of {subject}",
    ActionKind.SEND_WEBHOOK: "Send an event about {subject}",
}

_STATES: dict[ActionStatus, str] = {
    ActionStatus.PENDING: "waiting",
    ActionStatus.COMPLETED: "done",
    ActionStatus.FAILED: "failed",
    ActionStatus.DISCARDED: "discarded",
}


class QueueLine(Noun):
    """One line of the queue. `conversations` are all that led to it, the first one first."""

    key: str
    what: str
    state: str
    rule: str
    reason: str
    conversations: tuple[str, ...]
    since: datetime


def describe(action: Action, *, subject: str = "") -> str:
    """What an action will do, in plain words. `subject` is a name for its subject (a company, a theme's title)."""
    named = subject or _named(action)
    text = _WORDS[action.kind].format_map({"subject": named}) + _how(action)
    return f"{text} (dry run: nothing is sent)" if action.dry_run else text


def _how(action: Action) -> str:
    given = action.parameters
    if action.kind is ActionKind.TAG:
        return f" as {given['tag']}" if given.get("tag") else ""
    if action.kind is ActionKind.ASSIGN:
        whom = given.get("team") or given.get("admin")
        return f" to {whom}" if whom else ""
    if action.kind is ActionKind.SET_ATTRIBUTE and given.get("attribute"):
        return f": {given['attribute']} = {given.get('value', '')}"
    return f" to {given['to']}" if action.kind is ActionKind.SEND_WEBHOOK and given.get("to") else ""


def _named(action: Action) -> str:
    return stand_in(action.subject_id) or f"{action.subject.value} {action.subject_id}"


def queue(actions: Sequence[Action]) -> list[QueueLine]:
    """The queue, oldest first: actions of one kind, subject and state are one line."""
    grouped: dict[tuple[str, str, str], list[Action]] = {}
    for action in sorted(actions, key=lambda action: action.created_at):
        grouped.setdefault((action.kind, action.subject_id, action.status), []).append(action)
    return [_line(alike) for alike in grouped.values()]


def _line(alike: Sequence[Action]) -> QueueLine:
    first = alike[0]
    return QueueLine(
        key=first.key,
        what=describe(first),
        state=_STATES[first.status],
        rule=first.rule,
        reason=first.reason,
        conversations=tuple(dict.fromkeys(action.conversation_id for action in alike)),
        since=first.created_at,
    )
