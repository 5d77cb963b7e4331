"""Summaries of long threads, kept in the store: each use is a small transaction of its own."""

from datetime import datetime

from earshot.ports.store import Store


class StoredSummaries:
    """The shelf on which the reader keeps its summaries."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: str) -> str | None:
        """A stored summary."""
        async with self._store.unit() as unit:
            return await unit.summaries.get(key)

    async def save(self, key: str, conversation_id: str, *, text: str, now: datetime) -> None:
        """Keep a summary and make it durable."""
        async with self._store.unit() as unit:
            await unit.summaries.save(key, conversation_id, text=text, now=now)
            await unit.commit()
