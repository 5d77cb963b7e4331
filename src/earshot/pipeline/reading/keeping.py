"""What readers answered, as rows: insights, labels, and the conversations nobody could read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from earshot.domain.conversation import Conversation
from earshot.domain.insight import FirstLabels, Insight, Unread
from earshot.ports.reader import Read
from earshot.ports.store import Unit

Answered = tuple[Conversation, Read]


@dataclass
class Sorted:
    """Answers by what they are. `left` could not be asked about; they wait for the next run."""

    insights: list[Insight] = field(default_factory=list[Insight])
    labels: list[FirstLabels] = field(default_factory=list[FirstLabels])
    unread: list[Unread] = field(default_factory=list[Unread])
    left: list[str] = field(default_factory=list[str])


async def keep(unit: Unit, answers: Sequence[Answered], *, now: datetime) -> Sorted:
    """Save what readers answered, in a transaction that the caller commits."""
    found = sort(answers, now=now)
    if found.insights or found.labels or found.unread:
        await unit.insights.save(found.insights, found.unread, labels=found.labels)
    return found


def sort(answers: Sequence[Answered], *, now: datetime) -> Sorted:
    """Answers as the rows that they become. No answer becomes a default label."""
    found = Sorted()
    for conversation, answer in answers:
        if answer.reading is not None:
            found.insights.append(_insight(conversation, answer, now=now))
        elif answer.labels is not None:
            found.labels.append(_labels(conversation, answer, now=now))
        elif answer.unanswered:
            found.left.append(conversation.id)
        else:
            found.unread.append(unread(conversation, answer.failure or "no reading", now=now))
    return found


def _insight(conversation: Conversation, answer: Read, *, now: datetime) -> Insight:
    if answer.reading is None:
        raise ValueError("an insight needs a reading")
    customer = conversation.customer
    return Insight(
        conversation_id=conversation.id,
        reading=answer.reading,
        provenance=answer.provenance,
        customer_segment=customer.segment if customer else None,
        content_hash=conversation.content_hash,
        classified_at=now,
        conversation_at=conversation.spoken_at,
        times_known=conversation.times_known,
        injection=answer.injection,
        dropped_quotes=answer.dropped_quotes,
    )


def _labels(conversation: Conversation, answer: Read, *, now: datetime) -> FirstLabels:
    if answer.labels is None:
        raise ValueError("first labels need labels")
    customer = conversation.customer
    return FirstLabels(
        conversation_id=conversation.id,
        labels=answer.labels,
        provenance=answer.provenance,
        customer_segment=customer.segment if customer else None,
        content_hash=conversation.content_hash,
        classified_at=now,
        conversation_at=conversation.spoken_at,
        times_known=conversation.times_known,
    )


def unread(conversation: Conversation, reason: str, *, now: datetime) -> Unread:
    """A conversation that waits for a person, and why."""
    return Unread(
        conversation_id=conversation.id,
        content_hash=conversation.content_hash,
        reason=reason,
        attempted_at=now,
    )
