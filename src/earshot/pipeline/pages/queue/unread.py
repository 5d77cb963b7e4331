"""Entries about conversations that nobody could read: try again, or leave them unread."""

from earshot.domain.queue import QueueDecision
from earshot.errors import BadInput
from earshot.pipeline.live.judging import judge_read
from earshot.pipeline.money.consent import agreed
from earshot.pipeline.pages.queue.conversations import conversation_side
from earshot.pipeline.pages.queue.entries import Answered, Choice, Entry, Given, meanwhile
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.classify import classify
from earshot.ports.store import Want

RETRY, LEAVE = "retry", "leave"
_CHOICES = (
    Choice(key="y", answer=RETRY, text="Read it again", does="As `earshot classify` would.", main=True),
    Choice(key="n", answer=LEAVE, text="Leave it unread", does="It counts as unread; you are not asked again."),
)


class Unread:
    """A conversation without a reading."""

    async def entry(self, parts: Parts, subject: str) -> Entry | None:
        """The conversation and why it was not read, None where it was meanwhile."""
        async with parts.store.unit() as unit:
            reason = await unit.browse.unread(subject)
            if reason is None:
                return None
            side = await conversation_side(unit, subject, currency=parts.report.currency)
        return Entry(question=f"Nobody could read this: {reason}", sides=(side,), choices=_CHOICES)

    async def answer(self, parts: Parts, given: Given) -> Answered:
        """Read it now, or let it be."""
        async with parts.store.unit() as unit:
            reason = await unit.browse.unread(given.subject)
            found = await unit.conversations.get([given.subject])
        if reason is None or not found:
            raise meanwhile()
        if given.answer == LEAVE:
            return Answered(said="Left unread.", before={"text": found[0].content_hash})
        await _read(parts, given.subject)
        async with parts.store.unit() as unit:
            still = await unit.browse.unread(given.subject)
        return Answered(said=f"Still nobody could read it: {still}" if still else "It is read, or is being read.")

    async def take_back(self, parts: Parts, decision: QueueDecision) -> None:
        """It is asked again: the decision alone kept it away."""


async def _read(parts: Parts, conversation_id: str) -> None:
    """Try it anew and let the rules judge it. BadInput where that costs money to which nobody agreed."""
    if parts.make_llm is not None and not await agreed(parts, parts.make_llm()):
        raise BadInput(
            "Nobody agreed to spend money with the model provider yet.", hint="Run `earshot run` once by hand."
        )
    want = Want(only=(conversation_id,), unread_before=parts.clock.now())
    done = await classify(parts, want=want, urgent=True)
    if done.read:
        await judge_read(parts, [conversation_id])
