"""What happened to an action, in the order of time, from its rows and the trail of people."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from earshot.domain.delivery import Delivery, DeliveryState, Link, Op
from earshot.domain.model import Noun
from earshot.domain.visitor import Act
from earshot.pipeline.acting.looking import ActionPortrait

ENDS: Final = {
    DeliveryState.DONE: "Done",
    DeliveryState.DEAD: "Failed",
    DeliveryState.DRY: "Rehearsed",
    DeliveryState.SUPPRESSED: "Suppressed",
    DeliveryState.DISCARDED: "Discarded",
}
_ACTS: Final = {
    "action.approve": "Approved",
    "action.retry": "Tried again by a person",
    "action.discard": "Discarded by a person",
}
_OPS: Final = {Op.CREATE: "new", Op.UPDATE: "update", Op.RESOLVE: "end", Op.REOPEN: "reopening"}


class Event(Noun):
    """Something that happened. `who` did it: a rule, a person, a destination."""

    at: datetime
    what: str
    who: str = ""
    more: str = ""


def history(portrait: ActionPortrait, acts: Sequence[Act]) -> list[Event]:
    """Everything that is known to have happened, the newest last."""
    action = portrait.action
    events = [Event(at=action.created_at, what="Decided", who=f"rule {action.rule}")]
    for one in portrait.deliveries:
        events += _of_delivery(one.delivery)
    for link in portrait.links:
        events += _of_link(link)
    events += [Event(at=act.at, what=_ACTS[act.act], who=act.actor) for act in acts if act.act in _ACTS]
    return sorted(events, key=lambda event: event.at)


def _of_delivery(delivery: Delivery) -> Iterator[Event]:
    where = f"{delivery.destination}: {delivery.thing.value}, {_OPS[delivery.op]}"
    yield Event(at=delivery.created_at, what="Planned", who=delivery.destination, more=where)
    if delivery.first_tried_at is not None:
        tries = f"{delivery.attempts} attempt{'s' * (delivery.attempts != 1)} in all"
        yield Event(at=delivery.first_tried_at, what="First tried", who=delivery.destination, more=tries)
    if delivery.ended_at is not None and delivery.state in ENDS:
        why = "; ".join(filter(None, (delivery.cause, delivery.note)))
        yield Event(at=delivery.ended_at, what=ENDS[delivery.state], who=delivery.destination, more=why)


def _of_link(link: Link) -> Iterator[Event]:
    if link.closed_at is not None:
        yield Event(at=link.closed_at, what=f"Closed there: {link.standing.value}", who=link.destination)
    if link.checked_at is not None:
        yield Event(at=link.checked_at, what=f"Last read back: {link.standing.value}", who=link.destination)
