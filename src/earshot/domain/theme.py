"""A theme: one matter that several conversations raise, with its real frequency (how it is found: `grouping`)."""

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
    """A matter with a permanent id. Counts are distinct conversations and distinct accounts.

    `customers` counts accounts (a company where known, otherwise the person), `companies` only known companies.
    """

    id: str
    issue_type: IssueType
    area: str | None
    title: str
    description: str = ""
    first_seen: datetime
    last_seen: datetime
    conversations: int
    customers: int
    companies: int = 0
    mrr: float | None = None
    avg_sentiment: float | None = None
    segments: tuple[str, ...] = ()
    previous_conversations: int = 0
    quotes: tuple[Quote, ...] = ()


class Lexicon(Noun):
    """In how many findings each term has occurred; kept between runs so that weights are reproducible.

    `meanings` holds what the commoner terms mean in this workspace, as numbers (`group.likeness.learned`).
    """

    documents: int = 0
    frequencies: dict[str, int] = {}
    meanings: dict[str, bytes] = {}
