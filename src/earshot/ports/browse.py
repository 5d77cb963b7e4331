"""The socket of looking through what is held, page by page: the store's side of the HTTP API."""

from collections.abc import Sequence
from datetime import MAXYEAR, datetime
from typing import Protocol

from pydantic import Field, field_validator

from earshot.domain.action import Action, ActionKind, ActionStatus
from earshot.domain.insight import FirstLabels, Insight
from earshot.domain.model import Noun
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment


class Place(Noun):
    """The last row of a page: the next page begins after it, whatever was added or removed meanwhile.

    `at` is the time by which the list is ordered, `count` the number where it is ordered by one.
    """

    id: str
    at: datetime | None = None
    count: int | None = Field(default=None, ge=-(2**63), lt=2**63)

    @field_validator("at")
    @classmethod
    def _reckoned(cls, at: datetime | None) -> datetime | None:
        if at is not None and not 1 < at.year < MAXYEAR:
            raise ValueError("a time that cannot be reckoned with in other zones")
        return at


class InsightQuery(Noun):
    """Which insights; empty means any. Times are of conversations, `until` excluded.

    `theme` is a theme's id; `text` are words of the messages or the summary ("a phrase", or, -not).
    """

    since: datetime | None = None
    until: datetime | None = None
    issue_types: tuple[IssueType, ...] = ()
    priorities: tuple[Priority, ...] = ()
    sentiments: tuple[Sentiment, ...] = ()
    churn_risks: tuple[ChurnRisk, ...] = ()
    theme: str = ""
    text: str = ""


class ActionQuery(Noun):
    """Which actions; empty means any."""

    status: ActionStatus | None = None
    kind: ActionKind | None = None
    conversation: str = ""


class Browse(Protocol):
    """Pages of rows, each row once, in an order that rows added meanwhile do not disturb."""

    async def insights(self, query: InsightQuery, *, after: Place | None, limit: int) -> list[Insight]:
        """Insights, newest conversation first."""
        ...

    async def insight(self, conversation_id: str) -> Insight | None:
        """The full insight of a conversation."""
        ...

    async def labels(self, conversation_id: str) -> FirstLabels | None:
        """The labels of a conversation's present text where there is no full insight of it."""
        ...

    async def excluded(self, conversation_id: str) -> str | None:
        """Why `[pull.filters]` keep a conversation from being read, None where they do not."""
        ...

    async def unread(self, conversation_id: str) -> str | None:
        """Why nobody could read a conversation's present text, None where somebody did or nobody tried."""
        ...

    async def themes(
        self, issue_types: Sequence[IssueType], *, by_count: bool, after: Place | None, limit: int
    ) -> list[Place]:
        """Places of themes: most distinct conversations first, or (not `by_count`) in the order of their ids."""
        ...

    async def actions(self, query: ActionQuery, *, after: Place | None, limit: int) -> list[Action]:
        """Actions, newest first."""
        ...
