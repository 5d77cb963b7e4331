"""Entries about actions that wait because the text that led to them may be a trick, or labels are doubtful."""

from earshot.domain.delivery import Delivery, DeliveryState
from earshot.domain.queue import QueueDecision
from earshot.pipeline.acting.looking import shown
from earshot.pipeline.acting.people import HELD, approve, discard
from earshot.pipeline.pages.queue.conversations import conversation_side
from earshot.pipeline.pages.queue.entries import Answered, Choice, Entry, Fact, Given, Side, meanwhile
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit

SEND, DROP = "send", "drop"
_CHOICES = (
    Choice(key="y", answer=SEND, text="Send it", does="Exactly what is shown goes out next.", main=True),
    Choice(key="n", answer=DROP, text="Discard", does="It is not sent; the reason stays with your name."),
)


class Suspects:
    """Held deliveries of an action beside the conversation that led to it."""

    async def entry(self, parts: Parts, subject: str) -> Entry | None:
        """What would be sent and why it waits, None where nothing of it waits any more."""
        async with parts.store.unit() as unit:
            held = await _held(unit, subject)
            found = await unit.decisions.get([subject])
            if not held or not found:
                return None
            action = found[0]
            side = await conversation_side(
                unit, action.conversation_id, currency=parts.report.currency, label="The conversation behind it"
            )
        causes = "; ".join(dict.fromkeys(one.cause for one in held if one.cause)) or action.suspect
        return Entry(
            question=f"May this be sent? It waits: {causes or 'every action wants an approval'}.",
            sides=(side, *(_side(parts, one) for one in held)),
            choices=_CHOICES,
            version=_version(held),
        )

    async def answer(self, parts: Parts, given: Given) -> Answered:
        """Let exactly what was shown go, or give it up."""
        async with parts.store.unit() as unit:
            held = await _held(unit, given.subject)
        if not held or (given.version is not None and given.version != _version(held)):
            raise meanwhile()
        if given.answer == SEND:
            done = await approve(parts, held)
            said = "Approved: it goes with the next delivery."
        else:
            done = await discard(parts, held, reason=given.reason)
            said = "Discarded."
        if not done:
            raise meanwhile()
        return Answered(said=said, before={one.id: one.cause for one in held})

    async def take_back(self, parts: Parts, decision: QueueDecision) -> None:
        """It waits again, unless it went out meanwhile."""
        now = parts.clock.now()
        states = frozenset({DeliveryState.PENDING, DeliveryState.DISCARDED})
        async with parts.store.unit() as unit:
            every = await unit.outbox.deliveries(action_keys=[decision.subject], states=states, limit=1000)
            back = [one for one in every if one.id in decision.before]
            for one in back:
                update = {"state": DeliveryState.HELD, "cause": decision.before[one.id], "approved_by": ""}
                waiting = one.model_copy(update={**update, "ended_at": None})
                if not await unit.outbox.change(waiting, only_from=states, now=now):
                    raise meanwhile()
            if len(back) < len(decision.before):
                raise meanwhile()
            await unit.commit()


async def _held(unit: Unit, action_key: str) -> list[Delivery]:
    return await unit.outbox.deliveries(action_keys=[action_key], states=HELD, limit=1000)


def _version(held: list[Delivery]) -> str:
    return " ".join(sorted(one.id for one in held))


def _side(parts: Parts, delivery: Delivery) -> Side:
    body = shown(parts, delivery)
    facts = (Fact(name="Problem", value=body.problem),) if body.problem else ()
    return Side(
        label=f"To {delivery.destination}",
        title=f"{delivery.thing.value.capitalize()}, {delivery.op.value}",
        href=f"/actions/{delivery.action_key}",
        text=body.preview,
        facts=facts,
    )
