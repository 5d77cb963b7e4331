"""Who reads which conversation: any number of processes read one backlog, and no two the same."""

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.conversation import Conversation
from earshot.ports.store import DEFAULT_WANT, Want
from earshot.store.conversation_rows import from_row
from earshot.store.sql import Sql
from earshot.store.wanting import listing

_ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended('earshot:lease', 0))"
_LEASE = """
    insert into reading_lease (conversation_id, worker, until)
    select id, :worker, :until from unnest(cast(:ids as varchar[])) as id order by id
    on conflict (conversation_id) do update set worker = excluded.worker, until = excluded.until
"""
_RENEW = """
    update reading_lease set until = :until
    where worker = :worker and conversation_id = any(cast(:ids as varchar[])) returning conversation_id
"""
_RELEASE = "delete from reading_lease where worker = :worker and conversation_id = any(cast(:ids as varchar[]))"


class Leases:
    """The part of `ports.store.Conversations` that shares out what is to be read."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def lease(
        self, limit: int, *, want: Want = DEFAULT_WANT, worker: str, until: datetime, now: datetime
    ) -> list[Conversation]:
        """Conversations to be read that nobody holds, now held by this worker until then; no two get the same.

        In the order of `pending`. They are held from the commit on, which is to come before they are read.
        """
        await self._sql.run(_ONE_BY_ONE)
        statement, values = listing(want, unleased=True)
        rows = await self._sql.rows(statement, limit=limit, now=now, **values)
        await self._sql.run(_LEASE, ids=[row["id"] for row in rows], worker=worker, until=until)
        return [from_row(row) for row in rows]

    async def renew(self, worker: str, ids: Sequence[str], *, until: datetime) -> list[str]:
        """Keep leases until then; those that are still this worker's."""
        return await self._sql.column(_RENEW, worker=worker, ids=list(ids), until=until)

    async def release(self, worker: str, ids: Sequence[str]) -> int:
        """Give leased conversations free, read or not; how many were still this worker's."""
        return await self._sql.run(_RELEASE, worker=worker, ids=list(ids))

    async def leased(self, *, now: datetime, without: str = "") -> int:
        """How many conversations are leased at the moment, those of one worker not counted."""
        statement = "select count(*) from reading_lease where until > :now and worker <> :without"
        return int(await self._sql.value(statement, now=now, without=without))
