"""Long threads: the trimmed thread or a summary of it, whichever costs less at the tier's prices."""

from datetime import datetime
from typing import Protocol

from earshot.classify.llm.booking import Booked, Spent, finished
from earshot.classify.llm.prompter import Prepared, Prompter
from earshot.classify.llm.summaries import Rates
from earshot.domain.call import Outcome, Purpose, Tier, Usage
from earshot.domain.conversation import Conversation
from earshot.errors import Rejected
from earshot.ports.ledger import BudgetSpent
from earshot.ports.model import Answer, Unanswered
from earshot.text.tokens import estimate_tokens

_SAMPLE = 10_000
"""Tokens whose price tells the rate; far below any price cliff."""


class Shelf(Protocol):
    """Where summaries are kept; each use is durable by itself."""

    async def get(self, key: str) -> str | None:
        """A stored summary."""
        ...

    async def save(self, key: str, conversation_id: str, *, text: str, now: datetime) -> None:
        """Keep a summary."""
        ...


class _Summary:
    """An answer to a request for a summary."""

    def __init__(self, answer: Answer) -> None:
        self.text = answer.text.strip()
        self.outcome = finished(answer)


class Shortening:
    """Decides how a long thread is read. `cheap` writes the summaries."""

    def __init__(self, prompter: Prompter, cheap: Booked, *, shelf: Shelf) -> None:
        self._prompter = prompter
        self._cheap = cheap
        self._shelf = shelf

    async def better(
        self, conversation: Conversation, prepared: Prepared, *, reader: Booked, spent: Spent
    ) -> Prepared:
        """The prepared request, or one by summary where that costs less for this reader.

        Without a summary, or without known prices, the trimmed thread is read.
        """
        reading, summarising = _rates(reader), _rates(self._cheap)
        if reading is None or summarising is None:
            return prepared
        key = self._prompter.summary_key(conversation)
        summary = await self._shelf.get(key)
        stored = summary is not None
        pays = self._prompter.summary_pays(conversation, reading=reading, summarising=summarising, stored=stored)
        if pays and summary is None:
            summary = await self._write(conversation, key, spent=spent)
        if not pays or summary is None:
            return prepared
        decisions = reader.tier is Tier.LABELS
        return self._prompter.prepare(conversation, decisions=decisions, summary=summary)

    async def _write(self, conversation: Conversation, key: str, *, spent: Spent) -> str | None:
        """A new summary, kept for the next reading; None where none can be had."""
        request = self._prompter.summary_request(conversation)
        try:
            summary = await self._cheap.ask(
                request,
                _Summary,
                tokens=estimate_tokens(request.instructions) + estimate_tokens(request.content),
                spent=spent,
                purpose=Purpose.SUMMARISE,
                conversation_id=conversation.id,
            )
        except BudgetSpent:
            raise
        except (Unanswered, Rejected):
            return None
        if summary.outcome is not Outcome.OK:
            return None
        await self._shelf.save(key, conversation.id, text=summary.text, now=self._cheap.books.clock.now())
        return summary.text


def _rates(booked: Booked) -> Rates | None:
    """A model's list prices, None where they are unknown."""
    prices, provider, name = booked.books.prices, booked.model.provider, booked.model.name
    read = prices.cost(provider, name, usage=Usage(input_tokens=_SAMPLE))
    written = prices.cost(provider, name, usage=Usage(output_tokens=_SAMPLE))
    if read is None or written is None:
        return None
    return Rates(input=read.usd * 1e6 / _SAMPLE, output=written.usd * 1e6 / _SAMPLE)
