"""Deliveries and links as they are first written down."""

from datetime import datetime
from typing import Any

from earshot.act.keys import object_key, request_key, variant
from earshot.act.routing import Route
from earshot.domain.action import Action, ActionKind
from earshot.domain.delivery import Content, Delivery, DeliveryState, Link, Op

_URGENT = frozenset({ActionKind.PAGE_ONCALL_ENGINEER, ActionKind.CREATE_JIRA_P0})


def new_link(
    action: Action, route: Route, *, now: datetime, named: str | None = None, episode: int = 0, dry: bool = False
) -> Link:
    """The link of a thing that does not stand there yet. `named` is its variant where it is not the usual one."""
    name = variant(action, route) if named is None else named
    place: dict[str, Any] = {
        "destination": route.destination,
        "thing": route.thing,
        "subject_id": action.subject_id,
    }
    key = object_key(**place, variant=name, episode=episode, dry=dry)
    return Link(**place, object_key=key, variant=name, episode=episode, action_key=action.key, planned_at=now)


def told(link: Link, conversations: int, *, now: datetime, requests: int = 1) -> Link:
    """The link after requests were planned that name so many conversations; the count never falls."""
    what: dict[str, Any] = {"told": max(link.told, conversations), "told_at": now}
    return link.model_copy(update={**what, "sequence": link.sequence + requests})


def request(
    action: Action, link: Link, *, op: Op, content: Content, conversations: int, now: datetime, held: str = ""
) -> Delivery:
    """A request about a thing, its key by the link's sequence. `held` says why it waits for a person."""
    return Delivery(
        id=request_key(link.object_key, op, sequence=link.sequence),
        object_key=link.object_key,
        action_key=action.key,
        destination=link.destination,
        thing=link.thing,
        op=op,
        subject_id=link.subject_id,
        content=content,
        state=DeliveryState.HELD if held else DeliveryState.PENDING,
        cause=held,
        told=conversations,
        urgent=action.kind in _URGENT,
        not_before=now,
        created_at=now,
        receipt=link.receipt if op is not Op.CREATE else None,
    )


def ended(delivery: Delivery, state: DeliveryState, *, cause: str = "") -> Delivery:
    """The delivery as one that is over before it began: rehearsed or suppressed."""
    over: dict[str, Any] = {"state": state, "cause": cause, "ended_at": delivery.created_at}
    return delivery.model_copy(update=over)
