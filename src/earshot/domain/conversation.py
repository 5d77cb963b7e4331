"""A support conversation as every step sees it: only what the customer could see, in order."""

import hashlib
from datetime import datetime
from enum import StrEnum

from earshot.domain.customer import Customer
from earshot.domain.model import Noun


class Author(StrEnum):
    """Who wrote a message. Workflows and AI agents are bots, never agents."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"


class State(StrEnum):
    """The inbox state at the source."""

    OPEN = "open"
    CLOSED = "closed"
    SNOOZED = "snoozed"
    UNKNOWN = "unknown"


class Message(Noun):
    """One customer-visible message; `text` is plain text, `attachments` counts files and inline images."""

    id: str
    author: Author
    text: str
    created_at: datetime
    author_id: str | None = None
    author_name: str | None = None
    attachments: int = 0


class Conversation(Noun):
    """A whole conversation. Identity is `(source, external_id)`; times are UTC.

    `parts_expected` is the source's own count and `parts_held` what was received; `truncated` says that the
    source returned only the newest parts. `times_known` is False where the input carried no times. `ai_outcome` is
    what the source's AI agent came to, in the source's words; None where it took no part.
    """

    source: str
    external_id: str
    state: State = State.UNKNOWN
    created_at: datetime
    updated_at: datetime
    deleted: bool = False
    title: str | None = None
    messages: tuple[Message, ...] = ()
    customer: Customer | None = None
    tags: tuple[str, ...] = ()
    url: str | None = None
    team_id: str | None = None
    customer_initiated: bool = True
    rating: int | None = None
    ai_outcome: str | None = None
    parts_expected: int | None = None
    parts_held: int = 0
    truncated: bool = False
    times_known: bool = True

    @property
    def id(self) -> str:
        """The public id: bare for Intercom, prefixed by the source for anything else."""
        return self.external_id if self.source == "intercom" else f"{self.source}:{self.external_id}"

    @property
    def customer_messages(self) -> tuple[Message, ...]:
        """The messages that a customer wrote, in order."""
        return tuple(m for m in self.messages if m.author is Author.CUSTOMER)

    @property
    def spoken_at(self) -> datetime:
        """When the customer first wrote: the time that trends use."""
        return next((m.created_at for m in self.customer_messages), self.created_at)

    @property
    def content_hash(self) -> str:
        """SHA-256 over the title and the visible messages (author, time, text): equal hash, nothing new."""
        digest = hashlib.sha256((self.title or "").encode("utf-8", "surrogatepass"))
        for message in self.messages:
            stamp = int(message.created_at.timestamp()) if self.times_known else 0
            digest.update(f"\x1e{message.author}\x1f{stamp}\x1f{message.text}".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()
