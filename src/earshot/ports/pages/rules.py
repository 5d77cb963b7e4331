"""The store's side of the pages of rules: how often each decided, what came of it, and bounds of a back-test."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.model import Noun

INSIDE = "inside"
"""What became of an action that stays inside Earshot."""
REHEARSED = "rehearsed"
"""What became of an action of a dry run that had nowhere to go."""
UNSENT = "unsent"
"""What became of an action of which nothing is planned."""


class Fired(Noun):
    """How many actions a rule decided since a moment, counted up to a bound."""

    rule: str
    since: datetime
    actions: int


class Rules(Protocol):
    """Figures of rules, from what they decided."""

    async def fired(self, rules: Sequence[str], sinces: Sequence[datetime], *, most: int) -> list[Fired]:
        """How many actions each rule decided since each moment, counted up to `most`."""
        ...

    async def came_of(self, rules: Sequence[str], since: datetime, *, most: int) -> dict[str, dict[str, int]]:
        """By rule, how many deliveries of its newest `most` actions are in which state.

        Actions without a delivery count as `INSIDE`, `REHEARSED` or `UNSENT`.
        """
        ...

    async def conversations(self, rule: str, since: datetime, *, most: int) -> int:
        """How many conversations led this rule to an action or to join one since then, up to `most`."""
        ...

    async def newest(self, since: datetime, until: datetime, *, most: int) -> tuple[datetime, bool]:
        """When the span begins that holds the newest `most` insights of a span, and whether that is all of them."""
        ...

    async def hold(self, name: str) -> None:
        """Nobody else switches this rule until the end of the unit of work."""
        ...
