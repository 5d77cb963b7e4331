"""What a grouping changes, saved at once."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from earshot.domain.grouping import Change, Placement, Regrouping, ThemeHead
from earshot.store.adopting import carry
from earshot.store.cleaning import clean, clean_or_none
from earshot.store.doubts import Doubts
from earshot.store.lexicons import KeptLexicon, Lexicons
from earshot.store.placements import TOLD
from earshot.store.scrubbing import normalize
from earshot.store.sql import Sql, Stage
from earshot.store.theme_edits import ThemeEdits

DIMENSIONS = 384
"""Half floats in a core mention's vector."""
BULK = 1000
"""From so many new vectors on, and a tenth of all, the index is cheaper to make anew than to extend."""

_WENT = (Change.JOINED, Change.MERGED)
"""How a theme goes into another one."""
_PLACED = Stage(
    "placed_mention",
    {
        "finding_id": "bigint",
        "cell_id": "text",
        "core": "boolean",
        "probability": "float8",
        "runner_up": "text",
        "runner_up_probability": "float8",
        "decided_by": "text",
        "reason": "text",
        "vector": "real[]",
    },
)
_MEMBER = Stage("theme_member", {"finding_id": "bigint", "theme_id": "text"})
_CELL = Stage("theme_cell", {"id": "text", "theme_id": "text"})
_HEAD = Stage(
    "theme_head",
    {
        "id": "text",
        "issue_type": "text",
        "area": "text",
        "title": "text",
        "normalized_title": "text",
        "description": "text",
        "named_by": "text",
        "named_size": "integer",
        "asked_size": "integer",
    },
)
_HOLD = """
    select f.id from finding f where f.id in (
        select finding_id from placed_mention union select finding_id from theme_member
    ) order by f.id for update
"""
"""Whoever is deleting one of these findings has finished before, or comes after."""
_PLACE = f"""
    insert into placement (finding_id, cell_id, core, probability, runner_up, runner_up_probability, decided_by,
        reason, digest, placed_at)
    select p.finding_id, p.cell_id, p.core, p.probability, p.runner_up, p.runner_up_probability, p.decided_by,
        p.reason, mention_digest(f.issue_type, f.affected_feature, f.summary, f.quote, told.context, told.reply),
        :now
    from placed_mention p join finding f on f.id = p.finding_id {TOLD} order by p.finding_id
    on conflict (finding_id) do update set cell_id = excluded.cell_id, core = excluded.core,
        probability = excluded.probability, runner_up = excluded.runner_up,
        runner_up_probability = excluded.runner_up_probability, decided_by = excluded.decided_by,
        reason = excluded.reason, digest = excluded.digest, placed_at = excluded.placed_at
"""
_UNCORE = "delete from core c using placed_mention p where c.finding_id = p.finding_id and not p.core"
_CORED = """
    insert into core (finding_id, words, vector)
    select p.finding_id, mention_words(f.summary, f.quote), p.vector
    from placed_mention p join finding f on f.id = p.finding_id left join core c on c.finding_id = p.finding_id
    where p.core and (
        c.finding_id is null or p.vector is not null and c.vector is distinct from p.vector
    ) order by p.finding_id
    on conflict (finding_id) do update set words = excluded.words, vector = excluded.vector
"""
"""A core mention handed in without a vector keeps the one it has."""
_BULKY = f"""
    select new.n >= {BULK} and new.n * 10 >= (select count(*) from core where vector is not null) from (
        select count(*) as n from placed_mention p left join core c using (finding_id)
        where p.core and p.vector is not null and c.vector is distinct from p.vector
    ) new
"""
_UNINDEX = "drop index if exists core_by_vector"
_INDEX_LATER = "insert into dirty_hour (of, hour) values ('vector', '-infinity')"
"""Noted like an hour to be counted anew: `Rollups.refresh` makes the index then, once for several groupings."""
_HEADS = """
    insert into theme (id, issue_type, area, title, normalized_title, description, named_by, named_size,
        asked_size)
    select id, issue_type, area, title, normalized_title, description, named_by, named_size, asked_size
    from theme_head order by id
    on conflict (id) do update set issue_type = excluded.issue_type, area = excluded.area, title = excluded.title,
        normalized_title = excluded.normalized_title, description = excluded.description,
        named_by = excluded.named_by, named_size = excluded.named_size,
        asked_size = excluded.asked_size, stale = true
"""
_RENAMED = """
    delete from feature_requests r where exists (
        select from theme t join theme_head h using (id)
        where t.normalized_title = r.normalized_summary and t.issue_type = 'FEATURE_REQUEST'
            and (t.normalized_title, t.issue_type) is distinct from (h.normalized_title, h.issue_type)
    ) returning theme_ids
"""
"""A theme that is called otherwise leaves its old feature request, which is then counted anew without it."""
_CELLS = """
    insert into cell (id, theme_id) select id, theme_id from theme_cell order by id
    on conflict (id) do update set theme_id = excluded.theme_id
"""
_STALE = """
    update theme set stale = true where not stale and id in (
        select f.theme_id from theme_member m join finding f on f.id = m.finding_id
        where f.theme_id is distinct from m.theme_id
        union select theme_id from theme_member
    )
"""
_JOIN = """
    update finding f set theme_id = m.theme_id from theme_member m
    where f.id = m.finding_id and f.theme_id is distinct from m.theme_id
"""


class Regroupings(Lexicons):
    """The part of `ports.store.Themes` that saves a grouping."""

    def __init__(self, sql: Sql, kept: KeptLexicon) -> None:
        super().__init__(sql, kept)

    async def save(self, regrouping: Regrouping, *, now: datetime, repaired: Sequence[str] = ()) -> None:
        """Store what is new or changed; counts, roll-ups and the guide's tables follow at the next reading.

        What meanwhile lost its finding is left out. `repaired` are the holes that this grouping knew of.
        """
        await self._sql.stage(_PLACED, _placed_rows(regrouping.placements))
        await self._sql.stage(_MEMBER, regrouping.mentions.items())
        await self._sql.rows(_HOLD)
        await self._save_heads(regrouping.heads)
        await self._save_cells(regrouping)
        await self._sql.run(_PLACE, now=now)
        await self._save_cores(regrouping.placements)
        for statement in (_STALE, _JOIN):
            await self._sql.run(statement)
        if repaired:
            await self._sql.run("delete from cell_hole where cell_id = any(:cells)", cells=list(repaired))
        await ThemeEdits(self._sql).record(regrouping.lineage)
        await carry(
            self._sql, [(e.theme_id, e.other_id) for e in regrouping.lineage if e.change in _WENT and e.other_id]
        )
        await Doubts(self._sql).ask(regrouping.doubts)
        if regrouping.lexicon is not None:
            await self.save_lexicon(regrouping.lexicon)
        if regrouping.conditions:
            await self.save_conditions(regrouping.conditions)

    async def _save_cells(self, regrouping: Regrouping) -> None:
        if regrouping.cells:
            await self._sql.stage(_CELL, regrouping.cells.items())
            await self._sql.run(_CELLS)
        if regrouping.gone:
            await self._sql.run("delete from cell where id = any(:ids)", ids=list(regrouping.gone))

    async def _save_cores(self, placements: Sequence[Placement]) -> None:
        cores = sum(one.core for one in placements)
        if cores >= BULK and await self._sql.value(_BULKY):
            await self._sql.run(_UNINDEX)
            await self._sql.run(_INDEX_LATER)
        if cores < len(placements):
            await self._sql.run(_UNCORE)
        if cores:
            await self._sql.run(_CORED)

    async def _save_heads(self, heads: Sequence[ThemeHead]) -> None:
        if not heads:
            return
        await self._sql.stage(_HEAD, [_head_row(head) for head in heads])
        touched = await self._sql.column(_RENAMED)
        await self._sql.run(_HEADS)
        if ids := sorted({one for theme_ids in touched for one in theme_ids}):
            await self._sql.run("update theme set stale = true where id = any(:ids) and not stale", ids=ids)


def floats(vector: bytes | None) -> list[float] | None:
    """The numbers of a vector of little-endian half floats."""
    return None if vector is None else list(struct.unpack(f"<{len(vector) // 2}e", vector))


def _placed_rows(placements: Iterable[Placement]) -> list[tuple[Any, ...]]:
    return [
        (
            one.mention_id,
            one.cell_id,
            one.core,
            one.probability,
            one.runner_up,
            one.runner_up_probability,
            one.decided_by.value,
            clean(one.reason),
            floats(one.vector) if one.core else None,
        )
        for one in placements
    ]


def _head_row(head: ThemeHead) -> tuple[Any, ...]:
    title = clean(head.title)
    return (
        head.id,
        head.issue_type.value,
        clean_or_none(head.area),
        title,
        normalize(title),
        clean(head.description),
        head.named_by.value,
        head.named_size,
        head.asked_size,
    )
