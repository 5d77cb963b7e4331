"""Mentions, where each was placed, and what a grouping changes."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Collection, Sequence
from typing import Any

from earshot.domain.grouping import Mention, Partition, Placement, ThemeHead
from earshot.ports.theme_store import Member
from earshot.store.grouping_lock import lock_grouping
from earshot.store.lexicons import KeptLexicon, Lexicons
from earshot.store.sql import Sql
from earshot.store.theme_edits import ThemeEdits

_BATCH = 5000
MENTION = """f.id, f.conversation_id, f.position, f.issue_type, f.affected_feature as area, f.summary, f.quote,
    f.conversation_at as said_at, nullif(told.context, '') as context, nullif(told.reply, '') as reply"""
"""What `mention_from` needs, of table finding under the name f."""
TOLD = """
    left join lateral (
        select f.context, f.reply where f.context is not null
        union all
        select said(c.messages, 'customer'), said(c.messages, 'agent') from conversation c
        where f.context is null and f.position = 0 and c.id = f.conversation_id
    ) told on true
"""
"""The words on both sides: as they were when the finding was read, or as they are now (an older Earshot's rows)."""
RANK = 'f.conversation_at, f.conversation_id collate "C", f.position'
"""The canonical order."""
PLACE = """p.finding_id as mention_id, p.cell_id, p.probability, p.runner_up, p.runner_up_probability, p.decided_by,
    p.reason, p.core"""
"""What `placement_from` needs, of table placement under the name p."""
MOST_CELLS = 24
"""So many cells of one theme are looked at when a single mention is placed."""
_CORE = "join placement p on p.finding_id = f.id and p.core"

_WHICH = {None: "true", True: "f.theme_id is not null", False: "f.theme_id is null"}
_AROUND = """
    select id, theme_id from (
        select n.id, n.theme_id, row_number() over (
            partition by n.theme_id order by n.id = any(:cells) desc, n.id = 'c' || substr(n.theme_id, 2) desc, n.id
        ) as place
        from cell n where n.theme_id in (select c.theme_id from cell c where c.id = any(:cells))
    ) near where place <= :most order by id
"""
_CORES_OF = f"""
    select {MENTION}, {PLACE} from placement p join finding f on f.id = p.finding_id {TOLD}
    where p.cell_id = any(:cells) and p.core order by {RANK}
"""
_HEADS_OF = """
    select id, issue_type, area, title, description, named_by, named_size, asked_size from theme
    where id = any(:ids) order by id
"""


_MENTION_FIELDS = tuple(Mention.model_fields)
_PLACE_FIELDS = tuple(name for name in Placement.model_fields if name != "vector")


class Placements(Lexicons):
    """The part of `ports.store.Themes` about mentions and their places."""

    def __init__(self, sql: Sql, kept: KeptLexicon) -> None:
        super().__init__(sql, kept)

    async def mentions(self, limit: int, *, placed: bool | None = None, core: bool = False) -> list[Mention]:
        """Mentions in their canonical order: all, only placed or unplaced ones, only those of cells' cores."""
        statement = f"""
            select {MENTION} from finding f {_CORE if core else ""} {TOLD}
            where {_WHICH[placed]} order by {RANK} limit :limit
        """
        found: list[Mention] = []
        async for rows in self._sql.batches(statement, size=_BATCH, limit=limit):
            found += [mention_from(row) for row in rows]
        return found

    async def lock(self) -> None:
        """Hold grouping until the transaction ends: two at once would found the same theme twice."""
        await lock_grouping(self._sql)

    async def unplaced(self, limit: int) -> list[str]:
        """The conversations that mention what has no theme yet, in canonical order."""
        return list(
            await self._sql.column(
                """select conversation_id from (
                    select conversation_id, min(conversation_at) as said_at from finding where theme_id is null
                    group by conversation_id
                ) f order by said_at, conversation_id collate "C" limit :limit""",
                limit=limit,
            )
        )

    async def count_unplaced(self) -> int:
        """How many mentions have no theme yet."""
        return int(await self._sql.value("select count(*) from finding where theme_id is null"))

    async def partition(self, *, core: bool = False) -> Partition:
        """The stored partition; with `core`, only the placements of core mentions. Vectors are left out."""
        placements: dict[int, Placement] = {}
        statement = f"select {PLACE} from placement p where p.core or not :core order by p.finding_id"
        async for rows in self._sql.batches(statement, size=_BATCH, core=core):
            placements |= {row["mention_id"]: placement_from(row) for row in rows}
        cells = await self._sql.rows("select id, theme_id from cell order by id")
        heads = await self._sql.rows(
            """select id, issue_type, area, title, description, named_by, named_size, asked_size
            from theme order by id"""
        )
        return Partition(
            placements=placements,
            cells={row["id"]: row["theme_id"] for row in cells},
            heads={row["id"]: ThemeHead.model_validate(dict(row)) for row in heads},
            edits=tuple(await ThemeEdits(self._sql).edits()),
            lexicon=await self.lexicon(),
            conditions=await self.conditions(),
        )

    async def mentions_of(self, conversation_ids: Sequence[str], *, placed: bool | None = None) -> list[Mention]:
        """What these conversations mention, in canonical order: all, or only what is placed or unplaced."""
        rows = await self._sql.rows(
            f"""select {MENTION} from finding f {TOLD}
            where f.conversation_id = any(:ids) and {_WHICH[placed]} order by {RANK}""",
            ids=list(conversation_ids),
        )
        return [mention_from(row) for row in rows]

    async def around(self, cells: Collection[str]) -> tuple[Partition, list[Mention]]:
        """The part of the partition round these cells, with the cells of their themes, and its core mentions.

        What real time needs: of a theme of many cells these, its head, and some others, `MOST_CELLS` in all.
        """
        near = await self._sql.rows(_AROUND, cells=sorted(cells), most=MOST_CELLS)
        rows = await self._sql.rows(_CORES_OF, cells=[row["id"] for row in near])
        heads = await self._sql.rows(_HEADS_OF, ids=sorted({row["theme_id"] for row in near}))
        part = Partition(
            placements={row["mention_id"]: placement_from(row) for row in rows},
            cells={row["id"]: row["theme_id"] for row in near},
            heads={row["id"]: ThemeHead.model_validate(dict(row)) for row in heads},
            edits=tuple(await ThemeEdits(self._sql).edits()),
            lexicon=await self.lexicon(),
            conditions=await self.conditions(),
        )
        return part, [mention_from(row) for row in rows]

    async def holes(self) -> list[str]:
        """Cells that lost mentions of their core since the last saved grouping, which has to repair them."""
        return list(await self._sql.column("select cell_id from cell_hole order by cell_id"))


def mention_from(row: Any) -> Mention:
    """The mention of a row with `MENTION`."""
    return Mention.model_validate({name: row[name] for name in _MENTION_FIELDS})


def placement_from(row: Any) -> Placement:
    """The placement of a row with `PLACE`."""
    return Placement.model_validate({name: row[name] for name in _PLACE_FIELDS})


def member_from(row: Any) -> Member:
    """A member of a theme from a row with its mention, placement and where it was said."""
    return Member(
        mention=mention_from(row), placement=placement_from(row), url=row["url"], customer=row["customer"]
    )
