"""Whom or what an action is about, also while that is not known yet."""

import re

from earshot.domain.action import PROVISIONAL, SUBJECTS, ActionKind, Subject
from earshot.domain.facts import Facts

URGENT = frozenset({ActionKind.PAGE_ONCALL_ENGINEER, ActionKind.CREATE_JIRA_P0})
"""Kinds that do not wait for a theme: five conversations about one outage are one page, themes or none."""

_AREA_LIMIT = 60


def subject_of(kind: ActionKind, facts: Facts) -> str:
    """The id of an action's subject, or what stands in for it."""
    return _known(kind, facts) or standin(kind, facts)


def standin(kind: ActionKind, facts: Facts) -> str:
    """What stands in for an unknown subject: type, area and priority for urgent kinds, else the conversation."""
    if kind in URGENT:
        insight = facts.insight
        return f"{PROVISIONAL}{insight.issue_type}:{_area(insight.affected_feature)}:{insight.priority}"
    return f"conversation:{facts.insight.conversation_id}"


def was_unknown(kind: ActionKind, facts: Facts) -> bool:
    """Whether a decision about this subject may have been taken under a stand-in before."""
    return SUBJECTS[kind] is not Subject.CONVERSATION and bool(_known(kind, facts))


def _known(kind: ActionKind, facts: Facts) -> str:
    return {
        Subject.CONVERSATION: facts.insight.conversation_id,
        Subject.CUSTOMER: facts.customer.account,
        Subject.THEME: facts.theme.id,
    }[SUBJECTS[kind]]


def _area(feature: str) -> str:
    """A product area as one word: letters and digits, the rest a dash."""
    return re.sub(r"[^\w]+", "-", feature[: _AREA_LIMIT * 4].casefold()).strip("-_")[:_AREA_LIMIT]
