"""Embeddings that are kept, so that no text is embedded twice."""

from collections.abc import Mapping, Sequence

from earshot.store.sql import Sql, Stage

_KEPT = Stage("fresh_embedding", {"model": "text", "digest": "text", "vector": "real[]"})
_KEEP = """
    insert into embedding (model, digest, vector) select model, digest, vector from fresh_embedding order by digest
    on conflict (model, digest) do update set vector = excluded.vector
"""


class Embeddings:
    """The part of `ports.store.Themes` that keeps embeddings."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def embeddings(self, model: str, digests: Sequence[str]) -> dict[str, Sequence[float]]:
        """Kept embeddings of texts by digest."""
        rows = await self._sql.rows(
            "select digest, vector from embedding where model = :model and digest = any(:digests)",
            model=model,
            digests=list(digests),
        )
        return {row["digest"]: row["vector"] for row in rows}

    async def keep_embeddings(self, model: str, vectors: Mapping[str, Sequence[float]]) -> None:
        """Keep embeddings, so that no text is embedded twice."""
        await self._sql.stage(_KEPT, [(model, digest, list(vector)) for digest, vector in vectors.items()])
        await self._sql.run(_KEEP)
