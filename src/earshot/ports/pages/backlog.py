"""The store's side of the backlog's pages: items in any order page by page, and what stands beside them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from earshot.domain.backlog import BacklogItem, ExistingItem, ItemStatus, ItemType, Match, Urgency
from earshot.domain.delivery import Link
from earshot.domain.model import Noun
from earshot.ports.browse import Place


class ItemSort(StrEnum):
    """By what a list is ordered: rank and effort from the least, priority from P0, all else from the most."""

    RANK = "rank"
    PRIORITY = "priority"
    REACH = "reach"
    IMPACT = "impact"
    CONFIDENCE = "confidence"
    EFFORT = "effort"
    CUSTOMERS = "customers"
    MRR = "mrr"
    CONVERSATIONS = "conversations"


class ItemQuery(Noun):
    """Which items; empty means any, but for `statuses`: any that were not discarded. `text` is in the title."""

    statuses: tuple[ItemStatus, ...] = ()
    issue_types: tuple[ItemType, ...] = ()
    priorities: tuple[Urgency, ...] = ()
    area: str = ""
    theme: str = ""
    text: str = ""
    sort: ItemSort = ItemSort.RANK


class PlacedItem(Noun):
    """An item's place: `rank` among all that were not discarded (None for those), `number` in the list."""

    id: str
    rank: int | None
    number: int
    total: int
    area: str | None = None


class BacklogPages(Protocol):
    """Items as pages show them, in force as people set them."""

    async def places(self, query: ItemQuery, *, after: Place | None, limit: int) -> list[PlacedItem]:
        """Places of items in the order that is asked for, after that one."""
        ...

    async def around(self, item_id: str) -> tuple[PlacedItem | None, str | None]:
        """Where an item stands by rank (`number`: the rank, `total`: of how many), and the id that follows it."""
        ...

    async def counts(self) -> dict[ItemStatus, int]:
        """How many items stand so."""
        ...

    async def areas(self) -> list[str]:
        """The product areas of items."""
        ...

    async def items(self, ids: Sequence[str]) -> list[BacklogItem]:
        """These items, in that order, those that exist."""
        ...

    async def tickets(self, theme_ids: Sequence[str]) -> dict[str, list[Link]]:
        """Tickets and notes made for these themes or those that went into them, by theme, newest first."""
        ...

    async def twins(self, theme_ids: Sequence[str]) -> list[tuple[Match, ExistingItem]]:
        """Items elsewhere that these themes are, or may be."""
        ...
