"""Hourly roll-ups and theme counts, kept exact by recomputing what was marked as changed."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from earshot.store.sql import Sql, Stage

LOW_CONFIDENCE = 0.5
"""A reading below this is counted as low confidence."""
DIMENSIONS = ("issue_type", "priority", "sentiment", "churn_risk", "model")
"""What insights are counted by; each is a column of conversation_insights."""

TAKEN = Stage("taken_hour", {"of": "text", "hour": "timestamptz"})
_TAKE = """
    with taken as (delete from dirty_hour returning of, hour)
    insert into taken_hour select of, hour from taken group by of, hour
"""
_CASES = " ".join(f"when grouping({name}) = 0 then '{name}'" for name in DIMENSIONS)
_CLEAR_INSIGHTS = """
    delete from insight_hour where dimension = any(:dimensions)
    and hour in (select hour from taken_hour where of = 'insight')
"""
_COUNT_INSIGHTS = f"""
    insert into insight_hour (dimension, hour, value, n, score, squares, low_confidence, calls, input_tokens,
        output_tokens,
        cost_usd, unpriced)
    select case {_CASES} end, hour, coalesce({", ".join(DIMENSIONS)}), count(*), sum(sentiment_score),
        sum(sentiment_score * sentiment_score),
        count(*) filter (where confidence < {LOW_CONFIDENCE}), count(input_tokens),
        coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cost_usd), 0),
        count(*) filter (where cost_usd is null)
    from conversation_insights where hour in (select hour from taken_hour where of = 'insight')
    group by hour, grouping sets ({", ".join(f"({name})" for name in DIMENSIONS)}) order by 1, 2, 3
"""
_CLEAR_ACTIONS = """
    delete from insight_hour where dimension = 'action' and hour in (select hour from taken_hour
        where of = 'action')
"""
_COUNT_ACTIONS = """
    insert into insight_hour (dimension, hour, value, n, score, squares, low_confidence, calls, input_tokens,
        output_tokens,
        cost_usd, unpriced)
    select 'action', hour, kind, count(*), 0, 0, 0, 0, 0, 0, 0, 0 from action
    where hour in (select hour from taken_hour where of = 'action') group by hour, kind
"""
_CLEAR_THEMES = "delete from theme_hour where hour in (select hour from taken_hour where of = 'theme')"
_COUNT_THEMES = """
    insert into theme_hour (hour, theme_id, n, score)
    select m.hour, m.theme_id, count(*), coalesce(sum(i.sentiment_score), 0)
    from (
        select distinct f.hour, f.theme_id, f.conversation_id from finding f
        where f.theme_id is not null and f.hour in (select hour from taken_hour where of = 'theme')
    ) m left join conversation_insights i using (conversation_id)
    group by m.hour, m.theme_id order by m.hour, m.theme_id
"""
_DAYS = "select distinct date_trunc('day', hour, 'UTC') from taken_hour where of = 'theme'"
_CLEAR_DAYS = f"delete from theme_day where day in ({_DAYS})"
_COUNT_DAYS = f"""
    insert into theme_day (day, theme_id, n, score)
    select d.day, h.theme_id, sum(h.n), sum(h.score) from ({_DAYS}) as d (day)
    join theme_hour h on h.hour >= d.day and (h.hour < d.day + interval '1 day' or h.hour = d.day)
    group by d.day, h.theme_id order by d.day, h.theme_id
"""
_INDEX = "select index_vectors() from taken_hour where of = 'vector' limit 1"
_STALE = "select id from theme where stale order by id for update"
_COUNT_STALE = """
    with member as (
        select f.theme_id, f.conversation_id, max(f.account) as account, min(f.conversation_at) as said_at
        from finding f where f.theme_id = any(:ids) group by f.theme_id, f.conversation_id
    ), total as (
        select m.theme_id, count(*) as conversations, count(distinct m.account) as customers,
            min(m.said_at) as first_seen, max(m.said_at) as last_seen, avg(i.sentiment_score) as avg_sentiment
        from member m left join conversation_insights i using (conversation_id) group by m.theme_id
    ), worth as (
        select c.theme_id, count(*) filter (where a.company) as companies, sum(a.mrr) as mrr,
            array_agg(distinct a.segment) filter (where a.segment is not null) as segments
        from (select distinct theme_id, account
            from member) c join account a on a.id = c.account group by c.theme_id
    )
    update theme t set stale = false, conversations = total.conversations, customers = total.customers,
        first_seen = total.first_seen, last_seen = total.last_seen, avg_sentiment = total.avg_sentiment,
        companies = coalesce(worth.companies, 0), mrr = worth.mrr, segments = coalesce(worth.segments, '{}')
    from total left join worth using (theme_id) where t.id = total.theme_id
"""
_EMPTY = "delete from theme t where t.id = any(:ids) and not exists (select from finding f where f.theme_id = t.id)"
_REQUESTS = """
    insert into feature_requests (summary, normalized_summary, frequency, first_seen, last_seen, conversation_ids,
        avg_sentiment, customer_segments, theme_ids)
    select (array_agg(t.title order by t.conversations desc, t.id))[1], t.normalized_title, sum(t.conversations),
        min(t.first_seen), max(t.last_seen), array(
            select f.conversation_id from finding f where f.theme_id = any(array_agg(t.id))
            group by f.conversation_id order by max(f.conversation_at) desc, f.conversation_id limit 1000
        ), sum(t.avg_sentiment * t.conversations) / sum(t.conversations),
        array(select distinct s from theme o cross join unnest(o.segments) as s
            where o.id = any(array_agg(t.id)) order by s),
        array_agg(t.id order by t.id)
    from theme t where t.issue_type = 'FEATURE_REQUEST' and t.conversations > 0 and t.normalized_title in (
        select o.normalized_title from theme o where o.id = any(:ids)
    )
    group by t.normalized_title
    on conflict (normalized_summary) do update set summary = excluded.summary, frequency = excluded.frequency,
        first_seen = excluded.first_seen, last_seen = excluded.last_seen,
        conversation_ids = excluded.conversation_ids, avg_sentiment = excluded.avg_sentiment,
        customer_segments = excluded.customer_segments, theme_ids = excluded.theme_ids
"""
_OLD_REQUESTS = """
    delete from feature_requests r where r.theme_ids && cast(:ids as text[]) and not exists (
        select from theme t where t.issue_type = 'FEATURE_REQUEST' and t.normalized_title = r.normalized_summary
    )
"""


class Rollups:
    """Brings roll-ups up to date; nothing to do costs two index look-ups."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._settled = False

    async def settle(self) -> None:
        """Refresh now, and not again in this unit of work, whose counts are those of this moment.

        For whoever holds rows when it reads counts: others have refreshed, and hold that lock, when they want rows.
        """
        await self.refresh()
        self._settled = True

    async def refresh(self) -> None:
        """Recompute dirty hours and stale themes, so that every count equals the rows.

        Marks are taken and rows counted under one lock and by later snapshots than the marks', so that a change
        committed meanwhile is either counted or still marked.
        """
        if self._settled:
            return
        if not await self._sql.value(
            "select exists (select from dirty_hour) or exists (select from theme where stale)"
        ):
            return
        await self._sql.run("select pg_advisory_xact_lock(hashtextextended('earshot:rollups', 0))")
        await self._hours()
        await self._themes()

    async def _hours(self) -> None:
        await self._sql.fill(TAKEN, _TAKE)
        await self._sql.run(_CLEAR_INSIGHTS, dimensions=list(DIMENSIONS))
        await self._sql.run(_COUNT_INSIGHTS)
        await self._sql.run(_CLEAR_ACTIONS)
        await self._sql.run(_COUNT_ACTIONS)
        await self._sql.run(_CLEAR_THEMES)
        await self._sql.run(_COUNT_THEMES)
        await self._sql.run(_CLEAR_DAYS)
        await self._sql.run(_COUNT_DAYS)
        if await self._sql.value(_INDEX) is not None:
            await self._sql.run("analyze core")

    async def _themes(self) -> None:
        ids = await self._sql.column(_STALE)
        if not ids:
            return
        await self._sql.run(_COUNT_STALE, ids=ids)
        await self._sql.run(_EMPTY, ids=ids)
        await self._sql.run(_REQUESTS, ids=ids)
        await self._sql.run(_OLD_REQUESTS, ids=ids)
