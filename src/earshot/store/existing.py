"""Items of a backlog elsewhere, and which theme is which of them."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from earshot.domain.backlog import ExistingItem, Match
from earshot.domain.grouping import Decider
from earshot.store.cleaning import clean, clean_or_none
from earshot.store.sql import Sql, Stage

_BATCH = 1000
_ITEM = Stage(
    "arriving_item",
    {
        "id": "text",
        "source": "text",
        "key": "text",
        "title": "text",
        "description": "text",
        "issue_type": "text",
        "status": "text",
        "url": "text",
        "labels": "text[]",
        "updated_at": "timestamptz",
    },
)
_COLUMNS = ", ".join(_ITEM.columns)
_IMPORT = f"""
    insert into existing_item ({_COLUMNS}) select {_COLUMNS} from arriving_item order by id
    on conflict (id) do update set {", ".join(f"{name} = excluded.{name}" for name in _ITEM.columns)}
    returning (xmax = 0)::int
"""  # noqa: S608 (constant names; values are parameters)
_MATCH = Stage(
    "fresh_match",
    {
        "theme_id": "text",
        "item_id": "text",
        "probability": "float8",
        "standing": "text",
        "decided_by": "text",
        "reason": "text",
        "decided_at": "timestamptz",
    },
)
_KEEP = """
    insert into match (theme_id, item_id, probability, standing, decided_by, reason, decided_at)
    select theme_id, item_id, probability, standing, decided_by, reason, decided_at
    from fresh_match order by theme_id, item_id
    on conflict (theme_id, item_id) do update set probability = excluded.probability,
        standing = excluded.standing, decided_by = excluded.decided_by, reason = excluded.reason,
        decided_at = excluded.decided_at
    where match.decided_by <> 'person' or excluded.decided_by = 'person'
"""
_MATCHES = """
    select theme_id, item_id, probability, standing, decided_by, reason, decided_at from match
    where theme_id = coalesce(cast(:theme_id as text), theme_id) order by probability desc, theme_id, item_id
"""


class ExistingItems:
    """The part of `ports.store.Backlog` about items elsewhere."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def import_items(self, items: Sequence[ExistingItem]) -> int:
        """Insert or replace existing items; how many were new."""
        await self._sql.stage(_ITEM, [_item_row(one) for one in {item.id: item for item in items}.values()])
        return sum(await self._sql.column(_IMPORT))

    async def existing(self) -> AsyncIterator[Sequence[ExistingItem]]:
        """All existing items in batches, by id."""
        statement = f'select {_COLUMNS} from existing_item order by id collate "C"'  # noqa: S608 (constant names)
        async for rows in self._sql.batches(statement, size=_BATCH):
            yield [ExistingItem.model_validate({**row, "labels": tuple(row["labels"])}) for row in rows]

    async def match(self, matches: Sequence[Match]) -> None:
        """Keep matches; what a person decided is never replaced by a score or a model."""
        weighed = sorted(matches, key=lambda m: (m.decided_by is Decider.PERSON, m.decided_at))
        latest = {(m.theme_id, m.item_id): m for m in weighed}
        await self._sql.stage(_MATCH, [_match_row(one) for one in latest.values()])
        await self._sql.run(_KEEP)

    async def matches(self, theme_id: str | None = None) -> list[Match]:
        """Kept matches, of one theme or all, the likeliest first."""
        rows = await self._sql.rows(_MATCHES, theme_id=theme_id)
        return [Match.model_validate(dict(row)) for row in rows]


def _item_row(item: ExistingItem) -> tuple[Any, ...]:
    return (
        clean(item.id),
        clean(item.source),
        clean(item.key),
        clean(item.title),
        clean(item.description),
        clean_or_none(item.issue_type),
        clean_or_none(item.status),
        clean_or_none(item.url),
        [clean(label) for label in item.labels],
        item.updated_at,
    )


def _match_row(one: Match) -> tuple[Any, ...]:
    return (
        one.theme_id,
        clean(one.item_id),
        one.probability,
        one.standing.value,
        one.decided_by.value,
        clean(one.reason),
        one.decided_at,
    )
