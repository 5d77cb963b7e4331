"""Takes what names a conversation or a person out of the inbox and the queue."""

# ruff: noqa: S608 (statements are put together from constant names and conditions; values are parameters)

from collections.abc import Sequence

from earshot.domain.notification import Concern
from earshot.store.jobs.adding import LOG, QUEUE
from earshot.store.sql import Sql
from earshot.store.tombstones import origin_of

_THINGS = "unnest(cast(:sources as text[]), cast(:names as text[])) as g (source, external_id)"
_ROWS = f"""
    delete from {{table}} t using {_THINGS}
    where t.concern = :concern and t.source = coalesce(g.source, t.source) and t.external_id = g.external_id
"""
_JOBS = f"""
    delete from {QUEUE} where left(dedupe_key, length(dedupe_key) - position('/' in reverse(dedupe_key)))
        = any(cast(:keys as text[]))
"""
"""The key of a job about something ends in the number of its turn."""
_HEARD = "select distinct source from live_turn where concern = 'contact' and external_id = any(:names)"
_REASONS = f"update {LOG} set traceback = null where traceback::text ~* :pattern"


async def forget_conversations(sql: Sql, ids: Sequence[str]) -> dict[str, int]:
    """Forget conversations by their public ids; rows removed by table."""
    origins = [origin_of(one) for one in ids]
    keys = [f"hear:{source}/{Concern.CONVERSATION.value}/{name}" for source, name in origins]
    keys += [f"read:conversation/{one}" for one in ids]
    removed = await _forget(
        sql, Concern.CONVERSATION, sources=[s for s, _ in origins], names=[n for _, n in origins], keys=keys
    )
    leases = await sql.run("delete from reading_lease where conversation_id = any(:ids)", ids=list(ids))
    return removed | {"reading_lease": leases}


async def forget_contacts(sql: Sql, names: Sequence[str]) -> dict[str, int]:
    """Forget people by their ids at whatever source; rows removed by table."""
    sources = await sql.column(_HEARD, names=list(names))
    keys = [f"hear:{source}/{Concern.CONTACT.value}/{name}" for source in sources for name in names]
    return await _forget(sql, Concern.CONTACT, sources=[None] * len(names), names=names, keys=keys)


async def forget_reasons(sql: Sql, pattern: str) -> None:
    """Forget why jobs failed where that mentions somebody."""
    await sql.run(_REASONS, pattern=pattern)


async def _forget(
    sql: Sql, concern: Concern, *, sources: Sequence[str | None], names: Sequence[str], keys: Sequence[str]
) -> dict[str, int]:
    told = {"concern": concern.value, "sources": list(sources), "names": list(names)}
    removed = {table: await sql.run(_ROWS.format(table=table), **told) for table in ("inbox", "live_turn")}
    return removed | {"job": await sql.run(_JOBS, keys=list(keys))}
