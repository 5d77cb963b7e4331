"""The socket of the database: one unit of work, whose one commit carries everything done in it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, Self

from earshot.domain.action import Action, ActionMember, ActionStatus
from earshot.domain.delivery import Link
from earshot.domain.facts import Facts
from earshot.domain.insight import FirstLabels, Insight, Unread
from earshot.domain.model import Noun
from earshot.domain.report import Report, Window
from earshot.domain.run import Run
from earshot.ports.browse import Browse
from earshot.ports.conversation_store import Arrival, Cache, Cached, Conversations, Directory, Known, Row
from earshot.ports.jobs import Engine, Inbox, Jobs, Schedules
from earshot.ports.llm_store import DEFAULT_WANT, Batches, Calls, Opening, Pace, Spending, Summaries, Want
from earshot.ports.outbox import Outbox, Rulebook
from earshot.ports.source import Workspace
from earshot.ports.theme_store import Backlog, Member, Themes
from earshot.ports.watch import Watch

if TYPE_CHECKING:  # many nouns, and most commands show no page
    from earshot.ports.pages import Pages

__all__ = [
    "DEFAULT_WANT",
    "Arrival",
    "Backlog",
    "Batches",
    "Browse",
    "Cache",
    "Cached",
    "Calls",
    "Conversations",
    "Decisions",
    "Engine",
    "Erasure",
    "Figures",
    "Inbox",
    "Insights",
    "Jobs",
    "Known",
    "Member",
    "Opening",
    "Outbox",
    "Pace",
    "Row",
    "Rulebook",
    "Runs",
    "Schedules",
    "Spending",
    "Store",
    "Summaries",
    "SyncState",
    "Themes",
    "Unit",
    "Want",
    "Watch",
]


class SyncState(Noun):
    """How far a source has been read; all times UTC. `backfill_from` is how far back the store reaches.

    `cursor` is the newest `updated_at` up to which everything was read; `deleted_at` the newest deletion seen;
    `deep_at` when the last deep overlap was read.
    """

    cursor: datetime | None = None
    backfill_from: datetime | None = None
    deleted_at: datetime | None = None
    deep_at: datetime | None = None


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

    async def present(self, conversation_id: str) -> tuple[Insight | None, FirstLabels | None]:
        """What is known of a conversation's present text: its insight, else its labels."""
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
        """Facts of insights and first labels that no rule has judged since they last changed, insights first."""
        ...

    async def of(self, ids: Sequence[str], *, now: datetime) -> list[Facts]:
        """Facts of these conversations as far as they are known, judged before or not; `lacking` says what is not.

        Counts of themes are those of the last refresh.
        """
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

    async def take_off(self, key: str, *, status: ActionStatus, before: ActionStatus, now: datetime) -> bool:
        """Give an action that stays inside (`INWARD`) a status, if it still has the other one; whether it had."""
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
    def jobs(self) -> Jobs:
        """The queue; what is enqueued here is there when this commits."""
        ...

    @property
    def inbox(self) -> Inbox:
        """What webhooks brought."""
        ...

    @property
    def schedules(self) -> Schedules:
        """What runs when."""
        ...

    @property
    def browse(self) -> Browse:
        """Pages of what is held."""
        ...

    @property
    def pages(self) -> "Pages":
        """What only the web pages read and keep."""
        ...

    @property
    def watch(self) -> Watch:
        """How the flow stands, and what is watched."""
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

    def single(self) -> Unit:
        """A unit for one statement, durable when it returns: no transaction costs it two more round trips.

        A second statement raises RuntimeError.
        """
        ...

    def engine(
        self, *, grace: timedelta = timedelta(seconds=25), heartbeat: timedelta = timedelta(seconds=30)
    ) -> Engine:
        """The worker's side of the queue; told to stop, what runs may go on for the grace time.

        Who says nothing for `heartbeat` loses his jobs to another.
        """
        ...

    def exclusive(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Hold a named lock across processes; waits for it. True when it had to wait; freed when we die."""
        ...

    def patient(self, wait: timedelta) -> "Store":
        """The same store for who cannot wait: a lock held longer than that raises Transient. Not to be closed."""
        ...

    def apart(self, *, connections: int) -> "Store":
        """The same database over connections of its own, which nobody else can use up; close it before this one."""
        ...

    async def close(self) -> None:
        """Give connections back, and stop the embedded server when nobody else uses it."""
        ...
