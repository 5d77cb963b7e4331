"""The store's side of the overview: what changed between two windows, what comes first, what waits for people."""

from datetime import date, datetime
from typing import Protocol

from earshot.domain.model import Noun
from earshot.domain.report import Window
from earshot.domain.run import Completeness


class Group(Noun):
    """Conversations of one value of one dimension (issue_type, priority, sentiment, churn_risk) in a window.

    `score` and `squares` sum their sentiment scores and the squares of these; `low` counts unsure readings.
    """

    dimension: str
    value: str
    n: int
    score: float
    squares: float
    low: int


class DayGroup(Noun):
    """Conversations of one issue type on one local day."""

    day: date
    issue_type: str
    n: int
    score: float
    squares: float


class Moved(Noun):
    """A theme's distinct conversations in a window and in the one it is compared with."""

    theme_id: str
    title: str
    issue_type: str
    area: str | None
    first_seen: datetime | None
    now: int
    before: int


class Movements(Noun):
    """The themes that moved most; `looked` is how many have conversations enough that a change could show."""

    looked: int = 0
    themes: tuple[Moved, ...] = ()


class Voice(Noun):
    """A conversation in a few words."""

    conversation_id: str
    said_at: datetime
    issue_type: str
    churn_risk: str
    summary: str
    quote: str | None
    who: str | None
    mrr: float | None


class Waiting(Noun):
    """What waits for a person beside the queue, each counted up to the limit asked for."""

    held: int = 0
    dead: int = 0
    unread: int = 0
    pending: int = 0


class Standing(Noun):
    """Up to when what is held reaches, and how the last run ended. Everything None: nothing ran yet."""

    held_since: datetime | None = None
    read_until: datetime | None = None
    anything: bool = False
    run_kind: str | None = None
    run_at: datetime | None = None
    run_ended: datetime | None = None
    run_ok: bool | None = None
    completeness: Completeness | None = None
    completeness_at: datetime | None = None


class OverviewRows(Protocol):
    """What the overview reads, from roll-ups and by indexes only."""

    async def groups(self, window: Window) -> list[Group]:
        """What was read in a window, by the dimensions of readings."""
        ...

    async def days(self, window: Window) -> list[DayGroup]:
        """Conversations by local day and issue type."""
        ...

    async def customers(self, window: Window) -> int:
        """Distinct accounts in a window: reads an index over it, so ask for short windows only."""
        ...

    async def movements(self, now: Window, before: Window, *, least: int, limit: int) -> Movements:
        """Themes by how surely they moved, and those that moved most within each issue type.

        `looked` counts those with at least `least` conversations in both windows together.
        """
        ...

    async def criticals(self, window: Window, *, limit: int) -> list[Voice]:
        """The newest critical conversations, high churn risk first."""
        ...

    async def first(self, limit: int) -> list[str]:
        """Ids of the backlog items that are to be done, the highest scores first."""
        ...

    async def waiting(self, most: int) -> Waiting:
        """What waits for a person beside the queue, counted up to `most`."""
        ...

    async def standing(self) -> Standing:
        """How the last run went and how far what is held reaches."""
        ...
