"""Readers that answer what a test writes down, and conversations for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from earshot.domain.call import Tier
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Provenance, Stage
from earshot.domain.reading import (
    ChurnRisk,
    Finding,
    IssueType,
    PartialLabels,
    Priority,
    Reading,
    RecommendedAction,
    Sentiment,
)
from earshot.ports.reader import Read


def reading(confidence: float = 0.9, *, issue: IssueType = IssueType.BILLING) -> Reading:
    return Reading(
        issue_type=issue,
        priority=Priority.HIGH,
        sentiment=Sentiment.NEUTRAL,
        sentiment_score=0.0,
        churn_risk=ChurnRisk.LOW,
        confidence=confidence,
        summary="Charged twice",
        recommended_action=RecommendedAction.ROUTINE,
        findings=(Finding(issue_type=issue, summary="Charged twice"),),
    )


def provenance(model: str = "small-1", *, cost: float | None = 0.1) -> Provenance:
    return Provenance(
        classifier="llm",
        model=model,
        tier=Tier.CHEAP,
        input_tokens=10,
        output_tokens=1,
        cost_usd=cost,
        latency_ms=100,
    )


def good(
    conversation: Conversation, *, confidence: float = 0.9, model: str = "small-1", cost: float | None = 0.1
) -> Read:
    return Read(
        conversation_id=conversation.id,
        reading=reading(confidence),
        provenance=provenance(model, cost=cost),
    )


def labelled(conversation: Conversation, *, confidence: float | None) -> Read:
    labels = PartialLabels(issue_type=IssueType.BILLING, confidence=confidence)
    return Read(conversation_id=conversation.id, labels=labels, provenance=provenance())


def silent(conversation: Conversation) -> Read:
    return Read(
        conversation_id=conversation.id, provenance=provenance(cost=0.0), failure="no answer", unanswered=True
    )


def refused(conversation: Conversation) -> Read:
    return Read(conversation_id=conversation.id, provenance=provenance(), failure="the model refused")


@dataclass
class Says:
    """A reader whose answers a function gives; it remembers what it was asked."""

    answer: Callable[[Conversation], Read]
    name: str = "llm"
    stage: Stage = Stage.FULL
    batch: int = 1
    parallel: int = 8
    asked: list[str] = field(default_factory=list[str])

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        self.asked += [conversation.id for conversation in conversations]
        return [self.answer(conversation) for conversation in conversations]


def raises(error: Exception) -> Callable[[Conversation], Read]:
    def answer(_: Conversation) -> Read:
        raise error

    return answer
