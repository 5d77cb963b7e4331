"""Cascade: what a reader is unsure of is read again by a stronger one. The costs of both add up."""

from collections.abc import Sequence

from earshot.domain.conversation import Conversation
from earshot.domain.insight import Provenance, Stage
from earshot.ports.ledger import BudgetSpent
from earshot.ports.reader import Read, Reader


class Cascade:
    """A reader that asks `stronger` where the confidence of `first` is lower than `below`.

    The answer of `first` stays where the stronger one brings none: it is paid for, and it is a reading.
    """

    def __init__(self, first: Reader, stronger: Reader, *, below: float) -> None:
        self._first = first
        self._stronger = stronger
        self._below = below

    @property
    def name(self) -> str:
        """The classifier's name."""
        return self._first.name

    @property
    def stage(self) -> Stage:
        """What the first reader gives; the stronger one may give more."""
        return self._first.stage

    @property
    def batch(self) -> int:
        """As much as both take."""
        return min(self._first.batch, self._stronger.batch)

    @property
    def parallel(self) -> int:
        """As many as both let be under way."""
        return min(self._first.parallel, self._stronger.parallel)

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        """One answer per conversation, in order."""
        answers = await self._first.read(conversations)
        unsure = [c for c, a in zip(conversations, answers, strict=True) if self._unsure(a)]
        if not unsure:
            return answers
        try:
            better = {answer.conversation_id: answer for answer in await self._stronger.read(unsure)}
        except BudgetSpent:
            return answers
        return [_better(answer, better.get(answer.conversation_id)) for answer in answers]

    def _unsure(self, answer: Read) -> bool:
        said = answer.reading or answer.labels
        return said is not None and said.confidence is not None and said.confidence < self._below


def _better(first: Read, second: Read | None) -> Read:
    if second is None:
        return first
    if second.failure is not None:
        return first.model_copy(update={"provenance": added(second.provenance, onto=first.provenance)})
    injection = first.injection or second.injection
    provenance = added(first.provenance, onto=second.provenance)
    return second.model_copy(update={"provenance": provenance, "injection": injection})


def added(spent: Provenance, *, onto: Provenance) -> Provenance:
    """A provenance with another one's tokens, cost and latency added; an unknown summand makes the sum unknown."""
    return onto.model_copy(
        update={
            "input_tokens": _sum(onto.input_tokens, spent.input_tokens),
            "output_tokens": _sum(onto.output_tokens, spent.output_tokens),
            "cost_usd": _sum(onto.cost_usd, spent.cost_usd),
            "latency_ms": _sum(onto.latency_ms, spent.latency_ms),
        }
    )


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
