"""What became of a backlog item: when its fix reached customers, and what people think of it."""

from datetime import datetime

from pydantic import Field

from earshot.domain.model import Noun

NOTE_LIMIT = 500
"""Longest note of a rating in characters."""


class Shipped(Noun):
    """The fix of a theme reached customers at `shipped_at`; `actor` noted it then, and may have taken it back."""

    id: str
    theme_id: str
    item_id: str
    shipped_at: datetime
    actor: str
    noted_at: datetime
    undone_at: datetime | None = None


class ItemRating(Noun):
    """What a person thinks of an item: how well it was worth being made one, 1 (not at all) to 5."""

    item_id: str
    person: str
    stars: int = Field(ge=1, le=5)
    note: str = Field(default="", max_length=NOTE_LIMIT)
    at: datetime
