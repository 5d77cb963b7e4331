"""A theme: one matter that several conversations raise, with its real frequency."""

from datetime import datetime

from earshot.domain.model import Noun
from earshot.domain.reading import IssueType


class Quote(Noun):
    """Verbatim customer words and the conversation they stand in."""

    text: str
    conversation_id: str
    url: str | None = None
    said_at: datetime | None = None


class Theme(Noun):
    """A matter with a permanent id. Counts are distinct conversations and distinct accounts."""

    id: str
    issue_type: IssueType
    area: str | None
    title: str
    first_seen: datetime
    last_seen: datetime
    conversations: int
    customers: int
    mrr: float | None = None
    avg_sentiment: float | None = None
    segments: tuple[str, ...] = ()
    previous_conversations: int = 0
    quotes: tuple[Quote, ...] = ()


class OpenFinding(Noun):
    """A stored finding that belongs to no theme yet.

    `context` is how the customer's first message begins; given only with a conversation's own (first) matter.
    """

    id: int
    conversation_id: str
    issue_type: IssueType
    area: str | None
    summary: str
    quote: str | None
    said_at: datetime
    context: str | None = None


class KnownTheme(Noun):
    """What grouping must know of an existing theme: its centre (term weights) and its size in findings."""

    id: str
    issue_type: IssueType
    area: str | None
    title: str
    centre: dict[str, float]
    size: int


class Lexicon(Noun):
    """In how many findings each term has occurred; kept between runs so that weights are reproducible."""

    documents: int = 0
    frequencies: dict[str, int] = {}


class Grouping(Noun):
    """The outcome of grouping: each finding's theme, every touched or new theme, and the grown lexicon."""

    members: dict[int, str]
    themes: tuple[KnownTheme, ...]
    lexicon: Lexicon
