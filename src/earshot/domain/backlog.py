"""Backlog items drafted from themes, and the items that already stand in a backlog elsewhere."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from earshot.domain.grouping import Decider
from earshot.domain.model import Noun
from earshot.domain.rice import Rice
from earshot.domain.theme import Quote

TITLE_LIMIT = 100
"""Longest title in characters (the guide's models)."""
MOST_QUOTES = 3
"""Verbatim quotes of an item at most."""


class ItemType(StrEnum):
    """What kind of work it is (the guide's words)."""

    BUG = "Bug"
    FEATURE = "Feature"
    IMPROVEMENT = "Improvement"
    TASK = "Task"


class Urgency(StrEnum):
    """The item's priority (the guide's words)."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class ItemStatus(StrEnum):
    """Where an item stands. PUSHED: it has become a ticket or note elsewhere."""

    DRAFT = "draft"
    APPROVED = "approved"
    PUSHED = "pushed"
    SHIPPED = "shipped"
    DISCARDED = "discarded"


class Link(Noun):
    """A conversation behind an item, and where to look at it."""

    conversation_id: str
    url: str | None = None
    said_at: datetime | None = None


class Evidence(Noun):
    """What stands behind an item, all of it counted from rows. `days` is the span between first and last seen.

    `links` holds the newest conversations, `conversations` counts all. `mrr` is None when nobody's is known.
    """

    conversations: int
    customers: int
    companies: int = 0
    mrr: float | None = None
    avg_sentiment: float | None = None
    segments: dict[str, int] = {}
    priorities: dict[str, int] = {}
    churn_risks: dict[str, int] = {}
    confidence: float | None = None
    first_seen: datetime
    last_seen: datetime
    previous_conversations: int = 0
    links: tuple[Link, ...] = ()
    quotes: tuple[Quote, ...] = Field(default=(), max_length=MOST_QUOTES)

    @property
    def days(self) -> int:
        """Whole days from the first to the last mention, at least 1."""
        return max(1, (self.last_seen - self.first_seen).days)


class ItemText(Noun):
    """The words of an item: drafted by template or model, or set by a person."""

    title: str = Field(min_length=1, max_length=TITLE_LIMIT)
    description: str = Field(min_length=1)
    acceptance_criteria: tuple[str, ...] = Field(min_length=1, max_length=10)
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    issue_type: ItemType
    priority: Urgency
    story_points: int | None = Field(default=None, ge=1, le=21)


class ItemEdit(Noun):
    """A field of an item set by a person, with the reason. `value` is JSON; None gives the field back to Earshot.

    `field` is a field of `ItemText`, "status", or a RICE factor.
    """

    item_id: str
    field: str
    value: str | None
    reason: str = ""
    actor: str
    at: datetime


class BacklogItem(Noun):
    """A backlog item of one theme: its words, its score, its evidence. `edited` names the fields people set."""

    id: str
    theme_id: str
    text: ItemText
    rice: Rice | None = None
    evidence: Evidence
    status: ItemStatus = ItemStatus.DRAFT
    drafted_by: Decider = Decider.SCORE
    drafted_as: str = ""
    edited: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime


class ExistingItem(Noun):
    """An item of a backlog elsewhere (Jira, Linear, Productboard, a file). `id` is `source:key`."""

    id: str
    source: str
    key: str
    title: str
    description: str = ""
    issue_type: str | None = None
    status: str | None = None
    url: str | None = None
    labels: tuple[str, ...] = ()
    updated_at: datetime | None = None


class Standing(StrEnum):
    """Whether a theme is an existing item: sure enough, to be decided by a person, or not."""

    SAME = "same"
    UNSURE = "unsure"
    DIFFERENT = "different"


class Match(Noun):
    """A theme beside an existing item: how likely they are the same, and who decided."""

    theme_id: str
    item_id: str
    probability: float
    standing: Standing
    decided_by: Decider = Decider.SCORE
    reason: str = ""
    decided_at: datetime
