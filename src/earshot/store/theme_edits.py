"""What people did to themes, and what happened to each theme."""

from collections.abc import Sequence

from earshot.domain.grouping import Edit, Lineage
from earshot.store.cleaning import clean, clean_or_none
from earshot.store.sql import Sql, Stage

_EDIT = """
    insert into theme_edit (id, kind, theme_id, into_id, conversations, title, description, actor, reason, made_at,
        undone_at)
    values (:id, :kind, :theme_id, :into_id, :conversations, :title, :description, :actor, :reason, :made_at,
        :undone_at)
    on conflict (id) do update set undone_at = excluded.undone_at
"""
_EDITS = """
    select id, kind, theme_id, into_id, conversations, title, description, actor, reason, made_at, undone_at
    from theme_edit where undone_at is null or :undone order by made_at, id
"""
_EVENT = Stage(
    "theme_event",
    {
        "n": "integer",
        "theme_id": "text",
        "change": "text",
        "other_id": "text",
        "mentions": "integer",
        "actor": "text",
        "reason": "text",
        "at": "timestamptz",
    },
)
_RECORD = """
    insert into lineage (theme_id, change, other_id, mentions, actor, reason, at)
    select theme_id, change, other_id, mentions, actor, reason, at from theme_event order by n
"""
_LINEAGE = """
    select theme_id, change, other_id, mentions, actor, reason, at from (
        (select * from lineage where theme_id = :theme_id order by at desc, id desc limit :limit)
        union
        (select * from lineage where other_id = :theme_id order by at desc, id desc limit :limit)
    ) told order by at desc, id desc limit :limit
"""
_ALL = """
    select theme_id, change, other_id, mentions, actor, reason, at from lineage
    order by at desc, id desc limit :limit
"""


class ThemeEdits:
    """The part of `ports.store.Themes` about people's changes and lineage."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def edit(self, edit: Edit) -> None:
        """Keep a person's change (or, with `undone_at`, that it is undone); it works from the next grouping on."""
        await self._sql.run(
            _EDIT,
            id=edit.id,
            kind=edit.kind.value,
            theme_id=edit.theme_id,
            into_id=edit.into_id,
            conversations=list(edit.conversations),
            title=clean_or_none(edit.title),
            description=clean_or_none(edit.description),
            actor=clean(edit.actor),
            reason=clean(edit.reason),
            made_at=edit.made_at,
            undone_at=edit.undone_at,
        )

    async def edits(self, *, undone: bool = False) -> list[Edit]:
        """People's changes in force, oldest first; with `undone`, also those taken back."""
        rows = await self._sql.rows(_EDITS, undone=undone)
        return [Edit.model_validate({**row, "conversations": tuple(row["conversations"])}) for row in rows]

    async def record(self, events: Sequence[Lineage]) -> None:
        """Add events in the order they happened."""
        if not events:
            return
        rows = [
            (n, e.theme_id, e.change.value, e.other_id, e.mentions, clean(e.actor), clean(e.reason), e.at)
            for n, e in enumerate(events)
        ]
        await self._sql.stage(_EVENT, rows)
        await self._sql.run(_RECORD)

    async def lineage(self, theme_id: str | None, *, limit: int) -> list[Lineage]:
        """What happened to a theme (or to all), newest first."""
        if theme_id is None:
            rows = await self._sql.rows(_ALL, limit=limit)
        else:
            rows = await self._sql.rows(_LINEAGE, theme_id=theme_id, limit=limit)
        return [Lineage.model_validate(dict(row)) for row in rows]
