"""Use case: read what is new or changed, a batch at a time; every batch is durable before the next begins."""

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.conversation import Conversation
from earshot.domain.insight import Insight, Unread
from earshot.domain.model import Noun
from earshot.pipeline.parts import Parts
from earshot.ports.reader import Read

BATCH = 500
"""Conversations per transaction: a killed run loses at most the reading of one batch."""


class Classified(Noun):
    """How many conversations were read, and how many nobody could read."""

    read: int = 0
    unread: int = 0


async def classify(parts: Parts, *, classifier: str = "auto") -> Classified:
    """Read every pending conversation. Idempotent: what has an insight for its content is not read again."""
    async with parts.store.unit() as unit:
        pending = await unit.conversations.count_pending()
    if not pending:
        return Classified()
    reader = parts.make_reader(classifier)
    step = parts.progress.step("Reading conversations", pending)
    total = Classified()
    while batch := await _pending(parts):
        answers = await reader.read(batch)
        insights, unread = _sort(batch, answers, now=parts.clock.now())
        async with parts.store.unit() as unit:
            await unit.insights.save(insights, unread)
            await unit.commit()
        total = Classified(read=total.read + len(insights), unread=total.unread + len(unread))
        step.advance(len(batch))
    step.done()
    return total


async def _pending(parts: Parts) -> list[Conversation]:
    async with parts.store.unit() as unit:
        return await unit.conversations.pending(BATCH)


def _sort(
    batch: Sequence[Conversation], answers: Sequence[Read], *, now: datetime
) -> tuple[list[Insight], list[Unread]]:
    insights: list[Insight] = []
    unread: list[Unread] = []
    for conversation, answer in zip(batch, answers, strict=True):
        if answer.reading is None:
            unread.append(_unread(conversation, answer, now=now))
        else:
            insights.append(_insight(conversation, answer, now=now))
    return insights, unread


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
    )


def _unread(conversation: Conversation, answer: Read, *, now: datetime) -> Unread:
    return Unread(
        conversation_id=conversation.id,
        content_hash=conversation.content_hash,
        reason=answer.failure or "no reading",
        attempted_at=now,
    )
