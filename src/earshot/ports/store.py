"""The socket of the database: one unit of work, whose one commit carries everything done in it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol, Self

from earshot.domain.action import Action, ActionMember, ActionStatus
from earshot.domain.conversation import Conversation
from earshot.domain.delivery import Link
from earshot.domain.facts import Facts
from earshot.domain.insight import FirstLabels, Insight, Unread
from earshot.domain.model import Noun
from earshot.domain.report import Report, Window
from earshot.domain.run import Run
from earshot.ports.llm_store import DEFAULT_WANT, Batches, Calls, Opening, Pace, Spending, Summaries, Want
from earshot.ports.outbox import Outbox, Rulebook
from earshot.ports.source import Deletion, Workspace
from earshot.ports.theme_store import Backlog, Member, Themes

__all__ = [
    "DEFAULT_WANT",
    "Arrival",
    "Backlog",
    "Batches",
    "Cache",
    "Calls",
    "Conversations",
    "Decisions",
    "Directory",
    "Erasure",
    "Figures",
    "Insights",
    "Known",
    "Member",
    "Opening",
    "Outbox",
    "Pace",
    "Row",
    "Rulebook",
    "Runs",
    "Spending",
    "Store",
    "Summaries",
    "SyncState",
    "Themes",
    "Unit",
    "Want",
]

Row = dict[str, Any]


class Known(Noun):
    """What the store holds of a conversation; `complete` says that no parts were missing when last fetched."""

    updated_at: datetime
    complete: bool
    deleted: bool
    content_hash: str


class Arrival(Noun):
    """A conversation to be stored, its raw vendor JSON, and why it is not to be read (None: read it)."""

    conversation: Conversation
    raw: bytes
    excluded: str | None = None


class SyncState(Noun):
    """How far a source has been read; all times UTC. `backfill_from` is how far back the store reaches.

    `cursor` is the newest `updated_at` up to which everything was read; `deleted_at` the newest deletion seen;
    `deep_at` when the last deep overlap was read.
    """

    cursor: datetime | None = None
    backfill_from: datetime | None = None
    deleted_at: datetime | None = None
    deep_at: datetime | None = None


class Cache(Protocol):
    """A cache of vendor JSON by kind and id."""

    async def load(self, kind: str, ids: Sequence[str], *, fresh_since: datetime) -> dict[str, Row]:
        """The cached objects of a kind ("contact", "company") that were fetched since `fresh_since`."""
        ...

    async def save(self, kind: str, objects: Mapping[str, Row], *, fetched_at: datetime) -> None:
        """Put objects into the cache, replacing older ones."""
        ...


class Directory(Cache, Protocol):
    """The cache of a source's customers and companies in the store."""

    async def holds(self, kind: str, *, fresh_since: datetime) -> bool:
        """Whether any object of a kind was fetched since `fresh_since`."""
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

    async def pending(self, limit: int, *, want: Want = DEFAULT_WANT) -> list[Conversation]:
        """Conversations to be read: not deleted, not excluded, no insight or Unread for their content hash."""
        ...

    async def count_pending(self, *, want: Want = DEFAULT_WANT) -> int:
        """How many `pending` would return without a limit."""
        ...

    def export(self) -> AsyncIterator[Sequence[Conversation]]:
        """All conversations in batches, by creation time and id; deleted ones as tombstones."""
        ...


class Insights(Protocol):
    """Readings and the conversations nobody could read."""

    async def save(
        self, insights: Sequence[Insight], unread: Sequence[Unread], *, labels: Sequence[FirstLabels] = ()
    ) -> None:
        """Replace the insights and findings of these conversations; a saved insight clears its Unread.

        Labels are kept beside, and only where there is no full insight of the same text. A provisional insight
        never replaces one that is not.
        """
        ...

    def export_labels(self) -> AsyncIterator[Sequence[FirstLabels]]:
        """All conversations that have labels only, in batches, by conversation time."""
        ...

    def export(self) -> AsyncIterator[Sequence[Insight]]:
        """All insights in batches, by conversation time."""
        ...


class Decisions(Protocol):
    """What the rules have not seen yet, and the actions they decided."""

    async def undecided(self, limit: int, *, now: datetime) -> list[Facts]:
        """Facts of insights that no rule has judged since they last changed."""
        ...

    async def save(self, actions: Sequence[Action], *, decided: Sequence[str], now: datetime) -> int:
        """Insert new actions, mark conversations decided; how many actions were new.

        The conversation of a known action joins it. An action that was decided before its subject was known, or of
        a theme that was merged since, is known by its new key too. What grew by a trusted one is due for planning.
        """
        ...

    async def get(self, keys: Sequence[str]) -> list[Action]:
        """Actions by key (or by a further key), those that exist, in that order."""
        ...

    async def find(self, prefix: str, *, limit: int) -> list[Action]:
        """Actions whose key, or the id of one of whose deliveries, begins so; newest first."""
        ...

    async def members(self, key: str, *, limit: int) -> list[ActionMember]:
        """The conversations of an action, newest first."""
        ...

    async def list(self, status: ActionStatus | None, *, limit: int) -> list[Action]:
        """Actions, newest first."""
        ...


class Runs(Protocol):
    """Runs of the line and how far each source was read."""

    async def start(self, run: Run) -> None:
        """Record that a run began."""
        ...

    async def finish(self, run: Run) -> None:
        """Record how a run ended."""
        ...

    async def latest(self, kind: str, *, only_ok: bool = False) -> Run | None:
        """The newest run of a kind."""
        ...

    async def sync_state(self, source: str) -> SyncState:
        """How far the source was read; all None at first."""
        ...

    async def save_sync_state(self, source: str, state: SyncState) -> None:
        """Checkpoint."""
        ...

    async def bind(self, source: str, workspace: Workspace) -> None:
        """Tie this database to a workspace; Misconfigured when it already belongs to another one."""
        ...

    async def workspace(self) -> Workspace | None:
        """The workspace this database belongs to."""
        ...


class Figures(Protocol):
    """The numbers of reports, from rows and roll-ups."""

    async def refresh(self) -> None:
        """Recompute the roll-ups of dirty hours, so that they are exact."""
        ...

    async def report(self, window: Window, *, top: int, currency: str, now: datetime) -> Report:
        """All figures of a report over a window of conversation time."""
        ...


class Erasure(Protocol):
    """Removing a person everywhere."""

    async def contact(self, contact: str) -> dict[str, int]:
        """Remove everything of a contact (id or e-mail); rows removed by table."""
        ...

    async def conversation(self, conversation_id: str) -> dict[str, int]:
        """Remove one conversation everywhere; rows removed by table."""
        ...

    async def traces(self, needle: str) -> dict[str, int]:
        """Rows that still mention an id or e-mail, by table (raw JSON included); empty when nothing is left."""
        ...

    async def outside(self, needle: str) -> list[Link]:
        """Things outside that may hold words of a contact (id or e-mail) or conversation; ask before erasing."""
        ...

    async def retain(self, before: datetime) -> int:
        """Drop conversations last updated before a moment (retention); how many."""
        ...


class Unit(Protocol):
    """One transaction. Leaving it without `commit` rolls everything back."""

    @property
    def directory(self) -> Directory:
        """The customer cache."""
        ...

    @property
    def conversations(self) -> Conversations:
        """Conversations and raw JSON."""
        ...

    @property
    def insights(self) -> Insights:
        """Readings."""
        ...

    @property
    def calls(self) -> Calls:
        """The ledger of model calls."""
        ...

    @property
    def batches(self) -> Batches:
        """Batches of requests."""
        ...

    @property
    def summaries(self) -> Summaries:
        """Summaries of long conversations."""
        ...

    @property
    def themes(self) -> Themes:
        """Themes and memberships."""
        ...

    @property
    def backlog(self) -> Backlog:
        """Backlog items, ours and those elsewhere."""
        ...

    @property
    def decisions(self) -> Decisions:
        """What rules judged and decided."""
        ...

    @property
    def outbox(self) -> Outbox:
        """What is to be done outside, and what became of it."""
        ...

    @property
    def rulebook(self) -> Rulebook:
        """How far rules are switched on, and facts to try them on."""
        ...

    @property
    def runs(self) -> Runs:
        """Runs and sync state."""
        ...

    @property
    def figures(self) -> Figures:
        """Numbers of reports."""
        ...

    @property
    def erasure(self) -> Erasure:
        """Removing people."""
        ...

    async def commit(self) -> None:
        """Make everything durable at once."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...


class Store(Protocol):
    """The database, migrated and ready."""

    def unit(self) -> Unit:
        """A fresh transaction."""
        ...

    def exclusive(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Hold a named lock across processes; waits for it. True when it had to wait; freed when we die."""
        ...

    async def close(self) -> None:
        """Give connections back, and stop the embedded server when nobody else uses it."""
        ...
