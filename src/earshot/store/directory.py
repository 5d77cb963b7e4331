"""The cache of a source's customers and companies."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from earshot.ports.source import Behind
from earshot.ports.store import Cached, Row
from earshot.store.cleaning import clean_json
from earshot.store.sql import Sql, Stage

_STAGE = Stage("arriving_directory", {"kind": "text", "id": "text", "body": "jsonb", "fetched_at": "timestamptz"})
_UPSERT = """
    insert into directory (kind, id, body, fetched_at) select kind, id, body, fetched_at from arriving_directory
    order by kind, id
    on conflict (kind, id) do update set body = excluded.body, fetched_at = excluded.fetched_at
    where excluded.fetched_at >= directory.fetched_at
"""
_HELD = """
    select d.kind, d.id, d.fetched_at from directory d
    join unnest(cast(:kinds as text[]), cast(:ids as text[])) as b (kind, id) on d.kind = b.kind and d.id = b.id
    order by d.kind, d.id for share of d
"""


class PostgresDirectory:
    """`ports.store.Directory` in PostgreSQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def load(self, kind: str, ids: Sequence[str], *, fresh_since: datetime) -> dict[str, Cached]:
        """The cached objects of a kind that were fetched since `fresh_since`."""
        rows = await self._sql.rows(
            """select id, body, fetched_at from directory
                where kind = :kind and id = any(:ids) and fetched_at >= :since""",
            kind=kind,
            ids=list(ids),
            since=fresh_since,
        )
        return {row["id"]: Cached(json.loads(row["body"]), row["fetched_at"]) for row in rows}

    async def save(self, kind: str, objects: Mapping[str, Row], *, fetched_at: datetime) -> None:
        """Put objects into the cache, replacing older ones."""
        if objects:
            rows = [(kind, one, json.dumps(clean_json(body)), fetched_at) for one, body in objects.items()]
            await self._sql.stage(_STAGE, rows)
            await self._sql.run(_UPSERT)

    async def changed(self, behind: Collection[Behind]) -> frozenset[Behind]:
        """Which of these are not held as they were used; until the transaction ends, none of the others changes."""
        if not behind:
            return frozenset()
        rows = await self._sql.rows(_HELD, kinds=[one.kind for one in behind], ids=[one.id for one in behind])
        held = {(row["kind"], row["id"]): row["fetched_at"] for row in rows}
        return frozenset(one for one in behind if held.get((one.kind, one.id)) != one.fetched_at)
