"""Holding down storms: how many new things may stand at a destination, when growth is told, what was held back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from earshot.act.keys import object_key, request_key
from earshot.act.routing import Route
from earshot.act.settings import ActSettings
from earshot.act.wording import Words
from earshot.domain.delivery import Delivery, DeliveryState, Link, Op, Planned, Thing

CAPPED = "more new things within an hour than [act] most_new_per_hour lets through"
"""The cause of a delivery that was suppressed because there were too many."""

CAPPED_THINGS = frozenset({Thing.PAGE, Thing.MESSAGE, Thing.MAIL, Thing.TASK, Thing.TICKET, Thing.FEEDBACK})
"""Things that somebody must look at. Tags, notes and the like stand at their conversation and are not capped."""


def is_full(route: Route, recent: int, *, settings: ActSettings) -> bool:
    """Whether no more new things may be made there now, after so many within an hour."""
    return route.thing in CAPPED_THINGS and recent >= settings.most_new_per_hour


def is_sparse(link: Link, route: Route) -> bool:
    """Whether telling of growth makes a noise every time: then it is told at growth steps only."""
    return route.thing is Thing.MAIL or (route.thing is Thing.MESSAGE and not is_changeable(link, route))


def is_changeable(link: Link, route: Route) -> bool:
    """Whether the thing can be changed where it stands; of a message that may have been sent nobody knows where."""
    return Op.UPDATE in route.ops and link.receipt is not None


def update_at(link: Link, conversations: int, *, route: Route, settings: ActSettings) -> datetime:
    """When growth to so many conversations may be told."""
    last = link.told_at or link.planned_at
    soonest = last + timedelta(seconds=settings.update_interval_seconds)
    if not is_sparse(link, route) or _steps(link.told, settings) < _steps(conversations, settings):
        return soonest
    return max(soonest, last + timedelta(hours=settings.repeat_hours))


def summaries(
    destination: str,
    suppressed: Sequence[Delivery],
    *,
    route: Route,
    words: Words,
    settings: ActSettings,
    now: datetime,
    settled: bool,
) -> list[Planned]:
    """One message for every hour in which new things at a destination were held back, sent to the route.

    A message waits for the rest of its storm, `settled` says that everything is in. Calling again makes the same.
    """
    capped = sorted((row for row in suppressed if row.cause == CAPPED), key=lambda row: (row.created_at, row.id))
    found: list[Planned] = []
    for hour, rows in groupby(capped, key=lambda row: f"{row.created_at:%Y-%m-%dT%H}"):
        held = list(rows)
        waited = now - held[0].created_at >= timedelta(seconds=settings.update_interval_seconds)
        if settled or waited:
            found.append(_summary(destination, held, hour=hour, route=route, words=words, now=now))
    return found


def _summary(
    destination: str, held: Sequence[Delivery], *, hour: str, route: Route, words: Words, now: datetime
) -> Planned:
    subject = f"storm:{destination}"
    key = object_key(destination=route.destination, thing=route.thing, subject_id=subject, variant=hour)
    first = held[0]
    link = Link(
        object_key=key,
        destination=route.destination,
        thing=route.thing,
        subject_id=subject,
        variant=hour,
        action_key=first.action_key,
        told=len(held),
        sequence=1,
        planned_at=now,
        told_at=now,
    )
    delivery = Delivery(
        id=request_key(key, Op.CREATE, sequence=0),
        object_key=key,
        action_key=first.action_key,
        destination=route.destination,
        thing=route.thing,
        op=Op.CREATE,
        subject_id=subject,
        content=words.suppressed(destination, len(held)),
        state=DeliveryState.DRY if route.dry else DeliveryState.PENDING,
        told=len(held),
        not_before=now,
        created_at=now,
        ended_at=now if route.dry else None,
    )
    return Planned(action_key=first.action_key, links=() if route.dry else (link,), deliveries=(delivery,))


def _steps(conversations: int, settings: ActSettings) -> int:
    return sum(conversations >= step for step in settings.growth_steps)
