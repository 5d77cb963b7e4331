"""The reader that asks a language model: prepare, ask by the book, understand. One tier, one model."""

import asyncio
from collections.abc import Sequence

from earshot.classify.llm.booking import Booked, Spent
from earshot.classify.llm.prompter import Prepared, Prompter, Understood
from earshot.classify.llm.shortening import Shortening
from earshot.domain.call import Outcome, Tier
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Provenance, Stage
from earshot.errors import Rejected
from earshot.ports.ledger import BudgetSpent
from earshot.ports.model import Unanswered
from earshot.ports.reader import Read

NAME = "llm"
REASONS = {
    Outcome.REFUSED: "the model refused to answer",
    Outcome.TRUNCATED: "the model's answer was cut off",
    Outcome.INVALID: "the model's answer could not be used",
}


class LlmReader:
    """A language model as a reader. `parallel` is how many conversations may be under way at once.

    On tier `labels` the model is a decision endpoint, which answers closed questions only.
    """

    name = NAME
    batch = 1

    def __init__(
        self, booked: Booked, prompter: Prompter, *, parallel: int = 1, shortening: Shortening | None = None
    ) -> None:
        self._booked = booked
        self._prompter = prompter
        self._decisions = booked.tier is Tier.LABELS
        self._shortening = shortening
        self.parallel = parallel

    @property
    def stage(self) -> Stage:
        """Labels only from decision endpoints and the one-word template, whole readings otherwise."""
        return Stage.LABELS if self._decisions else self._prompter.stage

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        """One answer per conversation, in order."""
        if len(conversations) == 1:
            return [await self._read(conversations[0])]
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = [tasks.create_task(self._read(conversation)) for conversation in conversations]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return [task.result() for task in reading]

    async def _read(self, conversation: Conversation) -> Read:
        spent = Spent()
        prepared: Prepared | None = None
        try:
            prepared = await self._prepare(conversation, spent)
            understood = await self._booked.ask(
                prepared.request,
                prepared.understand,
                tokens=prepared.tokens,
                spent=spent,
                conversation_id=conversation.id,
            )
        except BudgetSpent:
            raise
        except (Unanswered, Rejected) as error:
            return Read(
                conversation_id=conversation.id,
                provenance=self._provenance(prepared, spent),
                failure=str(error),
                unanswered=isinstance(error, Unanswered),
            )
        return self._answer(conversation, understood, provenance=self._provenance(prepared, spent))

    async def _prepare(self, conversation: Conversation, spent: Spent) -> Prepared:
        prepared = self._prompter.prepare(conversation, decisions=self._decisions)
        if self._shortening is None or not prepared.shortened or not self._prompter.needs_shortening(conversation):
            return prepared
        return await self._shortening.better(conversation, prepared, reader=self._booked, spent=spent)

    def _answer(self, conversation: Conversation, understood: Understood, *, provenance: Provenance) -> Read:
        good = understood.outcome is Outcome.OK
        reason = understood.reason or REASONS.get(understood.outcome, str(understood.outcome))
        return Read(
            conversation_id=conversation.id,
            reading=understood.reading if good else None,
            labels=understood.labels if good else None,
            provenance=provenance,
            failure=None if good else reason,
            injection=understood.injection,
            dropped_quotes=understood.dropped_quotes,
        )

    def _provenance(self, prepared: Prepared | None, spent: Spent) -> Provenance:
        return Provenance(
            classifier=NAME,
            model=self._booked.model.name,
            prompt_version=prepared.prompt_version if prepared else self._prompter.prompt_version,
            prompt_hash=prepared.prompt_hash if prepared else self._prompter.prompt_hash,
            tier=self._booked.tier,
            shortened=prepared is not None and prepared.shortened,
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
            cost_usd=spent.cost_usd,
            latency_ms=spent.latency_ms,
        )
