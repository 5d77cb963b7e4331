"""What product work that came from conversations did: journeys of matters, mention rates after fixes, adoption."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from earshot.domain.backlog import ItemStatus
from earshot.domain.model import Noun
from earshot.domain.reading import IssueType


class Journey(Noun):
    """A matter's way into the product. `first_mention` is when it was said, `known_at` when Earshot read of it.

    `in_backlog_at` is when the item was drafted, `pushed_at` when it became a ticket; None: not yet, or not known.
    """

    item_id: str
    theme_id: str
    title: str
    priority: str
    status: ItemStatus
    first_mention: datetime
    known_at: datetime | None
    in_backlog_at: datetime
    pushed_at: datetime | None = None
    shipped_at: datetime | None = None


class Sourced(Noun):
    """Items of the trackers: those that Earshot made of conversations, and all others that were read from there."""

    ours: int
    others: int


class Speed(Noun):
    """How long something took, in seconds: median and 95th percentile of `n`, and how many kept to a bound."""

    n: int
    median: float | None = None
    p95: float | None = None
    within: int = 0


class Born(StrEnum):
    """Where a feature came from: customers' conversations by Earshot, or anywhere else."""

    INSIGHT = "insight"
    OTHER = "other"


class Adoption(Noun):
    """How many of those who could use a feature did, measured by your product's own analytics on a day."""

    feature: str = Field(min_length=1, max_length=200)
    born: Born
    adopters: int = Field(ge=0)
    audience: int = Field(ge=1)
    measured_on: date


class Month(Noun):
    """A calendar month of the report's zone: conversations, and the days of it that have passed."""

    first_day: date
    conversations: int
    days: float


class Unarea(Noun):
    """A feature that readings name and no product area of the settings covers: a proposed area."""

    feature: str
    conversations: int


class Reach(Noun):
    """How many matters of a kind that were raised lately have at least so many mentions."""

    issue_type: IssueType
    mentions: int
    matters: int


class Version(Noun):
    """Readings of one model and prompt version."""

    model: str
    prompt_version: str | None
    readings: int
    confidence: float | None
