"""The store's side of impact: journeys of matters, how fast things went, mentions before and after, adoption."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.impact import Adoption, Journey, Month, Reach, Sourced, Speed, Unarea, Version
from earshot.domain.outcome import ItemRating, Shipped
from earshot.domain.reading import IssueType


class Outcomes(Protocol):
    """What came of insights, counted from rows."""

    async def sourced(self) -> Sourced:
        """Items of the trackers, ours and others'."""
        ...

    async def journeys(self, *, since: datetime, limit: int) -> list[Journey]:
        """Ways of items drafted since a moment that were not given up, newest first."""
        ...

    async def shipped(self, *, limit: int) -> list[Shipped]:
        """Standing notes of what shipped, newest first."""
        ...

    async def mentions(self, theme_id: str, start: datetime, *, end: datetime) -> int:
        """Distinct conversations by hour that raise a theme in a span (whole hours)."""
        ...

    async def volume(self, start: datetime, end: datetime) -> int:
        """Conversations read of a span (whole hours)."""
        ...

    async def months(self, starts: Sequence[datetime], end: datetime) -> list[Month]:
        """Conversations of the months that begin at these moments; the last one ends at `end`."""
        ...

    async def accounts(self) -> int:
        """How many paying customers are known now."""
        ...

    async def heard(self, *, since: datetime, bound: float) -> Speed:
        """From a webhook's receipt to its decision."""
        ...

    async def escalated(self, *, since: datetime, bound: float) -> Speed:
        """From the decision of an urgent action to its delivery."""
        ...

    async def runs(self, *, since: datetime, bound: float) -> Speed:
        """How long the daily batch took."""
        ...

    async def adoptions(self) -> list[Adoption]:
        """The newest measure of every feature, by where it came from and name."""
        ...

    async def keep_adoptions(self, measured: Sequence[Adoption]) -> int:
        """Keep measures; one of the same feature and day is replaced. How many."""
        ...

    async def ratings(self, *, since: datetime, limit: int) -> list[ItemRating]:
        """What people think of backlog items, newest first."""
        ...

    async def unareas(self, *, since: datetime, known: Sequence[str], limit: int) -> list[Unarea]:
        """Features named by readings since a moment that are none of these areas, the most frequent first."""
        ...

    async def reached(self, *, since: datetime, kinds: Sequence[IssueType], steps: Sequence[int]) -> list[Reach]:
        """Matters of these kinds raised since a moment, by how many mentions they have in all."""
        ...

    async def versions(self, *, since: datetime, limit: int) -> list[Version]:
        """Which models and prompts read since a moment, over the newest readings."""
        ...
