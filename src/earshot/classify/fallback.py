"""Fallback: another reader stands in while the chosen one cannot be asked.

It never stands in for an answer that was given: a refusal or an unusable answer says something about the
conversation, and goes to the review queue.
"""

from collections.abc import Callable, Sequence
from functools import cache

from earshot.classify.cascade import added
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Stage
from earshot.domain.reading import PartialLabels, Reading
from earshot.errors import Misconfigured
from earshot.ports.meter import Meter, NoMeter
from earshot.ports.reader import Read, Reader


class Fallback:
    """A reader that hands to `second` what nobody answered.

    The second one is made when it is needed. `provisional` marks what it read, so that it is read again when the
    first one answers; `silent` lets it stand in for a misconfigured first one too, which hides a revoked key.
    """

    def __init__(
        self,
        first: Reader,
        second: Callable[[], Reader],
        *,
        provisional: bool,
        silent: bool = False,
        meter: Meter | None = None,
    ) -> None:
        self._first = first
        self._second = cache(second)
        self._provisional = provisional
        self._silent = silent
        self._meter = meter or NoMeter()

    @property
    def name(self) -> str:
        """The classifier's name."""
        return self._first.name

    @property
    def stage(self) -> Stage:
        """What the chosen reader gives."""
        return self._first.stage

    @property
    def batch(self) -> int:
        """As much as the chosen reader takes."""
        return self._first.batch

    @property
    def parallel(self) -> int:
        """As many as the chosen reader lets be under way."""
        return self._first.parallel

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        """One answer per conversation, in order."""
        answers = await self._asked(conversations)
        open_ones = [c for c in conversations if c.id not in answers or answers[c.id].unanswered]
        if open_ones:
            self._count(len(open_ones), reason="unanswered" if answers else "misconfigured")
            for answer in await self._second().read(open_ones):
                answers[answer.conversation_id] = self._marked(answer, answers.get(answer.conversation_id))
        return [answers[conversation.id] for conversation in conversations]

    async def _asked(self, conversations: Sequence[Conversation]) -> dict[str, Read]:
        try:
            return {answer.conversation_id: answer for answer in await self._first.read(conversations)}
        except Misconfigured:
            if not self._silent:
                raise
            return {}

    def _count(self, conversations: int, *, reason: str) -> None:
        ways = {"from": self.name, "to": self._second().name, "reason": reason}
        self._meter.count("earshot_llm_fallbacks_total", conversations, **ways)

    def _marked(self, answer: Read, before: Read | None) -> Read:
        provenance = answer.provenance
        if before is not None:
            provenance = added(before.provenance, onto=provenance)
        if self._provisional:
            provenance = provenance.model_copy(update={"provisional": True})
        answer = answer.model_copy(update={"provenance": provenance})
        if self.stage is Stage.LABELS and answer.reading is not None:
            return answer.model_copy(update={"reading": None, "labels": labels_of(answer.reading)})
        return answer


def labels_of(reading: Reading) -> PartialLabels:
    """The closed fields of a reading: what it gives where labels alone are wanted."""
    return PartialLabels(
        issue_type=reading.issue_type,
        priority=reading.priority,
        sentiment=reading.sentiment,
        churn_risk=reading.churn_risk,
        confidence=reading.confidence,
    )
