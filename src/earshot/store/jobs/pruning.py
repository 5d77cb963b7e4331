"""Drops what nobody asks for any more: the engine's log, settled notifications, signs of workers that are gone."""

from datetime import datetime

from earshot.store.sql import Sql

_STATEMENTS = (
    """delete from earshot_jobs.pgqueuer_log l where created < :before
        and not exists (select from earshot_jobs.pgqueuer q where q.id = l.job_id)""",
    "delete from earshot_jobs.pgqueuer_statistics where created < :before",
    "delete from live_turn where version = settled_version and settled_at < :before and due_at < :before",
    "delete from live_turn where gave_up_at < :before",
    """delete from inbox i where received_at < :before and (decided_at is not null or not exists (
        select from live_turn t where (t.source, t.concern, t.external_id) = (i.source, i.concern, i.external_id)
    ))""",
    "delete from worker where seen_at < :before",
    "delete from reading_lease where until < :before",
)


async def prune(sql: Sql, *, before: datetime) -> int:
    """Drop what is older than that; rows dropped. What is unsettled stays."""
    return sum([await sql.run(statement, before=before) for statement in _STATEMENTS])
