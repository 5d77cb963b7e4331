"""The socket of the database: one unit of work, whose one commit carries everything done in it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol, Self

from earshot.domain.action import Action, ActionStatus
from earshot.domain.batch import BatchEntry, ReadingBatch
from earshot.domain.call import Call
from earshot.domain.conversation import Conversation
from earshot.domain.facts import Facts
from earshot.domain.insight import FirstLabels, Insight, Stage, Unread
from earshot.domain.model import Noun
from earshot.domain.report import Report, Window
from earshot.domain.run import Run
from earshot.domain.theme import Grouping, KnownTheme, Lexicon, OpenFinding, Theme
from earshot.ports.source import Deletion, Workspace

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


class Want(Noun):
    """Which conversations are to be read. Without more: those whose present text nobody has read.

    `stage`: labels are wanted (a full reading also counts) or full readings (labels do not count).
    `provisional_before`: also those read by a stand-in before that moment. `again_before`: also those whose
    insight is older than that moment, whoever read them, narrowed by `only_classifier` and `not_prompt` (read with
    another prompt hash). `unread_before`: also those nobody could read then. `skip`: never these ids (under way).
    Conversations that wait in an open batch are never given.
    """

    stage: Stage = Stage.FULL
    provisional_before: datetime | None = None
    unread_before: datetime | None = None
    again_before: datetime | None = None
    only_classifier: str | None = None
    not_prompt: str | None = None
    skip: tuple[str, ...] = ()


DEFAULT_WANT = Want()


class Pace(Noun):
    """A provider's limits for one model, shared by all processes; None is no limit."""

    key: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class Opening(Noun):
    """A call about to be made, and the tokens it counts for in the rate limit."""

    call: Call
    tokens: int


class Spending(Noun):
    """What calls cost in one group. `usd` sums known costs, `bound_usd` the bounds of calls whose answer was lost.

    `unpriced` counts calls with usage but without a price. `conversations` are distinct. `latency_ms` is the median
    of answered calls, where the store computes it. `under_way` calls have not ended yet and are in no other figure
    but `calls`; `under_way_usd` is what they can cost at most.
    """

    day: str
    provider: str
    model: str
    tier: str
    purpose: str
    mode: str
    calls: int
    failed: int
    lost: int
    unpriced: int
    conversations: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    usd: float
    bound_usd: float
    latency_ms: int | None = None
    under_way: int = 0
    under_way_usd: float = 0.0


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


class Calls(Protocol):
    """The ledger's rows, the budget that is spent and the pace that is kept; every process sees the same."""

    async def open(
        self, openings: Sequence[Opening], *, pace: Pace, day: str, day_budget: float | None
    ) -> list[float | None]:
        """Book calls as started; for each the seconds to wait for its turn, None when the day's budget refuses it.

        A refused call is not booked. What is reserved is the call's bound.
        """
        ...

    async def close(self, calls: Sequence[Call]) -> None:
        """Book how calls ended, by id (a call not opened before is inserted); reserves become costs.

        Closing a call again changes nothing.
        """
        ...

    async def pause(self, key: str, *, seconds: float) -> None:
        """Let nothing of this pace start earlier than so many seconds from now."""
        ...

    async def spent(self, day: str) -> float:
        """What the day's calls cost, with the bounds of those that are under way or lost."""
        ...

    async def consented(self, provider: str) -> bool:
        """Whether a person agreed to spend money with a provider."""
        ...

    async def consent(self, provider: str, *, now: datetime) -> None:
        """Note that a person agreed."""
        ...

    async def spending(self, since: datetime | None, until: datetime | None, *, zone: str) -> list[Spending]:
        """What was spent, by day (in a time zone), provider, model, tier, purpose and mode."""
        ...

    async def per_conversation(self, ids: Sequence[str]) -> dict[str, float]:
        """What the calls for these conversations cost, US dollars; unknown prices are left out."""
        ...

    async def dearest(self, since: datetime | None, *, limit: int) -> list[tuple[str, int, float]]:
        """The conversations that cost most: id, calls, US dollars."""
        ...

    def export(self) -> AsyncIterator[Sequence[Call]]:
        """All calls in batches, oldest first."""
        ...


class Batches(Protocol):
    """Batches at providers and in files, and their entries."""

    async def claim(self, batch: ReadingBatch, entries: Sequence[BatchEntry]) -> list[BatchEntry]:
        """Store a batch with those entries whose conversation no other open batch holds; the entries kept.

        A batch of mode FILE claims nothing and keeps all.
        """
        ...

    async def save(self, batch: ReadingBatch) -> None:
        """Store how a batch stands."""
        ...

    async def unsettled(self) -> list[ReadingBatch]:
        """Batches of mode BATCH that are neither collected nor abandoned, oldest first."""
        ...

    async def get(self, batch_id: str) -> ReadingBatch | None:
        """One batch."""
        ...

    async def latest(self, limit: int) -> list[ReadingBatch]:
        """The newest batches of any state."""
        ...

    async def entries(self, batch_id: str) -> list[BatchEntry]:
        """The entries of a batch, by id."""
        ...

    async def find(self, entry_ids: Sequence[str]) -> dict[str, BatchEntry]:
        """Entries of any batch by their ids."""
        ...

    async def settle(self, entries: Sequence[BatchEntry]) -> list[str]:
        """Store the new states of waiting entries; the ids that were waiting until now (others are left)."""
        ...


class Summaries(Protocol):
    """Summaries of long conversations by the key of what they summarise."""

    async def get(self, key: str) -> str | None:
        """A stored summary."""
        ...

    async def save(
        self, key: str, conversation_id: str, *, text: str, now: datetime, content_hash: str | None = None
    ) -> None:
        """Keep a summary; it goes away with its conversation, and with any change of its text.

        Nothing is kept when the conversation is not held, or when its text is no longer that of `content_hash`.
        """
        ...


class Themes(Protocol):
    """Themes and which finding belongs to which."""

    async def open_findings(self, limit: int) -> list[OpenFinding]:
        """Findings without a theme, by conversation time and id."""
        ...

    async def known(self) -> list[KnownTheme]:
        """All living themes with their centres."""
        ...

    async def lexicon(self) -> Lexicon:
        """The stored term counts."""
        ...

    async def save(self, grouping: Grouping) -> None:
        """Store memberships, new and touched themes and the lexicon; refresh counts of touched themes."""
        ...

    async def top(self, window: Window, *, limit: int) -> list[Theme]:
        """Themes by distinct conversations in the window, with customers, MRR, quotes and the window before."""
        ...


class Decisions(Protocol):
    """What the rules have not seen yet, and the actions they decided."""

    async def undecided(self, limit: int, *, now: datetime) -> list[Facts]:
        """Facts of insights that no rule has judged since they last changed."""
        ...

    async def save(self, actions: Sequence[Action], *, decided: Sequence[str], now: datetime) -> int:
        """Insert new actions (a known key is left alone), mark conversations decided; how many were new."""
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
    def decisions(self) -> Decisions:
        """What rules judged and decided."""
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
