"""Brings back jobs that are missing: rows are the truth, a job is only a reminder of one."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from datetime import datetime, timedelta

from earshot.store.jobs.adding import ADD, LOG, NOTE, QUEUE
from earshot.store.sql import Sql

GRACE = timedelta(seconds=30)
"""A row that should have been dealt with so long ago, and has no job, has lost it."""
_KEPT = "j.status in ('queued', 'picked') and j.dedupe_key is not null"
_LOST = f"""
    turns as materialized (
        select source || '/' || concern || '/' || external_id || '/' as thing, begun
        from live_turn where version > settled_version and gave_up_at is null and due_at < :due
            and (token = '' or until < :now)
        order by due_at, source, concern, external_id limit :limit
    ), failed as materialized (
        select dedupe_key from {QUEUE} where status = 'failed' and entrypoint = 'hear'
    ), lost as (
        select 'hear' as name, t.thing || t.begun as key, 50 as priority, interval '0' as wait
        from turns t cross join lateral (
            select array['hear:' || t.thing || t.begun, 'hear:' || t.thing || (t.begun - 1),
                'hear:' || t.thing || t.begun || '!', 'hear:' || t.thing || (t.begun - 1) || '!'] as names
        ) k
        where not exists (select from {QUEUE} j where j.dedupe_key = any(k.names) and {_KEPT})
            and not exists (select from failed f where f.dedupe_key = any(k.names))
        union all
        select w.name, 'reconciled', w.priority, interval '0' from (
            select 'deliver' as name, 40 as priority where exists (select from action where plan_at < :due)
                or exists (select from action_growth where at < :due)
                or exists (select from delivery where state in ('pending', 'unknown') and not_before < :due)
                or exists (select from delivery where state = 'sending' and lease_until < :due)
            union all
            select 'theme', 20 where exists (
                select from finding f where f.theme_id is null and exists (
                    select from conversation c join live_turn t using (source, external_id)
                    where c.id = f.conversation_id and t.concern = 'conversation' and t.settled_at < :due
                )
            )
            union all
            select 'read', 10 where exists (
                select from live_turn t join conversation c using (source, external_id)
                where t.concern = 'conversation' and t.settled_at < :due and t.settled_at > :recent
                    and not c.deleted and c.excluded is null and c.read_hash is distinct from c.content_hash
            )
        ) w where not exists (
            select from {QUEUE} j where j.entrypoint = w.name and j.status in ('queued', 'picked')
        )
    )
"""
_RECONCILE = f"""
    with {_LOST}, added as ({ADD.format(jobs="lost")}), noted as ({NOTE})
    select entrypoint as name, count(*) as n from added group by entrypoint order by entrypoint
"""
_TRIM = f"""
    delete from {LOG} l where l.created < now() - interval '1 hour'
        and not exists (select from {QUEUE} q where q.id = l.job_id)
"""
"""Each job that is begun leaves a line there."""
_RECENT = timedelta(days=2)
"""What could not be read for so long is left to the batch, so that nothing is tried for ever."""


async def reconcile(sql: Sql, *, now: datetime, limit: int) -> dict[str, int]:
    """Enqueue what is pending in rows but has no job; how many by queue.

    One process at a time: another one that comes meanwhile finds nothing to do. Keeps the engine's log short, too.
    """
    if not await sql.value("select pg_try_advisory_xact_lock(hashtextextended('earshot:reconcile', 0))"):
        return {}
    await sql.run(_TRIM)
    rows = await sql.rows(_RECONCILE, due=now - GRACE, now=now, recent=now - _RECENT, limit=limit)
    return {row["name"]: row["n"] for row in rows}
