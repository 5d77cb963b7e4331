"""An action: what a rule decided should happen, exactly once."""

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


SUBJECTS: dict[ActionKind, Subject] = {
    ActionKind.PAGE_ONCALL_ENGINEER: Subject.CONVERSATION,
    ActionKind.ALERT_CS_MANAGER: Subject.CUSTOMER,
    ActionKind.ESCALATE_TO_FINANCE: Subject.CONVERSATION,
    ActionKind.CREATE_PRODUCTBOARD_NOTE: Subject.THEME,
    ActionKind.CREATE_JIRA_P0: Subject.CONVERSATION,
    ActionKind.CREATE_TICKET: Subject.THEME,
    ActionKind.SCHEDULE_UX_REVIEW: Subject.THEME,
    ActionKind.INCREMENT_FEATURE_COUNTER: Subject.CONVERSATION,
    ActionKind.ADD_TO_PM_QUEUE: Subject.CONVERSATION,
}


class ActionStatus(StrEnum):
    """Where an action stands; the three words of the guide plus what a person may do."""

    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    DISCARDED = "DISCARDED"


class Action(Noun):
    """A decided action. `key` is its idempotency key: the same decision twice is one action."""

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
