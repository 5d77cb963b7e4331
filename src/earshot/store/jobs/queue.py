"""The queue, in the caller's transaction: a job is there exactly when the commit is."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

import json
from collections.abc import Sequence
from datetime import datetime

from earshot.domain.job import HeldJob, Job, JobName, Queue, WorkerSign
from earshot.store.jobs.adding import ADD, LOG, NOTE, QUEUE, WAKE
from earshot.store.jobs.pruning import prune
from earshot.store.jobs.reconciling import reconcile
from earshot.store.sql import Sql

_JOBS = """(
    select distinct on (name, key) name, key, priority, greatest(coalesce(at, now()) - now(), interval '0') as wait
    from unnest(cast(:names as text[]), cast(:keys as text[]), cast(:priorities as integer[]),
        cast(:times as timestamptz[])) as j (name, key, priority, at)
    order by name, key, priority desc, at nulls first
) jobs"""
_ENQUEUE = f"""
    with added as ({ADD.format(jobs=_JOBS)}), noted as ({NOTE})
    select count(*) from added
"""
_QUEUES = f"""
    select entrypoint as name, count(*) filter (where status = 'queued') as waiting,
        count(*) filter (where status = 'queued' and execute_after <= now()) as due,
        count(*) filter (where status = 'picked') as running, count(*) filter (where status = 'failed') as held,
        coalesce(extract(epoch from now() - min(execute_after)
            filter (where status = 'queued' and execute_after <= now())), 0) as oldest_seconds
    from {QUEUE} group by entrypoint order by entrypoint
"""
_HELD = f"""
    select q.id as number, q.entrypoint as name, convert_from(q.payload, 'UTF8') as key, q.attempts + 1 as attempts,
        coalesce(l.created, q.updated) as failed_at,
        coalesce(l.traceback->>'exception_message', '') as reason
    from {QUEUE} q left join lateral (
        select created, traceback from {LOG} where job_id = q.id and status = 'failed'
        order by created desc, id desc limit 1
    ) l on true
    where q.status = 'failed' order by failed_at desc, q.id desc limit :limit
"""
_REQUEUE = f"""
    with again as (
        update {QUEUE} f set status = 'queued', execute_after = now(), updated = now(), attempts = 0,
            queue_manager_id = null
        where id = any(:numbers) and status = 'failed' and not exists (
            select from {QUEUE} o where o.dedupe_key = f.dedupe_key and o.status in ('queued', 'picked')
        ) and not exists (
            select from {QUEUE} o where o.dedupe_key = f.dedupe_key and o.status = 'failed'
                and o.id = any(:numbers) and o.id < f.id
        )
        returning id, entrypoint, priority
    ), noted as (
        insert into {LOG} (job_id, status, entrypoint, priority)
        select id, 'queued', entrypoint, priority from again
    )
    select count(*), {WAKE} from again
"""
_DISCARD = f"""
    with gone as (delete from {QUEUE} where id = any(:numbers) and status = 'failed'
        returning id, entrypoint, priority),
    noted as (
        insert into {LOG} (job_id, status, entrypoint, priority)
        select id, 'deleted', entrypoint, priority from gone
    )
    select count(*) from gone
"""
_SIGN = """
    insert into worker (id, host, pid, lane, version, started_at, seen_at, doing, done, failed, memory_mb)
    values (:id, :host, :pid, :lane, :version, :started_at, :seen_at, cast(:doing as jsonb), :done, :failed,
        :memory_mb)
    on conflict (id) do update set seen_at = excluded.seen_at, doing = excluded.doing, done = excluded.done,
        failed = excluded.failed, memory_mb = excluded.memory_mb
"""


class PostgresJobs:
    """`ports.jobs.Jobs` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def enqueue(self, jobs: Sequence[Job]) -> int:
        """Enqueue in one statement; those whose name and key wait or run already are left out. How many are new."""
        if not jobs:
            return 0
        return int(
            await self._sql.value(
                _ENQUEUE,
                names=[job.name.value for job in jobs],
                keys=[job.key for job in jobs],
                priorities=[job.priority for job in jobs],
                times=[job.run_at for job in jobs],
            )
        )

    async def queues(self) -> list[Queue]:
        """How each queue stands, those without jobs too."""
        found = {row["name"]: Queue.model_validate(dict(row)) for row in await self._sql.rows(_QUEUES)}
        return [found.pop(name, Queue(name=name)) for name in JobName] + list(found.values())

    async def held(self, *, limit: int) -> list[HeldJob]:
        """Jobs that gave up, newest first."""
        return [HeldJob.model_validate(dict(row)) for row in await self._sql.rows(_HELD, limit=limit)]

    async def requeue(self, numbers: Sequence[int]) -> int:
        """Give held jobs another life; how many. One whose like waits or runs already stays held."""
        return int(await self._sql.value(_REQUEUE, numbers=list(numbers)))

    async def discard(self, numbers: Sequence[int]) -> int:
        """Drop held jobs; how many."""
        return int(await self._sql.value(_DISCARD, numbers=list(numbers)))

    async def sign(self, sign: WorkerSign) -> None:
        """Store a worker's sign of life."""
        told = sign.model_dump() | {"lane": sign.lane.value, "doing": json.dumps(sign.doing)}
        await self._sql.run(_SIGN, **told)

    async def unsign(self, worker: str) -> None:
        """A worker ended in good order: what it had leased to read is free."""
        await self._sql.run("delete from worker where id = :id", id=worker)
        await self._sql.run("delete from reading_lease where worker = :id", id=worker)

    async def workers(self, *, seen_since: datetime) -> list[WorkerSign]:
        """Workers that gave a sign since then."""
        rows = await self._sql.rows(
            "select * from worker where seen_at >= :since order by started_at, id", since=seen_since
        )
        return [WorkerSign.model_validate(dict(row) | {"doing": json.loads(row["doing"])}) for row in rows]

    async def reconcile(self, *, now: datetime, limit: int = 1_000) -> dict[str, int]:
        """Enqueue what is pending in rows but has no job; how many by queue. Never repeats what waits or runs."""
        return await reconcile(self._sql, now=now, limit=limit)

    async def prune(self, *, before: datetime) -> int:
        """Drop the engine's log, settled notifications and dead workers' signs older than that; rows dropped."""
        return await prune(self._sql, before=before)
