"""What the pages of themes read: ranked lists over roll-ups, and the rows of one theme."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Sequence
from typing import Any

from earshot.domain.backlog import ItemStatus
from earshot.domain.grouping import Doubt, Edit, Proposal
from earshot.ports.browse import Place
from earshot.ports.pages.themes import ItemState, Odds, ThemeAccount, ThemeTwin
from earshot.ports.theme_store import Member
from earshot.store.doubts import OPEN_DOUBTS
from earshot.store.pages.theme_ranks import ThemeRanks
from earshot.store.placements import MENTION, PLACE, TOLD, member_from

_STEPS = 50
"""So many times over a theme may have gone into another."""
_ITEMS = """
    select b.theme_id, b.id, coalesce(title.value #>> '{}', b.text->>'title') as title, b.score,
        coalesce(status.value #>> '{}', b.status) as status
    from backlog_item b
    left join lateral (select cast(e.value as jsonb) as value from item_edit e
        where e.item_id = b.id and e.field = 'title' order by e.at desc, e.id desc limit 1) title on true
    left join lateral (select cast(e.value as jsonb) as value from item_edit e
        where e.item_id = b.id and e.field = 'status' order by e.at desc, e.id desc limit 1) status on true
    where b.theme_id = any(:ids) order by b.created_at, b.id
"""
_TWINS = """
    select m.item_id, e.title, m.standing, m.probability, m.decided_by, e.status, e.url
    from match m join existing_item e on e.id = m.item_id
    where m.theme_id = :id and m.standing <> 'different' order by m.probability desc, m.item_id
"""
_ACCOUNTS = """
    select c.account as id, a.name, coalesce(a.company, false) as company, a.segment, a.mrr, c.conversations,
        c.last_seen
    from (
        select account, count(distinct conversation_id) as conversations, max(conversation_at) as last_seen
        from finding where theme_id = :id and account is not null group by account
    ) c left join account a on a.id = c.account
    order by a.mrr desc nulls last, c.conversations desc, c.account collate "C" limit :limit
"""
_AFTER = """(f.conversation_at < cast(:at as timestamptz) or f.conversation_at = cast(:at as timestamptz)
    and (f.conversation_id collate "C", f.position) > (cast(:after as varchar), :position))"""
_MEMBERS = f"""
    select {MENTION}, {PLACE}, c.url, coalesce(c.customer->>'company', c.customer->>'name') as customer
    from (
        select f.* from finding f where f.theme_id = :id and {{after}}
        order by f.conversation_at desc, f.conversation_id collate "C", f.position limit :limit
    ) f join placement p on p.finding_id = f.id left join conversation c on c.id = f.conversation_id {TOLD}
    order by f.conversation_at desc, f.conversation_id collate "C", f.position
"""
_ODDS = """
    select p.decided_by, count(*) as members, sum(p.probability) as total, count(p.probability) as known,
        min(p.probability) as least
    from (
        select id from finding where theme_id = :id order by conversation_at desc, conversation_id limit :most
    ) f join placement p on p.finding_id = f.id group by p.decided_by order by members desc, p.decided_by
"""
_EDITS = """
    select id, kind, theme_id, into_id, conversations, title, description, actor, reason, made_at, undone_at
    from theme_edit where (:theme = '' or theme_id = :theme or into_id = :theme)
        and (cast(:at as timestamptz) is null or (made_at, id) < (cast(:at as timestamptz), cast(:after as text)))
    order by made_at desc, id desc limit :limit
"""
_PROPOSALS = """
    select p.one_id, p.other_id, p.probability, p.reason, p.proposed_at from proposal p
    join theme one on one.id = p.one_id join theme other on other.id = p.other_id
    where p.refused_at is null and :id in (p.one_id, p.other_id)
    order by p.probability desc, p.one_id, p.other_id
"""
_HEIR = """
    select other_id from lineage where theme_id = :id and change in ('joined', 'merged') and other_id is not null
    order by at desc, id desc limit 1
"""
_ALIVE = "select exists (select from finding where theme_id = :id)"
_MARK = """
    select md5(string_agg(line, E'\\n' order by line)) from (
        select concat_ws(E'\\x1f', 'head', id, issue_type, area, title, description, named_by) as line
        from theme where id = any(:ids)
        union all
        select concat_ws(E'\\x1f', 'edit', id, undone_at) from theme_edit
        where theme_id = any(:ids) or into_id = any(:ids)
        union all
        select concat_ws(E'\\x1f', 'cell', id, theme_id) from cell where theme_id = any(:ids)
    ) told
"""


class PostgresThemePages(ThemeRanks):
    """`ports.pages.ThemePages` in PostgreSQL."""

    async def items(self, theme_ids: Sequence[str]) -> dict[str, ItemState]:
        """The backlog item of each of these themes that has one."""
        rows = await self._sql.rows(_ITEMS, ids=list(theme_ids))
        return {row["theme_id"]: ItemState.model_validate(_known(row)) for row in rows}

    async def twins(self, theme_id: str) -> list[ThemeTwin]:
        """Items elsewhere that are or may be this theme, the likeliest first; those refused are left out."""
        return [ThemeTwin.model_validate(dict(row)) for row in await self._sql.rows(_TWINS, id=theme_id)]

    async def accounts(self, theme_id: str, *, limit: int) -> list[ThemeAccount]:
        """The accounts that raise a theme, the highest MRR first."""
        rows = await self._sql.rows(_ACCOUNTS, id=theme_id, limit=limit)
        return [ThemeAccount.model_validate(dict(row)) for row in rows]

    async def members(self, theme_id: str, *, after: Place | None, limit: int) -> list[Member]:
        """What is in a theme, newest first; the place of a member: time, conversation, position as count."""
        values: dict[str, Any] = {}
        if after is not None:
            values = {"at": after.at, "after": after.id, "position": after.count or 0}
        statement = _MEMBERS.format(after=_AFTER if after is not None else "true")
        return [member_from(row) for row in await self._sql.rows(statement, id=theme_id, limit=limit, **values)]

    async def titles(self, theme_ids: Sequence[str]) -> dict[str, str]:
        """The titles of those that live."""
        rows = await self._sql.rows("select id, title from theme where id = any(:ids)", ids=list(theme_ids))
        return {row["id"]: row["title"] for row in rows}

    async def cells(self, cell_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """The theme of each of these cells, with its title."""
        rows = await self._sql.rows(
            """select c.id, t.id as theme, t.title from cell c join theme t on t.id = c.theme_id
            where c.id = any(:ids)""",
            ids=list(cell_ids),
        )
        return {row["id"]: (row["theme"], row["title"]) for row in rows}

    async def odds(self, theme_id: str, *, most: int) -> Odds:
        """How sure the newest members of a theme were placed."""
        rows = await self._sql.rows(_ODDS, id=theme_id, most=most)
        known = sum(row["known"] for row in rows)
        return Odds(
            members=sum(row["members"] for row in rows),
            mean=round(sum(row["total"] or 0.0 for row in rows) / known, 3) if known else None,
            least=min((row["least"] for row in rows if row["least"] is not None), default=None),
            decided_by={row["decided_by"]: row["members"] for row in rows},
        )

    async def edits(self, theme_id: str = "", *, after: Place | None = None, limit: int) -> list[Edit]:
        """People's changes, also those taken back, newest first; of one theme where given."""
        place = after or Place(id="")
        rows = await self._sql.rows(_EDITS, theme=theme_id, at=place.at, after=place.id, limit=limit)
        return [Edit.model_validate({**row, "conversations": tuple(row["conversations"])}) for row in rows]

    async def proposals(self, theme_id: str) -> list[Proposal]:
        """Open proposals to merge a theme, the likeliest first."""
        return [Proposal.model_validate(dict(row)) for row in await self._sql.rows(_PROPOSALS, id=theme_id)]

    async def doubts(self, theme_id: str, *, limit: int) -> list[Doubt]:
        """Open doubts about mentions that lie in a theme, the likeliest matches first."""
        rows = await self._sql.rows(
            OPEN_DOUBTS.format(which="d.mention_id in (select id from finding where theme_id = :id)"),
            id=theme_id,
            limit=limit,
        )
        return [Doubt.model_validate({**row, "candidates": json.loads(row["candidates"])}) for row in rows]

    async def heir(self, theme_id: str) -> str | None:
        """The living theme that a gone one became part of, over any number of steps."""
        at: str | None = theme_id
        for _ in range(_STEPS):
            at = await self._sql.value(_HEIR, id=at)
            if at is None or await self._sql.value(_ALIVE, id=at):
                return at
        return None

    async def mark(self, theme_ids: Sequence[str]) -> str:
        """A mark over what people see and change of these themes: equal mark, nothing was changed since."""
        return str(await self._sql.value(_MARK, ids=list(theme_ids)) or "")


def _known(row: Any) -> dict[str, Any]:
    """An item's row; a status that nobody knows any more counts as a draft."""
    status = row["status"] if row["status"] in set(ItemStatus) else ItemStatus.DRAFT
    return {**row, "status": status, "title": row["title"] or ""}
