"""The socket of a source of conversations: list what changed, fetch one, list what was deleted."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from earshot.domain.conversation import Conversation
from earshot.domain.model import Noun
from earshot.domain.run import Gap


class Sighting(Noun):
    """A conversation as a listing shows it: enough to decide whether to fetch it."""

    external_id: str
    updated_at: datetime


class Page(Noun):
    """One page of a listing. `total` is the source's count for the whole walk; gaps name slices it lost."""

    sightings: tuple[Sighting, ...]
    total: int | None = None
    ascending: bool = True
    gaps: tuple[Gap, ...] = ()


class Behind(NamedTuple):
    """Who is behind a conversation, as known when it was fetched: an object of the customer cache and its time."""

    kind: str
    id: str
    fetched_at: datetime


class Fetched(Noun):
    """A conversation and the vendor's JSON it came from (UTF-8). `unknown` counts things we did not know.

    `redacted` names the messages whose text was removed at the source; `oldest_part_at` is the time of the
    oldest part received, from which on a truncated conversation is whole. `behind` is what the customer was taken
    from.
    """

    conversation: Conversation
    raw: bytes
    unknown: dict[str, int] = {}
    redacted: tuple[str, ...] = ()
    oldest_part_at: datetime | None = None
    behind: tuple[Behind, ...] = ()


class BadEntry(Noun):
    """Something in a file that could not be read: the line where it begins (from 1) and why."""

    line: int
    reason: str


class Deletion(Noun):
    """A conversation deleted at the source."""

    external_id: str
    deleted_at: datetime


class Workspace(Noun):
    """Whose data this is."""

    id: str
    name: str
    region: str | None = None
    timezone: str | None = None


class Right(Noun):
    """Something the credentials do not allow; `needed` says whether Earshot cannot work without it."""

    what: str
    needed: bool
    hint: str = ""


class Access(Noun):
    """What the credentials open. `server_time` is the source's clock, None where it does not tell."""

    workspace: Workspace
    can: str
    missing: tuple[Right, ...] = ()
    server_time: datetime | None = None


class Source(Protocol):
    """A help desk. All methods retry what is transient and raise the errors of `earshot.errors`."""

    @property
    def name(self) -> str:
        """The source's name, the first half of every conversation's identity."""
        ...

    async def workspace(self) -> Workspace:
        """Who we are connected to; the connection test."""
        ...

    async def access(self) -> Access:
        """What the credentials allow, for a health check. Raises what `workspace` raises."""
        ...

    async def count(self, since: datetime, until: datetime | None) -> int | None:
        """How many conversations changed in the window, None where the source cannot say."""
        ...

    def changed(self, since: datetime, until: datetime | None) -> AsyncIterator[Page]:
        """Pages of conversations that changed since `since` (inclusive), oldest first where possible."""
        ...

    async def fetch(self, external_id: str) -> Fetched:
        """One whole conversation. Raises NotFound when it is gone."""
        ...

    def deleted(self, since: datetime) -> AsyncIterator[Sequence[Deletion]]:
        """Pages of deletions since `since`, newest first."""
        ...
