"""An action: what a rule decided should happen, exactly once for its subject."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.model import Noun


class Subject(StrEnum):
    """What an action is about; with the kind it makes the action unique, whichever rule asked."""

    CONVERSATION = "conversation"
    CUSTOMER = "customer"
    THEME = "theme"


class ActionKind(StrEnum):
    """What can be done. The kind fixes the subject (see `SUBJECTS`)."""

    PAGE_ONCALL_ENGINEER = "PAGE_ONCALL_ENGINEER"
    ALERT_CS_MANAGER = "ALERT_CS_MANAGER"
    ESCALATE_TO_FINANCE = "ESCALATE_TO_FINANCE"
    CREATE_PRODUCTBOARD_NOTE = "CREATE_PRODUCTBOARD_NOTE"
    CREATE_JIRA_P0 = "CREATE_JIRA_P0"
    CREATE_TICKET = "CREATE_TICKET"
    SCHEDULE_UX_REVIEW = "SCHEDULE_UX_REVIEW"
    INCREMENT_FEATURE_COUNTER = "INCREMENT_FEATURE_COUNTER"
    ADD_TO_PM_QUEUE = "ADD_TO_PM_QUEUE"
    NOTE = "NOTE"
    TAG = "TAG"
    ASSIGN = "ASSIGN"
    SET_ATTRIBUTE = "SET_ATTRIBUTE"
    SEND_WEBHOOK = "SEND_WEBHOOK"


SUBJECTS: dict[ActionKind, Subject] = {
    ActionKind.PAGE_ONCALL_ENGINEER: Subject.THEME,
    ActionKind.ALERT_CS_MANAGER: Subject.CUSTOMER,
    ActionKind.ESCALATE_TO_FINANCE: Subject.CONVERSATION,
    ActionKind.CREATE_PRODUCTBOARD_NOTE: Subject.THEME,
    ActionKind.CREATE_JIRA_P0: Subject.THEME,
    ActionKind.CREATE_TICKET: Subject.THEME,
    ActionKind.SCHEDULE_UX_REVIEW: Subject.THEME,
    ActionKind.INCREMENT_FEATURE_COUNTER: Subject.CONVERSATION,
    ActionKind.ADD_TO_PM_QUEUE: Subject.CONVERSATION,
    ActionKind.NOTE: Subject.CONVERSATION,
    ActionKind.TAG: Subject.CONVERSATION,
    ActionKind.ASSIGN: Subject.CONVERSATION,
    ActionKind.SET_ATTRIBUTE: Subject.CONVERSATION,
    ActionKind.SEND_WEBHOOK: Subject.CONVERSATION,
}

INWARD = frozenset({ActionKind.INCREMENT_FEATURE_COUNTER, ActionKind.ADD_TO_PM_QUEUE})
"""Kinds that stay inside Earshot: nothing is sent, so they know no dry run and no approval."""

PROVISIONAL = "provisional:"
"""How the subject of an urgent action begins whose theme is not known yet."""


class ActionStatus(StrEnum):
    """Where an action stands; the three words of the guide plus what a person may do."""

    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    DISCARDED = "DISCARDED"


class Action(Noun):
    """A decided action. `key` is its idempotency key: the same decision twice is one action.

    `period` numbers the cooldown period (0: none). `parameters` are those of the rule (a tag's name, a channel).
    `rule_hash` binds it to the rule's text. `suspect` says why the deciding conversation may not move anything
    outward without a person's approval ("" when it may). `approve` says that the rule always wants that approval.
    `standin_key` is the key that this decision had while its subject was not known yet ("" when there was none).
    """

    key: str
    kind: ActionKind
    subject: Subject
    subject_id: str
    conversation_id: str
    rule: str
    reason: str
    status: ActionStatus = ActionStatus.PENDING
    dry_run: bool = True
    created_at: datetime
    period: int = 0
    parameters: dict[str, str] = {}
    rule_hash: str = ""
    suspect: str = ""
    approve: bool = False
    standin_key: str = ""


class ActionMember(Noun):
    """A conversation that led to an action or joined it, by which rule, and why it is suspect ("": it is not)."""

    conversation_id: str
    rule: str
    suspect: str = ""
    at: datetime
