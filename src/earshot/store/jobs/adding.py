"""The statement that adds jobs to the engine's queue, part of whatever statement causes them."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

QUEUE = "earshot_jobs.pgqueuer"
"""The engine's table of jobs."""
LOG = "earshot_jobs.pgqueuer_log"
"""The engine's table of what became of them."""
STATUS = "earshot_jobs.pgqueuer_status"
"""The engine's type of a job's state."""
ADD = f"""
    insert into {QUEUE} (priority, entrypoint, payload, execute_after, dedupe_key, status)
    select priority, name, convert_to(key, 'UTF8'), now() + wait, name || ':' || key, 'queued'
    from {{jobs}} order by name, key
    on conflict (dedupe_key)
        where ((status = any (array['queued'::{STATUS}, 'picked'::{STATUS}])) and (dedupe_key is not null))
        do nothing
    returning id, entrypoint, priority
"""
"""Adds jobs of a relation (priority, name, key, wait) as the engine itself does; a test compares."""
NOTE = f"""
    insert into {LOG} (job_id, status, entrypoint, priority) select id, 'queued', entrypoint, priority from added
"""
"""Notes those that were added."""
WAKE = """pg_notify('earshot_jobs', json_build_object('channel', 'earshot_jobs', 'operation', 'update',
        'sent_at', now(), 'table', 'pgqueuer', 'type', 'table_changed_event')::text)"""
"""Tells all workers to look for jobs; the engine tells them itself only of new ones."""
