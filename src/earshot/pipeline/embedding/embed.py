"""Use case: a vector for every finding, made where none is kept yet.

Vectors better what words alone find; they are never needed. When the provider fails, the budget is spent or nobody
agreed to spend, one line says so, and whoever asked goes on with the vectors that are there.
"""

import asyncio
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from earshot.domain.grouping import Mention
from earshot.errors import Rejected, Transient
from earshot.pipeline.embedding.booked import BookedEmbedder
from earshot.pipeline.embedding.texts import Wanted, of_mention
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.owing import owing
from earshot.ports.embedder import Embedder
from earshot.ports.ledger import BudgetSpent, Ledger

LOOKED_UP = 2000
"""Digests in one query."""
LOCAL_BATCH = 256
"""Texts that a local model gets at once; after each such batch the vectors are kept."""
MOST_REFUSED = 5
"""Texts refused one by one after which nothing more is sent: then it is not the texts."""

_T = TypeVar("_T")

Vectors = dict[str, Sequence[float]]
"""Unit vectors by digest."""


async def embed_mentions(parts: Parts, mentions: Iterable[Mention]) -> Vectors:
    """Vectors of findings by `Mention.digest`; none for those that could not be embedded, and none while off."""
    if parts.make_embedder is None:
        return {}
    return await embed(parts, [of_mention(mention) for mention in mentions])


async def embed(parts: Parts, wanted: Sequence[Wanted]) -> Vectors:
    """Vectors by digest, kept ones first; what is new is made in batches and kept after each, so a kill costs one.

    Raises Misconfigured where a person must change a setting: key, model, path, missing library.
    """
    if parts.make_embedder is None or not wanted:
        return {}
    embedder = parts.make_embedder()
    distinct = {one.digest: one for one in wanted if one.text.strip()}
    vectors = await kept(parts, embedder.name, digests=list(distinct))
    missing = [one for digest, one in distinct.items() if digest not in vectors]
    if missing and await _may(parts, embedder):
        await _Round(parts, embedder, vectors=vectors).make(missing)
    return vectors


async def embed_missing(parts: Parts, mentions: Sequence[Mention]) -> None:
    """Make what vectors these findings lack, and keep them; none is held in memory for it."""
    if parts.make_embedder is None:
        return
    embedder = parts.make_embedder()
    missing: dict[str, Wanted] = {}
    for some in _batches(mentions, LOOKED_UP):
        there = await kept(parts, embedder.name, digests=[one.digest for one in some])
        missing |= {one.digest: of_mention(one) for one in some if one.digest not in there}
    if missing and await _may(parts, embedder):
        await _Round(parts, embedder, vectors=None).make([one for one in missing.values() if one.text.strip()])


async def kept(parts: Parts, model: str, *, digests: Sequence[str]) -> Vectors:
    """The vectors that this model made earlier."""
    found: Vectors = {}
    for some in _batches(digests, LOOKED_UP):
        async with parts.store.unit() as unit:
            rows = await unit.themes.embeddings(model, some)
        found |= {digest: array("f", row) for digest, row in rows.items()}
    return found


async def _may(parts: Parts, embedder: Embedder) -> bool:
    """Whether texts may be sent: always to this machine, elsewhere once somebody agreed."""
    if not isinstance(embedder, BookedEmbedder):
        return True
    if embedder.resting:
        return False
    async with parts.store.unit() as unit:
        agreed = await unit.calls.consented(embedder.provider)
    if not agreed:
        parts.progress.say(
            f"Nobody agreed yet to send findings to {embedder.provider} for embedding: themes are found by words "
            "alone. Run `earshot run` once in a terminal, or with --yes."
        )
    return agreed


class _Round:
    """Makes what is missing, until it is done or something stands in the way."""

    def __init__(self, parts: Parts, embedder: Embedder, *, vectors: Vectors | None) -> None:
        self._parts = parts
        self._embedder = embedder
        self._vectors = vectors
        self._refused = 0
        paid = isinstance(embedder, BookedEmbedder)
        self._size = embedder.most_texts if paid else LOCAL_BATCH
        self._parallel = embedder.concurrency if paid else 1

    @property
    def _ledger(self) -> Ledger | None:
        return self._embedder.ledger if isinstance(self._embedder, BookedEmbedder) else None

    async def make(self, missing: Sequence[Wanted]) -> None:
        """Embed and keep; vectors are added to those handed in, if any were."""
        step = self._parts.progress.step("Embedding findings", len(missing))
        made = 0
        try:
            for some in _batches(missing, self._size * self._parallel):
                batches = list(_batches(some, self._size))
                async with owing(self._ledger) as debt:
                    results = await asyncio.gather(*map(self._batch, batches), return_exceptions=True)
                    good = [pair for r in results if not isinstance(r, BaseException) for pair in r]
                    made += await self._keep(good)
                    debt.saved()
                step.advance(len(some))
                if failed := next((r for r in results if isinstance(r, BaseException)), None):
                    self._give_up(failed, left=len(missing) - made)
                    break
        finally:
            step.done()

    async def _batch(self, some: Sequence[Wanted]) -> list[tuple[str, Sequence[float]]]:
        embedder = self._embedder
        hide = embedder.hide if isinstance(embedder, BookedEmbedder) else None
        texts = await hide(self._parts.store, some) if hide else [one.text for one in some]
        rows = await self._around_refused(texts)
        return [(one.digest, array("f", row)) for one, row in zip(some, rows, strict=True) if row is not None]

    async def _around_refused(self, texts: Sequence[str]) -> list[list[float] | None]:
        """The vectors; a text that the provider refuses gets none, and costs its neighbours nothing."""
        try:
            return list[list[float] | None](await self._embedder.embed(texts))
        except BudgetSpent:
            raise
        except Rejected:
            if len(texts) > 1:
                half = len(texts) // 2
                return await self._around_refused(texts[:half]) + await self._around_refused(texts[half:])
            self._refused += 1
            if self._refused >= MOST_REFUSED:
                raise
            return [None]

    async def _keep(self, rows: Sequence[tuple[str, Sequence[float]]]) -> int:
        if rows:
            async with self._parts.store.unit() as unit:
                await unit.themes.keep_embeddings(self._embedder.name, dict(rows))
                await unit.commit()
            if self._vectors is not None:
                self._vectors.update(rows)
        return len(rows)

    def _give_up(self, failed: BaseException, *, left: int) -> None:
        """Say once why it ends here; what a person must change, and faults of ours, are raised."""
        if not isinstance(failed, Transient | Rejected):
            raise failed
        self._parts.progress.say(
            f"{failed} {left:,} findings stay without a vector for now; their themes are found by words alone."
        )


def _batches(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
