"""What embedding will cost before anything is spent: of the findings that wait, and of those to come."""

from earshot.domain.model import Noun
from earshot.pipeline.embedding.booked import BookedEmbedder
from earshot.pipeline.embedding.embed import LOOKED_UP, kept
from earshot.pipeline.embedding.texts import of_mention
from earshot.pipeline.money.consent import dollars
from earshot.pipeline.parts import Parts

SAMPLE = 500
"""Texts that are priced; the rest is taken to be like them."""
USUAL = "word " * 80
"""What a finding's text is like where none is stored yet."""
_ALL = 1_000_000_000


class Outlook(Noun):
    """How many stored findings have no vector yet, and what theirs cost by list price; None: unknown price."""

    provider: str
    model: str
    waiting: int
    usd: float | None
    usd_per_thousand: float | None

    @property
    def in_words(self) -> str:
        """The outlook in one sentence."""
        by = f"{self.provider}:{self.model}"
        if self.usd is None or self.usd_per_thousand is None:
            return f"Embedding: {self.waiting:,} findings by {by} at an unknown price ([llm.prices] can name it)."
        more = f"{dollars(self.usd_per_thousand)} for each thousand to come, by list price"
        if not self.waiting:
            return f"Embedding: findings by {by} cost about {more}."
        return f"Embedding: {self.waiting:,} findings by {by} will cost about {dollars(self.usd)}, and {more}."


async def outlook(parts: Parts) -> Outlook | None:
    """What is to be expected; None where no provider is paid. Nothing is sent."""
    embedder = parts.make_embedder() if parts.make_embedder is not None else None
    if not isinstance(embedder, BookedEmbedder):
        return None
    async with parts.store.unit() as unit:
        mentions = await unit.themes.mentions(_ALL)
    texts = {one.digest: one.text for one in map(of_mention, mentions)}
    waiting: list[str] = []
    digests = list(texts)
    for start in range(0, len(digests), LOOKED_UP):
        some = digests[start : start + LOOKED_UP]
        made = await kept(parts, embedder.name, digests=some)
        waiting += [digest for digest in some if digest not in made]
    sample = [texts[digest] for digest in (waiting or digests)[:: max(1, len(waiting or digests) // SAMPLE)]]
    usd = embedder.price(sample or [USUAL])
    each = None if usd is None else usd / max(1, len(sample))
    return Outlook(
        provider=embedder.provider,
        model=embedder.model,
        waiting=len(waiting),
        usd=None if each is None else each * len(waiting),
        usd_per_thousand=None if each is None else 1000 * each,
    )
