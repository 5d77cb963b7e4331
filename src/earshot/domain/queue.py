"""The product manager's queue: kinds of entries that wait for a person, and what people decided."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.model import Noun


class QueueKind(StrEnum):
    """What waits for a person. ACTIONS: what rules put there; the others are what Earshot is not sure of."""

    ACTIONS = "actions"
    DUPLICATES = "duplicates"
    MERGES = "merges"
    DOUBTS = "doubts"
    SUSPECTS = "suspects"
    READINGS = "readings"
    UNREAD = "unread"


class QueueDecision(Noun):
    """One decision about one entry. `before` are ids with which it is taken back; empty where it cannot be."""

    id: int = 0
    kind: QueueKind
    subject: str
    answer: str
    reason: str = ""
    actor: str
    before: dict[str, str] = {}
    at: datetime
    undone_at: datetime | None = None
