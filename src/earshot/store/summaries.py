"""Summaries of long conversations by the key of what they summarise."""

from datetime import datetime

from earshot.store.cleaning import clean
from earshot.store.sql import Sql

_SAVE = """
    insert into summary (key, conversation_id, body, created_at)
    select :key, c.id, :body, :now from conversation c
    where c.id = :id and not c.deleted and c.content_hash = coalesce(cast(:hash as text), c.content_hash)
    for share of c
    on conflict (key) do update set conversation_id = excluded.conversation_id, body = excluded.body,
        created_at = excluded.created_at
"""


class PostgresSummaries:
    """`ports.store.Summaries` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def get(self, key: str) -> str | None:
        """A stored summary."""
        return await self._sql.value("select body from summary where key = :key", key=key)

    async def save(
        self, key: str, conversation_id: str, *, text: str, now: datetime, content_hash: str | None = None
    ) -> None:
        """Keep a summary; it goes away with its conversation.

        Nothing is kept when the conversation is not held, or when its text is no longer that of `content_hash`.
        """
        await self._sql.run(_SAVE, key=key, id=conversation_id, body=clean(text), now=now, hash=content_hash)
