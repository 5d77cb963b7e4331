"""The store's side of looking through conversations, and of looking at one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.call import Call
from earshot.domain.customer import Customer, Segment
from earshot.domain.model import Noun
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment
from earshot.ports.browse import Place


class ConversationQuery(Noun):
    """Which conversations; empty means any. Times are of conversations, `until` excluded, known ones only.

    `unread` True: those nobody could read; False: those with a full reading; None: all. Any of a reading's fields
    narrows to full readings, or with `labels` to those that have labels only. `below` is a confidence.
    """

    since: datetime | None = None
    until: datetime | None = None
    issue_types: tuple[IssueType, ...] = ()
    priorities: tuple[Priority, ...] = ()
    sentiments: tuple[Sentiment, ...] = ()
    churn_risks: tuple[ChurnRisk, ...] = ()
    segments: tuple[Segment, ...] = ()
    areas: tuple[str, ...] = ()
    account: str = ""
    theme: str = ""
    text: str = ""
    state: str = ""
    plan: str = ""
    tag: str = ""
    classifier: str = ""
    below: float | None = None
    corrected: bool = False
    unread: bool | None = None
    labels: bool = False

    @property
    def of_readings(self) -> bool:
        """Whether it asks for what only a reading can tell."""
        return self._of_labels or bool(self.areas or self.theme)

    @property
    def contradictory(self) -> bool:
        """Whether it asks for what those that nobody read, or of which only labels are known, cannot have."""
        if self.unread:
            return self._of_labels or bool(self.areas) or self.labels
        return self.labels and bool(self.areas)

    @property
    def _of_labels(self) -> bool:
        fields = (self.issue_types, self.priorities, self.sentiments, self.churn_risks, self.segments)
        return any(fields) or bool(self.classifier) or self.below is not None


class Listed(Noun):
    """A conversation in a list. `stage` is full, labels or "" (not read); fields nobody told are None.

    `stale`: the reading is of an earlier text. `unread` says why nobody could read it, `excluded` which filter
    leaves it out. `opening` is how it begins.
    """

    id: str
    at: datetime
    times_known: bool
    title: str | None
    opening: str | None
    state: str
    customer: Customer | None
    account: str | None
    url: str | None
    stage: str
    stale: bool
    provisional: bool
    summary: str | None
    issue_type: IssueType | None
    priority: Priority | None
    sentiment: Sentiment | None
    churn_risk: ChurnRisk | None
    area: str | None
    confidence: float | None
    classifier: str | None
    corrected: tuple[str, ...]
    unread: str | None
    excluded: str | None
    held: bool = True


class Topic(Noun):
    """The theme of one finding."""

    position: int
    id: str
    title: str
    conversations: int


class Conversations(Protocol):
    """Lists of conversations, newest first, and what stands around one."""

    async def page(self, query: ConversationQuery, *, after: Place | None, limit: int) -> list[Listed]:
        """Conversations, newest first."""
        ...

    async def count(self, query: ConversationQuery, *, most: int) -> int:
        """How many there are, counted up to `most`."""
        ...

    async def areas(self, *, limit: int) -> list[str]:
        """Product areas that themes have, by name."""
        ...

    async def calls(self, conversation_id: str, *, limit: int) -> list[Call]:
        """Calls of models about a conversation, oldest first."""
        ...

    async def topics(self, conversation_id: str) -> Sequence[Topic]:
        """The themes of its findings, by position."""
        ...
