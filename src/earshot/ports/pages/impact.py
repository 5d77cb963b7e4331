"""The store's side of what became of backlog items: what shipped when, and what people think of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.outcome import ItemRating, Shipped


class Impact(Protocol):
    """Shipped fixes and ratings of items."""

    async def mark_shipped(self, note: Shipped) -> None:
        """Keep that an item shipped; an earlier note about it that stands is taken back first."""
        ...

    async def unmark_shipped(self, item_id: str, *, at: datetime) -> bool:
        """Take the standing note about an item back; whether there was one."""
        ...

    async def shipped(self, item_ids: Sequence[str]) -> dict[str, Shipped]:
        """The standing notes about these items."""
        ...

    async def rate(self, rating: ItemRating) -> None:
        """Keep what a person thinks of an item, instead of what the person said before."""
        ...

    async def ratings(self, item_ids: Sequence[str]) -> dict[str, list[ItemRating]]:
        """What people think of these items, newest first."""
        ...
