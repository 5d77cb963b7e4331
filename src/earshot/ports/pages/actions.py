"""The store's side of the page of actions: what was decided, what became of it line by line, and its counts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.action import Action, ActionKind
from earshot.domain.delivery import Delivery, DeliveryState, Standing
from earshot.domain.model import Noun
from earshot.ports.browse import Place


class OutboxQuery(Noun):
    """Which lines; empty means any. Times are those of decisions, `until` excluded.

    `inside`: also what stays inside Earshot. `conversation` led to the action or joined it.
    """

    state: DeliveryState | None = None
    kind: ActionKind | None = None
    destination: str = ""
    rule: str = ""
    conversation: str = ""
    since: datetime | None = None
    until: datetime | None = None
    inside: bool = False


class Line(Noun):
    """A delivery with its action, or an action without one. `standing` and `status` are its thing's at its tool.

    `about` names its subject: a theme's title, a company's name, else the id. `place` ends a page with this line.
    """

    action: Action
    delivery: Delivery | None = None
    about: str = ""
    standing: Standing | None = None
    place: Place


class HeldOf(Noun):
    """What of one rule waits for approval; `oldest` is since when."""

    rule: str
    count: int
    oldest: datetime


class Actions(Protocol):
    """Actions and their deliveries as people look through them."""

    async def lines(self, query: OutboxQuery, *, after: Place | None, limit: int) -> list[Line]:
        """Lines, newest first, of at most so many actions.

        With a state or a destination: deliveries in the order in which they were planned; else actions in the order
        in which they were decided, each with its newest deliveries.
        """
        ...

    async def counts(self, *, most: int) -> dict[DeliveryState, int]:
        """How many deliveries are in each state, each counted up to `most`."""
        ...

    async def held(self, *, most: int) -> list[HeldOf]:
        """What waits for approval by rule, of the oldest `most`; the rule with the most first."""
        ...

    async def deliveries(self, ids: Collection[str]) -> list[Delivery]:
        """The deliveries of these ids, in the order of planning."""
        ...

    async def about(self, actions: Sequence[Action]) -> dict[str, str]:
        """Names of the subjects of actions by the action's key; left out where there is none."""
        ...
