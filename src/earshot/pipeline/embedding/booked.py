"""A provider's embedder by the book: every request in the ledger, within budget and rate limit, tried again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from earshot.classify.breaker import Breaker
from earshot.classify.llm.booking import Booked
from earshot.domain.call import Outcome, Purpose, Usage
from earshot.llm.embedding.asked import EmbeddingAnswer, EmbeddingRequest
from earshot.pipeline.embedding.texts import Wanted
from earshot.ports.ledger import Ledger
from earshot.ports.model import Answer, Unanswered
from earshot.ports.store import Store
from earshot.text.tokens import estimate_tokens

Hide = Callable[[Store, Sequence[Wanted]], Awaitable[list[str]]]
"""Gives texts as they may leave the machine."""


@dataclass(frozen=True)
class _Judged:
    outcome: Outcome
    vectors: Sequence[Sequence[float]] = ()


class BookedEmbedder:
    """Implements `ports.embedder.Embedder` over a provider's model.

    `provider` is who gets to see the texts, as `hide` gives them; None gives them as they are.
    """

    def __init__(
        self,
        booked: Booked,
        *,
        name: str,
        prefix: str = "",
        most_texts: int = 100,
        most_characters: int = 2000,
        concurrency: int = 4,
        hide: Hide | None = None,
    ) -> None:
        self._booked = booked
        self._prefix = prefix
        self._gate = asyncio.Semaphore(concurrency)
        self.name = name
        self.most_texts = most_texts
        self.most_characters = most_characters
        self.concurrency = concurrency
        self.hide = hide

    @property
    def provider(self) -> str:
        """Who is asked, for consent."""
        return self._booked.model.provider

    @property
    def model(self) -> str:
        """The model's name at its provider."""
        return self._booked.model.name

    @property
    def ledger(self) -> Ledger:
        """Where the calls are booked."""
        return self._booked.books.ledger

    @property
    def resting(self) -> bool:
        """Whether the provider failed so often that it is left alone for now."""
        model = self._booked.model
        if not isinstance(model, Breaker):
            return False
        try:
            model.check()
        except Unanswered:
            return True
        return False

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector for each text, in order. Raises Unanswered, Rejected, Misconfigured, BudgetSpent."""
        sent = tuple(self._sent(text) for text in texts)
        if not sent:
            return []
        request = EmbeddingRequest(texts=sent)
        async with self._gate:
            judged = await self._booked.ask(
                request, _judge, tokens=sum(map(estimate_tokens, sent)), purpose=Purpose.EMBED
            )
        if len(judged.vectors) != len(sent):
            raise Unanswered(
                f"{self.provider}:{self.model} gave vectors that cannot be used.", outcome=judged.outcome
            )
        return [list(vector) for vector in judged.vectors]

    def price(self, texts: Sequence[str]) -> float | None:
        """What these texts cost by list price, US dollars, estimated; None where the price is unknown."""
        usage = Usage(input_tokens=sum(estimate_tokens(self._sent(text)) for text in texts))
        cost = self._booked.books.prices.cost(self.provider, self.model, usage=usage)
        return cost and cost.usd

    def _sent(self, text: str) -> str:
        whole = self._prefix + text[: self.most_characters]
        return whole.encode("utf-8", "replace").decode()


def _judge(answer: Answer) -> _Judged:
    if isinstance(answer, EmbeddingAnswer) and answer.vectors:
        return _Judged(Outcome.OK, answer.vectors)
    return _Judged(Outcome.INVALID)
