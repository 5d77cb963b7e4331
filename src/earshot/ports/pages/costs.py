"""The store's side of the pages of costs and health: sums of days, who reads, and how providers answer."""

from datetime import date, datetime
from typing import Protocol

from earshot.domain.model import Noun
from earshot.ports.llm_store import Spending


class Readings(Noun):
    """How many conversations a model has read, in a span of conversation time."""

    model: str
    conversations: int


class Answers(Noun):
    """How one model answered: calls that ended, by outcome, and percentiles of answered ones in milliseconds.

    `seen` says over how many of the newest calls.
    """

    provider: str
    model: str
    mode: str
    seen: int
    outcomes: dict[str, int]
    p50_ms: float | None = None
    p95_ms: float | None = None
    latest: datetime


class Database(Noun):
    """How large the database is and which schema it has. Counts are the planner's: near enough, and at once."""

    size: int
    version: str
    revision: str
    known: str
    conversations: int
    insights: int
    calls: int


class CostRows(Protocol):
    """What calls cost, and how they fare."""

    async def spending(self, first: date, last: date, *, zone: str, today: date) -> list[Spending]:
        """What was spent on these local days, both included. Days whose calls have all ended are added up once.

        Writes those sums: commit keeps them.
        """
        ...

    async def dearest(self, since: datetime, until: datetime, *, limit: int) -> list[tuple[str, int, float]]:
        """The conversations that cost most in a short time: id, calls, US dollars."""
        ...

    async def readings(self, since: datetime) -> list[Readings]:
        """How many conversations each model has read that were held since a moment, from the roll-up."""
        ...

    async def answers(self, since: datetime, *, newest: int) -> list[Answers]:
        """How models answered since a moment, over the newest calls."""
        ...

    async def database(self) -> Database:
        """Size and schema."""
        ...
