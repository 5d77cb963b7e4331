"""The customer cache of a source, kept in the store: each use is a small transaction of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from earshot.ports.store import Cached, Row, Store


class StoredDirectory:
    """Implements `ports.store.Cache` for parts that live longer than one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, kind: str, ids: Sequence[str], *, fresh_since: datetime) -> dict[str, Cached]:
        """The cached objects of a kind that were fetched since `fresh_since`."""
        async with self._store.unit() as unit:
            return await unit.directory.load(kind, ids, fresh_since=fresh_since)

    async def save(self, kind: str, objects: Mapping[str, Row], *, fetched_at: datetime) -> None:
        """Put objects into the cache and make them durable."""
        async with self._store.unit() as unit:
            await unit.directory.save(kind, objects, fetched_at=fetched_at)
            await unit.commit()
