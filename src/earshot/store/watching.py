"""Numbers of this moment in one statement, each by an index; and how the watched bounds stand."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from earshot.domain.pulse import Pulse, Standing, WatchState
from earshot.store.migrating import HEAD
from earshot.store.sql import Sql
from earshot.store.wanting import UNREAD

WITHIN = timedelta(hours=1)
"""Over which percentiles and errors are counted."""
NEWEST = 2_000
"""Rows of that hour that are looked at, so that the figures cost the same on every database."""
TIMEOUT_MS = 1_000
"""A look that takes longer is given up: it must never hold up the work that it watches."""
_LOCK = 7_205_305_661
"""The advisory lock of watching."""

_PULSE = f"""
    with heard as materialized (
        select i.heard_at, i.decided_at, i.received_at from inbox i
        where i.received_at >= :since and i.concern = 'conversation' and i.effect = 'changed'
        order by i.received_at desc limit {NEWEST}
    ), called as materialized (
        select l.outcome from llm_api_logs l
        where l.created_at >= :since and l.mode = 'online' and l.outcome not in ('started', 'cancelled')
        order by l.created_at desc limit {NEWEST}
    ), latency as (
        select percentile_cont(0.95) within group (order by extract(epoch from decided_at - heard_at)) as reading,
            percentile_cont(0.95) within group (order by extract(epoch from decided_at - received_at)) as decision
        from heard where decided_at is not null
    ), turned as materialized (
        select asked_at, gave_up_at from live_turn where version > settled_version
    ), outgoing as (
        select d.state, count(*) as n, min(d.created_at) as oldest from delivery d
        where d.state in ('held', 'pending', 'sending', 'unknown', 'dead') group by d.state
    )
    select
        (select count(*) from conversation where not deleted and excluded is null
            and read_hash is distinct from content_hash) as pending,
        (select count(*) from unread u where {UNREAD}) as unread,
        (select reading from latency)::float8 as reading_p95,
        (select decision from latency)::float8 as decision_p95,
        (select count(*) from called) as calls,
        (select count(*) from called where outcome not in ('ok', 'refused', 'rate_limited')) as calls_failed,
        (select coalesce(sum(usd), 0) from llm_spend where day = :day)::float8 as spent_today,
        (select count(*) from delivery where state = 'dead' and created_at >= :yesterday) as refused_24h,
        (select min(created_at) from reading_batch
            where mode = 'batch' and status in ('submitting', 'running', 'ended')) as batch_oldest,
        (select count(*) from turned where gave_up_at is null) as inbox_waiting,
        (select min(asked_at) from turned where gave_up_at is null) as inbox_oldest,
        (select count(*) from turned where gave_up_at is not null) as inbox_failed,
        (select max(received_at) from inbox) as webhook_latest,
        (select max(started_at) from run where kind = 'run' and ok) as last_success,
        (select min(cursor) from sync_state) as read_until,
        (select coalesce(json_agg(json_build_array(state, n, oldest)), '[]') from outgoing) as deliveries
"""
_SAVE = """
    insert into watch_state (bound, outside, since, seen_at, value, strikes, episode, told_at)
    values (:bound, :outside, :since, :seen_at, :value, :strikes, :episode, :told_at)
    on conflict (bound) do update set outside = excluded.outside, since = excluded.since,
        seen_at = excluded.seen_at, value = excluded.value, strikes = excluded.strikes,
        episode = excluded.episode, told_at = excluded.told_at
"""


class PostgresWatch:
    """`ports.watch.Watch` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def pulse(self, *, now: datetime, day: str) -> Pulse:
        """How the flow stands; `day` (2026-11-30) is today in the report's time zone. Gives up after a second."""
        await self._sql.run(f"set local statement_timeout = {TIMEOUT_MS}")
        row = await self._sql.row(_PULSE, since=now - WITHIN, yesterday=now - timedelta(days=1), day=day)
        await self._sql.run("set local statement_timeout = default")
        return Pulse.model_validate(_told(dict(row or {})))

    async def problem(self) -> str:
        """Why the database cannot be worked with by this program, in words; "" when it can."""
        found = await self._sql.value("select version_num from revision")
        if found == HEAD:
            return ""
        return f"the database has schema {found}, this program knows {HEAD}: restart it with the newer Earshot"

    async def lock(self) -> bool:
        """Be the only one that watches until the end of the transaction; False when another process does."""
        return bool(await self._sql.value(f"select pg_try_advisory_xact_lock({_LOCK})"))

    async def states(self) -> list[WatchState]:
        """How bounds stand that were ever looked at, by name."""
        rows = await self._sql.rows('select * from watch_state order by bound collate "C"')
        return [WatchState.model_validate(dict(row)) for row in rows]

    async def save(self, states: Sequence[WatchState]) -> None:
        """Keep how bounds stand."""
        for state in states:
            await self._sql.run(_SAVE, **state.model_dump())


def _told(row: dict[str, Any]) -> dict[str, Any]:
    deliveries: list[tuple[str, int, str | None]] = json.loads(row.pop("deliveries", "[]"))
    by_state = {state: Standing.model_validate({"count": n, "oldest": at}) for state, n, at in deliveries}
    return row | {"deliveries": by_state}
