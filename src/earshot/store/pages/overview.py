"""What the overview reads: roll-ups for counts, indexes for lists, limits for what waits."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from typing import Final

from earshot.domain.report import Window
from earshot.domain.run import Completeness
from earshot.ports.pages.overview import DayGroup, Group, Moved, Movements, Standing, Voice, Waiting
from earshot.store.rollups import LOW_CONFIDENCE
from earshot.store.sql import Sql
from earshot.store.wanting import UNREAD
from earshot.store.windows import CUT, ROLLED, THEMES, WITHIN, over, span

DIMENSIONS: Final = ("issue_type", "priority", "sentiment", "churn_risk")
_PAIRS = ", ".join(f"('{name}', {name})" for name in DIMENSIONS)
_GROUPS = f"""
    select dimension, value, sum(n)::int as n, sum(score)::float8 as score, sum(squares)::float8 as squares,
        sum(low)::int as low
    from (
        select dimension, value, n, score, squares, low_confidence as low
        from insight_hour where dimension = any(:dimensions) and {ROLLED}
        union all
        select d.dimension, d.value, 1, sentiment_score, sentiment_score * sentiment_score,
            (coalesce(confidence, 1) < {LOW_CONFIDENCE})::int
        from conversation_insights cross join lateral (values {_PAIRS}) as d (dimension, value) where {CUT}
    ) counted group by dimension, value order by dimension, n desc, value
"""
_DAYS = f"""
    select (at at time zone :timezone)::date as day, value as issue_type, sum(n)::int as n,
        sum(score)::float8 as score, sum(squares)::float8 as squares
    from (
        select hour as at, value, n, score, squares from insight_hour
        where dimension = 'issue_type' and hour > '-infinity' and {ROLLED}
        union all
        select conversation_at, issue_type, 1, sentiment_score, sentiment_score * sentiment_score
        from conversation_insights where hour > '-infinity' and {CUT}
    ) counted group by 1, 2 order by 1, 2
"""
_CUSTOMERS = f"""
    select count(*) from (
        select account from conversation_insights where account is not null and {WITHIN} group by account
    ) accounts
"""
_MOVED = f"""
    with a as ({over(THEMES, "now_")}), b as ({over(THEMES, "before_")}), moved as (
        select theme_id, coalesce(a.n, 0) as now, coalesce(b.n, 0) as before from a full join b using (theme_id)
    ), scored as (
        select m.*, t.title, t.issue_type, t.area, t.first_seen,
            greatest(0, abs(m.now - m.before) - 1) / sqrt(m.now + m.before) as z,
            count(*) filter (where m.now + m.before >= :least) over () as looked
        from moved m join theme t on t.id = m.theme_id
    ), placed as (
        select s.*, row_number() over (order by z desc, now + before desc, theme_id) as by_z,
            row_number() over (partition by issue_type order by abs(now - before) desc, theme_id) as by_size
        from scored s
    )
    select theme_id, title, issue_type, area, first_seen, now, before, looked from placed
    where by_z <= :limit or by_size <= 3 order by by_z
"""
_CRITICALS = f"""
    select i.conversation_id, i.conversation_at as said_at, i.issue_type, i.churn_risk, i.summary, (
            select f.quote from finding f where f.conversation_id = i.conversation_id and f.quote is not null
            order by f.position limit 1
        ) as quote, coalesce(c.customer->>'company', c.customer->>'name') as who,
        (c.customer->>'mrr')::float8 as mrr
    from (
        select r.rank, m.* from unnest(array['HIGH', 'MEDIUM', 'LOW']) with ordinality as r (value, rank)
        cross join lateral (
            select * from conversation_insights where priority = 'CRITICAL' and churn_risk = r.value and {WITHIN}
            order by hour desc, conversation_at desc, conversation_id limit :limit
        ) m order by r.rank, m.conversation_at desc, m.conversation_id limit :limit
    ) i left join conversation c on c.id = i.conversation_id
    order by i.rank, i.conversation_at desc, i.conversation_id
"""
_FIRST = """
    select b.id from backlog_item b left join lateral (
        select e.value from item_edit e where e.item_id = b.id and e.field = 'status'
        order by e.at desc, e.id desc limit 1
    ) set on true
    where b.score is not null
        and coalesce(cast(set.value as jsonb) #>> '{}', b.status) in ('draft', 'approved', 'pushed')
    order by b.score desc, b.customers desc, b.conversations desc, b.first_seen, b.id collate "C" limit :limit
"""


def _some(of: str) -> str:
    return f"(select count(*) from (select {of} limit :most) counted)::int"


_WAITING = f"""
    select {_some("from delivery where state = 'held'")} as held,
        {_some("from delivery where state = 'dead'")} as dead,
        {_some(f"from unread u where {UNREAD}")} as unread,
        {
    _some('''from conversation where not deleted and excluded is null
            and read_hash is distinct from content_hash''')
} as pending
"""
_STANDING = """
    select (select max(backfill_from) from sync_state) as held_since,
        (select min(cursor) from sync_state) as read_until,
        exists (select from conversation) as anything,
        r.kind as run_kind, r.started_at as run_at, r.ended_at as run_ended, r.ok as run_ok,
        c.completeness, c.ended_at as completeness_at
    from (select 1) one
    left join lateral (select * from run order by started_at desc limit 1) r on true
    left join lateral (
        select completeness, ended_at from run where completeness is not null
        order by ended_at desc nulls last limit 1
    ) c on true
"""


class PostgresOverview:
    """`ports.pages.overview.OverviewRows` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def groups(self, window: Window) -> list[Group]:
        """What was read in a window, by the dimensions of readings."""
        rows = await self._sql.rows(_GROUPS, dimensions=list(DIMENSIONS), **span(window).bounds)
        return [Group.model_validate(dict(row)) for row in rows]

    async def days(self, window: Window) -> list[DayGroup]:
        """Conversations by local day and issue type."""
        bounds = span(window, by_day=True).bounds
        rows = await self._sql.rows(_DAYS, timezone=window.timezone, **bounds)
        return [DayGroup.model_validate(dict(row)) for row in rows]

    async def customers(self, window: Window) -> int:
        """Distinct accounts in a window."""
        return int(await self._sql.value(_CUSTOMERS, **span(window).bounds))

    async def movements(self, now: Window, before: Window, *, least: int, limit: int) -> Movements:
        """Themes by how surely they moved, and those that moved most within each issue type."""
        values: dict[str, object] = {}
        for prefix, window in (("now_", now), ("before_", before)):
            here = span(window)
            values |= {f"{prefix}{name}": value for name, value in {**here.bounds, **here.days}.items()}
        rows = await self._sql.rows(_MOVED, least=least, limit=limit, **values)
        themes = tuple(Moved.model_validate({k: v for k, v in row.items() if k != "looked"}) for row in rows)
        return Movements(looked=rows[0]["looked"] if rows else 0, themes=themes)

    async def criticals(self, window: Window, *, limit: int) -> list[Voice]:
        """The newest critical conversations, high churn risk first."""
        rows = await self._sql.rows(_CRITICALS, limit=limit, **span(window).bounds)
        return [Voice.model_validate(dict(row)) for row in rows]

    async def first(self, limit: int) -> list[str]:
        """Ids of the backlog items that are to be done, the highest scores first."""
        return list(await self._sql.column(_FIRST, limit=limit))

    async def waiting(self, most: int) -> Waiting:
        """What waits for a person beside the queue, counted up to `most`."""
        row = await self._sql.row(_WAITING, most=most)
        return Waiting.model_validate(dict(row or {}))

    async def standing(self) -> Standing:
        """How the last run went and how far what is held reaches."""
        row = dict(await self._sql.row(_STANDING) or {})
        told = row.pop("completeness", None)
        completeness = None if told is None else Completeness.model_validate_json(told)
        return Standing.model_validate({**row, "completeness": completeness})
