"""The backlog page by page: ranked and filtered in the database, with what people set laid over."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence

from earshot.domain.backlog import BacklogItem, ExistingItem, ItemStatus, Match, Standing
from earshot.domain.delivery import Link, Thing
from earshot.ports.browse import Place
from earshot.ports.pages.backlog import ItemQuery, ItemSort, PlacedItem
from earshot.store.backlog import PostgresBacklog
from earshot.store.outbox.rows import LINK, link_from
from earshot.store.sql import Sql

_GIVEN_UP = ItemStatus.DISCARDED.value
_SAID = """
    with said as (
        select item_id, max(value) filter (where field = 'status') as status,
            max(value) filter (where field = 'title') as title,
            max(value) filter (where field = 'issue_type') as issue_type,
            max(value) filter (where field = 'priority') as priority
        from (
            select distinct on (item_id, field) item_id, field, value from item_edit
            where field in ('status', 'title', 'issue_type', 'priority')
            order by item_id, field, at desc, id desc
        ) newest group by item_id
    )
"""
_PLACED = f"""{_SAID}, item as (
        select b.id, b.theme_id, t.area, b.score,
            coalesce(cast(s.status as jsonb) #>> '{{}}', b.status) as status,
            coalesce(cast(s.title as jsonb) #>> '{{}}', b.title) as title,
            coalesce(cast(s.issue_type as jsonb) #>> '{{}}', b.issue_type) as issue_type,
            coalesce(cast(s.priority as jsonb) #>> '{{}}', b.priority) as priority,
            b.reach, b.impact, b.confidence, b.effort, b.customers, b.conversations, b.mrr, b.first_seen
        from backlog_item b left join theme t on t.id = b.theme_id left join said s on s.item_id = b.id
    ), placed as (
        select *, row_number() over (
            order by status = '{_GIVEN_UP}', score desc nulls last, customers desc, conversations desc, first_seen,
                id collate "C"
        ) as place from item
    )
"""
_KEYS = {
    **{sort: f"{sort.value} desc nulls last, place" for sort in ItemSort},
    ItemSort.RANK: "place",
    ItemSort.PRIORITY: "priority, place",
    ItemSort.EFFORT: "effort nulls last, place",
}
_RANK = f"case when status <> '{_GIVEN_UP}' then place end as rank"
_AROUND = f"""{_PLACED}
    select i.id, {_RANK.replace("status", "i.status").replace("place", "i.place")}, i.area, (
        select count(*) from placed where status <> '{_GIVEN_UP}'
    ) as total, (
        select n.id from placed n where n.place = i.place + 1 and n.status <> '{_GIVEN_UP}'
    ) as following from placed i where i.id = :id
"""
_COUNTS = f"""{_SAID}
    select coalesce(cast(s.status as jsonb) #>> '{{}}', b.status) as status, count(*) as n
    from backlog_item b left join said s on s.item_id = b.id group by 1
"""
_TICKETS = f"""
    with recursive into_theme as (
        select unnest(cast(:themes as text[])) as theme_id, unnest(cast(:themes as text[])) as subject_id
        union
        select i.theme_id, l.theme_id from into_theme i join lineage l on l.other_id = i.subject_id
        where l.change in ('joined', 'merged')
    )
    select i.theme_id, {LINK} from into_theme i join link l on l.subject_id = i.subject_id
    where l.thing = any(:things) and l.receipt is not null order by l.planned_at desc, l.object_key desc
"""
_TRACKED = [Thing.TICKET.value, Thing.FEEDBACK.value]
_TWINS = """
    select m.theme_id, m.item_id, m.probability, m.standing, m.decided_by, m.reason, m.decided_at,
        e.source, e.key, e.title, left(e.description, 2000) as description, e.issue_type, e.status, e.url,
        e.updated_at
    from match m join existing_item e on e.id = m.item_id
    where m.theme_id = any(:themes) and m.standing <> :different order by m.probability desc, m.item_id
"""
_MATCH = tuple(Match.model_fields)
_ELSEWHERE = ("source", "key", "title", "description", "issue_type", "status", "url", "updated_at")


class PostgresBacklogPages:
    """`ports.pages.BacklogPages` in PostgreSQL."""

    def __init__(self, sql: Sql, backlog: PostgresBacklog) -> None:
        self._sql = sql
        self._backlog = backlog

    async def places(self, query: ItemQuery, *, after: Place | None, limit: int) -> list[PlacedItem]:
        """Places of items in the order that is asked for, after that one."""
        where, values = _conditions(query)
        rows = await self._sql.rows(
            f"""{_PLACED}, listed as (
                select *, row_number() over (order by {_KEYS[query.sort]}) as number, count(*) over () as total
                from placed where {where}
            )
            select id, {_RANK}, number, total, area from listed where number > coalesce(
                (select number from listed where id = :after), cast(:number as bigint), 0
            ) order by number limit :limit""",
            after=after.id if after else "",
            number=after.count if after else None,
            limit=limit,
            **values,
        )
        return [PlacedItem.model_validate(dict(row)) for row in rows]

    async def around(self, item_id: str) -> tuple[PlacedItem | None, str | None]:
        """Where an item stands by rank, of how many, and the id that follows it."""
        row = await self._sql.row(_AROUND, id=item_id)
        if row is None:
            return None, None
        place = PlacedItem(
            id=row["id"], rank=row["rank"], number=row["rank"] or 0, total=row["total"], area=row["area"]
        )
        return place, row["following"] if row["rank"] else None

    async def counts(self) -> dict[ItemStatus, int]:
        """How many items stand so."""
        return {ItemStatus(row["status"]): row["n"] for row in await self._sql.rows(_COUNTS)}

    async def areas(self) -> list[str]:
        """The product areas of items."""
        return await self._sql.column(
            "select distinct t.area from backlog_item b join theme t on t.id = b.theme_id where t.area is not null"
            " order by 1"
        )

    async def items(self, ids: Sequence[str]) -> list[BacklogItem]:
        """These items, in that order, those that exist."""
        found = {item.id: item for item in await self._backlog.some(ids)}
        return [found[one] for one in ids if one in found]

    async def tickets(self, theme_ids: Sequence[str]) -> dict[str, list[Link]]:
        """Tickets and notes made for these themes or those that went into them, by theme, newest first."""
        found: dict[str, list[Link]] = {}
        for row in await self._sql.rows(_TICKETS, themes=list(theme_ids), things=_TRACKED):
            found.setdefault(row["theme_id"], []).append(link_from(row))
        return found

    async def twins(self, theme_ids: Sequence[str]) -> list[tuple[Match, ExistingItem]]:
        """Items elsewhere that these themes are, or may be."""
        rows = await self._sql.rows(_TWINS, themes=list(theme_ids), different=Standing.DIFFERENT.value)
        return [
            (
                Match.model_validate({name: row[name] for name in _MATCH}),
                ExistingItem.model_validate({"id": row["item_id"], **{name: row[name] for name in _ELSEWHERE}}),
            )
            for row in rows
        ]


def _conditions(query: ItemQuery) -> tuple[str, dict[str, object]]:
    """What rows of `placed` must be, and the values."""
    where, values = ["true"], dict[str, object]()
    if query.statuses:
        where.append("status = any(:statuses)")
        values["statuses"] = [status.value for status in query.statuses]
    else:
        where.append(f"status <> '{_GIVEN_UP}'")
    for name, wanted in (("issue_type", query.issue_types), ("priority", query.priorities)):
        if wanted:
            where.append(f"{name} = any(:{name})")
            values[name] = [one.value for one in wanted]
    for name, text in (("area", query.area), ("theme_id", query.theme)):
        if text:
            where.append(f"{name} = :{name}")
            values[name] = text
    if query.text:
        where.append("position(lower(:text) in lower(title)) > 0")
        values["text"] = query.text
    return " and ".join(where), values
