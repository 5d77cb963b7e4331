"""What shipped when, and what people think of items."""

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.outcome import ItemRating, Shipped
from earshot.store.cleaning import clean
from earshot.store.sql import Sql

_MARK = """
    insert into shipped (id, theme_id, item_id, shipped_at, actor, noted_at)
    values (:id, :theme_id, :item_id, :shipped_at, :actor, :noted_at)
"""
_STANDING = """
    select id, theme_id, item_id, shipped_at, actor, noted_at, undone_at from shipped
    where item_id = any(:ids) and undone_at is null
"""
_RATE = """
    insert into item_rating (item_id, person, stars, note, at) values (:item_id, :person, :stars, :note, :at)
    on conflict (item_id, person) do update set stars = excluded.stars, note = excluded.note, at = excluded.at
"""
_RATINGS = """
    select item_id, person, stars, note, at from item_rating where item_id = any(:ids)
    order by at desc, person
"""


class PostgresImpact:
    """`ports.pages.Impact` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def mark_shipped(self, note: Shipped) -> None:
        """Keep that an item shipped; an earlier note about it that stands is taken back first."""
        await self.unmark_shipped(note.item_id, at=note.noted_at)
        await self._sql.run(_MARK, **note.model_dump(exclude={"undone_at"}))

    async def unmark_shipped(self, item_id: str, *, at: datetime) -> bool:
        """Take the standing note about an item back; whether there was one."""
        statement = "update shipped set undone_at = :at where item_id = :item_id and undone_at is null"
        return bool(await self._sql.run(statement, item_id=item_id, at=at))

    async def shipped(self, item_ids: Sequence[str]) -> dict[str, Shipped]:
        """The standing notes about these items."""
        rows = await self._sql.rows(_STANDING, ids=list(item_ids))
        return {row["item_id"]: Shipped.model_validate(dict(row)) for row in rows}

    async def rate(self, rating: ItemRating) -> None:
        """Keep what a person thinks of an item, instead of what the person said before."""
        await self._sql.run(_RATE, **{**rating.model_dump(), "note": clean(rating.note)})

    async def ratings(self, item_ids: Sequence[str]) -> dict[str, list[ItemRating]]:
        """What people think of these items, newest first."""
        found: dict[str, list[ItemRating]] = {}
        for row in await self._sql.rows(_RATINGS, ids=list(item_ids)):
            found.setdefault(row["item_id"], []).append(ItemRating.model_validate(dict(row)))
        return found
