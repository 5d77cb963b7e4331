"""What is to be done now about an action: at every destination of its kind; and what people ask for themselves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from earshot.act.episodes import Desk, step
from earshot.act.keys import object_key, request_key
from earshot.act.requests import ended, new_link, request, told
from earshot.act.routing import Route, Routes, chosen
from earshot.act.settings import ActSettings
from earshot.act.texts.variables import Occasion
from earshot.act.wording import Words
from earshot.domain.action import INWARD
from earshot.domain.delivery import (
    Case,
    Delivery,
    DeliveryState,
    Dossier,
    Link,
    Op,
    Planned,
    Standing,
    WebLink,
)

NO_ROUTE_WAIT = timedelta(hours=1)
"""After how long an action with nowhere to go is looked at again."""
_CLOSED = frozenset({Standing.DONE, Standing.DUPLICATE, Standing.GONE})


def plan(
    case: Case, *, routes: Routes, words: Words, settings: ActSettings, now: datetime, settled: bool
) -> Planned:
    """What to do now about a case, at every destination of its kind. `settled`: everything is in, no more comes.

    The same case at the same time gives the same plan, with the same keys: planning twice does nothing twice.
    """
    action = case.dossier.action
    if action.kind in INWARD or case.dossier.conversations + case.dossier.suspects == 0:
        return Planned(action_key=action.key)
    ways = chosen(action, routes)
    if not ways:
        return Planned(action_key=action.key, look_at=now + NO_ROUTE_WAIT)
    desk = Desk(case, words, settings, now, settled)
    steps = [step(desk, route) for route in ways]
    looks = [step.look_at for step in steps if step.look_at is not None]
    return Planned(
        action_key=action.key,
        links=tuple(link for step in steps for link in step.links),
        deliveries=tuple(delivery for step in steps for delivery in step.deliveries),
        changed=tuple(delivery for step in steps for delivery in step.changed),
        look_at=min(looks, default=None),
    )


def resolve(link: Link, *, words: Words, settings: ActSettings, now: datetime) -> Planned:
    """The end of a page that has gone quiet. Nothing while it is not open: no end overtakes its beginning."""
    if link.standing is not Standing.OPEN:
        return Planned(action_key=link.action_key)
    row = Delivery(
        id=request_key(link.object_key, Op.RESOLVE, sequence=link.sequence),
        object_key=link.object_key,
        action_key=link.action_key,
        destination=link.destination,
        thing=link.thing,
        op=Op.RESOLVE,
        subject_id=link.subject_id,
        content=words.resolve(link, hours=settings.resolve_after_hours),
        told=link.told,
        not_before=now,
        created_at=now,
        receipt=link.receipt,
    )
    return Planned(action_key=link.action_key, deliveries=(row,))


def push(dossier: Dossier, link: Link | None, *, route: Route, words: Words, now: datetime) -> Planned:
    """A backlog item as a ticket or note, its approved words and evidence; nothing where one stands open already.

    Where the last one (`link`) was closed, a new one names it. A person asked for it, so nothing holds it back.
    """
    action, known = dossier.action, _of_item(dossier)
    if link is not None and link.standing not in _CLOSED:
        return Planned(action_key=action.key)
    content = words.create(known, route, occasion=Occasion(earlier=link))
    if route.dry:
        rehearsed = new_link(action, route, now=now, dry=True)
        row = request(action, rehearsed, op=Op.CREATE, content=content, conversations=known.conversations, now=now)
        return Planned(action_key=action.key, deliveries=(ended(row, DeliveryState.DRY),))
    made = new_link(action, route, now=now, episode=link.episode + 1 if link else 0)
    row = request(action, made, op=Op.CREATE, content=content, conversations=known.conversations, now=now)
    return Planned(action_key=action.key, links=(told(made, known.conversations, now=now),), deliveries=(row,))


def fall_back(page: Delivery, *, route: Route, words: Words, now: datetime) -> Planned:
    """What tells people of a page that did not go out; calling again for the same page makes the same."""
    named = f"page failed {page.object_key}"
    place: dict[str, Any] = {
        "destination": route.destination,
        "thing": route.thing,
        "subject_id": page.subject_id,
        "variant": named,
    }
    key = object_key(**place, dry=route.dry)
    link = Link(**place, object_key=key, action_key=page.action_key, planned_at=now, told=page.told, sequence=1)
    row = page.model_copy(
        update={
            "id": request_key(key, Op.CREATE, sequence=0),
            "object_key": key,
            "destination": route.destination,
            "thing": route.thing,
            "content": words.page_failed(page),
            "state": DeliveryState.DRY if route.dry else DeliveryState.PENDING,
            **_UNTRIED,
            "not_before": now,
            "created_at": now,
            "ended_at": now if route.dry else None,
        }
    )
    return Planned(action_key=page.action_key, links=() if route.dry else (link,), deliveries=(row,))


_UNTRIED: Mapping[str, Any] = {
    name: Delivery.model_fields[name].default
    for name in (
        "attempts",
        "worker",
        "lease_until",
        "first_tried_at",
        "maybe_arrived",
        "receipt",
        "last_status",
        "cause",
        "note",
    )
}


def _of_item(dossier: Dossier) -> Dossier:
    """The dossier with the evidence of its backlog item, as it was approved, in place of what came later."""
    if dossier.item is None:
        return dossier
    evidence = dossier.item.evidence
    counted: dict[str, Any] = {"conversations": evidence.conversations, "avg_sentiment": evidence.avg_sentiment}
    links = tuple(WebLink(text=link.conversation_id, href=link.url) for link in evidence.links if link.url)
    seen: dict[str, Any] = {
        "conversations": evidence.conversations,
        "customers": evidence.customers,
        "mrr": evidence.mrr,
        "first_seen": evidence.first_seen,
        "last_seen": evidence.last_seen,
        "quotes": evidence.quotes,
        "links": links,
        "theme": dossier.theme.model_copy(update=counted) if dossier.theme else None,
    }
    return dossier.model_copy(update=seen)
