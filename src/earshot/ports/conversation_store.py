"""The part of the database's socket that holds conversations, their raw JSON and the customer cache."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from earshot.domain.conversation import Conversation
from earshot.domain.model import Noun
from earshot.ports.llm_store import DEFAULT_WANT, Want
from earshot.ports.source import Behind, Deletion

Row = dict[str, Any]


class Known(Noun):
    """What the store holds of a conversation; `complete` says that no parts were missing when last fetched.

    `begun`: there are labels or a reading of it, of whatever version.
    """

    updated_at: datetime
    complete: bool
    deleted: bool
    content_hash: str
    begun: bool = False


class Arrival(Noun):
    """A conversation to be stored, its raw vendor JSON, and why it is not to be read (None: read it)."""

    conversation: Conversation
    raw: bytes
    excluded: str | None = None


class Cached(NamedTuple):
    """An object of the cache, and when it was asked for at the source."""

    body: Row
    fetched_at: datetime


class Cache(Protocol):
    """A cache of vendor JSON by kind and id: a source's customers and companies."""

    async def load(self, kind: str, ids: Sequence[str], *, fresh_since: datetime) -> dict[str, Cached]:
        """The cached objects of a kind ("contact", "company") that were fetched since `fresh_since`."""
        ...

    async def save(self, kind: str, objects: Mapping[str, Row], *, fetched_at: datetime) -> None:
        """Put objects into the cache, replacing older ones."""
        ...


class Directory(Cache, Protocol):
    """The cache within a transaction."""

    async def changed(self, behind: Collection[Behind]) -> frozenset[Behind]:
        """Which of these are not held as they were used; until the transaction ends, none of the others changes."""
        ...


class Conversations(Protocol):
    """The conversations and their raw JSON."""

    async def known(self, source: str, external_ids: Sequence[str]) -> dict[str, Known]:
        """What is held of these conversations, by external id."""
        ...

    async def save(self, arrivals: Sequence[Arrival], *, now: datetime) -> int:
        """Insert or replace whole conversations, customers and raw JSON; how many are new or changed in content."""
        ...

    async def delete(self, source: str, deletions: Sequence[Deletion]) -> int:
        """Purge texts, quotes and insights of conversations deleted at the source, keeping a bare tombstone."""
        ...

    async def get(self, ids: Sequence[str]) -> list[Conversation]:
        """The conversations with these public ids, in that order, those that exist."""
        ...

    async def unheard(self, ids: Sequence[str]) -> list[Conversation]:
        """Those of these, as stored, whose present text has neither labels nor a reading; in that order."""
        ...

    async def of_customer(
        self, source: str, *, contact: str = "", company: str = "", limit: int
    ) -> dict[str, bytes]:
        """The raw JSON of conversations of a contact or a company, newest first, by external id."""
        ...

    async def pending(self, limit: int, *, want: Want = DEFAULT_WANT) -> list[Conversation]:
        """Conversations to be read: not deleted, not excluded, no insight or Unread for their content hash."""
        ...

    async def count_pending(self, *, want: Want = DEFAULT_WANT) -> int:
        """How many `pending` would return without a limit."""
        ...

    async def lease(
        self, limit: int, *, worker: str, now: datetime, until: datetime, want: Want = DEFAULT_WANT
    ) -> list[Conversation]:
        """Like `pending`, but they are this worker's until then, and nobody else's. Commit before reading them."""
        ...

    async def renew(self, worker: str, ids: Sequence[str], *, until: datetime) -> list[str]:
        """Keep leases until then; those that are still this worker's."""
        ...

    async def release(self, worker: str, ids: Sequence[str]) -> int:
        """Give leased conversations free, read or not; how many were still this worker's."""
        ...

    async def leased(self, *, now: datetime, without: str = "") -> int:
        """How many conversations are leased at the moment, those of one worker not counted."""
        ...

    def export(self) -> AsyncIterator[Sequence[Conversation]]:
        """All conversations in batches, by creation time and id; deleted ones as tombstones."""
        ...
