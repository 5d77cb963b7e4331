"""What calls cost by day, added up once per day; and how models answered."""

import json
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from earshot.ports.llm_store import Spending
from earshot.ports.pages.costs import Answers, Database, Readings
from earshot.store.calls import PostgresCalls
from earshot.store.migrating import HEAD
from earshot.store.sql import Sql
from earshot.store.windows import zone_of

SETTLED = 3
"""Days after which a day's calls count as over, if none of them is still under way."""
_KEPT = """
    select day, spendings from llm_day where zone = :zone and day >= :first and day <= :last
"""
_KEEP = """
    insert into llm_day (zone, day, spendings) values (:zone, :day, cast(:spendings as jsonb))
    on conflict (zone, day) do update set spendings = excluded.spendings
"""
_DEAREST = """
    select conversation_id, count(*)::int as calls, sum(cost_usd::numeric)::float8 as usd from llm_api_logs
    where created_at >= :since and created_at < :until and conversation_id is not null and cost_usd is not null
    group by conversation_id order by usd desc, conversation_id limit :limit
"""
_READINGS = """
    select value as model, sum(n)::int as conversations from insight_hour
    where dimension = 'model' and hour >= :since group by value order by 2 desc, 1
"""
_ANSWERS = """
    with called as materialized (
        select coalesce(provider, 'unknown') as provider, coalesce(model, 'unknown') as model,
            coalesce(mode, 'online') as mode, outcome, latency_ms, created_at
        from llm_api_logs where created_at >= :since and outcome <> 'started'
        order by created_at desc limit :newest
    ), timed as (
        select provider, model, mode, percentile_cont(0.5) within group (order by latency_ms) as p50_ms,
            percentile_cont(0.95) within group (order by latency_ms) as p95_ms
        from called where outcome in ('ok', 'refused', 'truncated', 'invalid') and latency_ms is not null
        group by provider, model, mode
    ), counted as (
        select provider, model, mode, outcome, count(*)::int as n, max(created_at) as latest
        from called group by provider, model, mode, outcome
    )
    select c.provider, c.model, c.mode, sum(c.n)::int as seen, json_object_agg(c.outcome, c.n) as outcomes,
        max(t.p50_ms)::float8 as p50_ms, max(t.p95_ms)::float8 as p95_ms, max(c.latest) as latest
    from counted c left join timed t using (provider, model, mode)
    group by c.provider, c.model, c.mode order by seen desc, c.provider, c.model, c.mode
"""
_DATABASE = """
    select pg_database_size(current_database()) as size, current_setting('server_version') as version,
        (select version_num from revision) as revision,
        coalesce(sum(n) filter (where relname = 'conversation'), 0)::bigint as conversations,
        coalesce(sum(n) filter (where relname = 'conversation_insights'), 0)::bigint as insights,
        coalesce(sum(n) filter (where relname = 'llm_api_logs'), 0)::bigint as calls
    from (
        select relname, greatest(reltuples, 0) as n from pg_class
        where oid in (to_regclass('conversation'), to_regclass('conversation_insights'),
            to_regclass('llm_api_logs'))
    ) tables
"""


class PostgresCosts:
    """`ports.pages.costs.CostRows` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._calls = PostgresCalls(sql)

    async def spending(self, first: date, last: date, *, zone: str, today: date) -> list[Spending]:
        """What was spent on these local days, both included. Days whose calls have all ended are added up once."""
        rows = await self._sql.rows(_KEPT, zone=zone, first=first, last=last)
        kept = {row["day"]: _kept(row["spendings"]) for row in rows}
        found = {day: some for day, some in kept.items() if some is not None}
        wanted = [first + timedelta(days=at) for at in range((last - first).days + 1)]
        for begin, end in _stretches(day for day in wanted if day not in found):
            found |= await self._added_up(begin, end, zone=zone, today=today)
        return [one for day in wanted for one in found[day]]

    async def _added_up(self, first: date, last: date, *, zone: str, today: date) -> dict[date, list[Spending]]:
        place = zone_of(zone)
        since, until = (datetime.combine(day, time(), place) for day in (first, last + timedelta(days=1)))
        days = {first + timedelta(days=at): list[Spending]() for at in range((last - first).days + 1)}
        for one in await self._calls.spending(since, until, zone=zone):
            days[date.fromisoformat(one.day)].append(one)
        for day, some in days.items():
            if day <= today - timedelta(days=SETTLED) and not any(one.under_way or one.lost for one in some):
                told = json.dumps([one.model_dump(mode="json") for one in some])
                await self._sql.run(_KEEP, zone=zone, day=day, spendings=told)
        return days

    async def dearest(self, since: datetime, until: datetime, *, limit: int) -> list[tuple[str, int, float]]:
        """The conversations that cost most in a short time: id, calls, US dollars."""
        rows = await self._sql.rows(_DEAREST, since=since, until=until, limit=limit)
        return [(row["conversation_id"], row["calls"], row["usd"]) for row in rows]

    async def readings(self, since: datetime) -> list[Readings]:
        """How many conversations each model has read that were held since a moment, from the roll-up."""
        rows = await self._sql.rows(_READINGS, since=since)
        return [Readings.model_validate(dict(row)) for row in rows]

    async def answers(self, since: datetime, *, newest: int) -> list[Answers]:
        """How models answered since a moment, over the newest calls."""
        rows = await self._sql.rows(_ANSWERS, since=since, newest=newest)
        return [Answers.model_validate({**row, "outcomes": _told(row["outcomes"])}) for row in rows]

    async def database(self) -> Database:
        """Size and schema."""
        return Database.model_validate({**dict(await self._sql.row(_DATABASE) or {}), "known": HEAD})


def _stretches(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days in a row as their first and last one."""
    found: list[tuple[date, date]] = []
    for _, group in groupby(enumerate(days), key=lambda pair: pair[1] - timedelta(days=pair[0])):
        some = [day for _, day in group]
        found.append((some[0], some[-1]))
    return found


def _kept(stored: Any) -> list[Spending] | None:
    """What was added up; None where a version did that which counted otherwise."""
    try:
        return [Spending.model_validate(one) for one in _told(stored)]
    except ValidationError:
        return None


def _told(stored: Any) -> Any:
    """JSON as the driver gives it: as text, or read already."""
    return json.loads(stored) if isinstance(stored, str) else stored
