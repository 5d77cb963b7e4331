"""What becomes of one thing at one destination: first made, brought up to date, opened again, made anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from earshot.act.keys import request_key, variant
from earshot.act.requests import ended, new_link, request, told
from earshot.act.routing import INTERCOM, Route
from earshot.act.settings import ActSettings
from earshot.act.silencing import facts_of, inhibited, silenced_by
from earshot.act.storm import CAPPED, is_changeable, is_full, is_sparse, update_at
from earshot.act.texts.variables import Occasion
from earshot.act.wording import COUNTS_ONLY, Words
from earshot.domain.action import ActionKind
from earshot.domain.delivery import (
    RAISED,
    Case,
    Content,
    Delivery,
    DeliveryState,
    Dossier,
    Link,
    Op,
    Silence,
    Standing,
    Thing,
)

SUSPECT = "suspect"
"""How the cause begins of what waits because only doubtful conversations ask for it."""

_GROWING = frozenset({Thing.PAGE, Thing.MESSAGE, Thing.MAIL, Thing.TASK, Thing.TICKET, Thing.FEEDBACK})
"""Things about a matter. What stands at one conversation says all it has to say at once."""
_CLOSABLE = frozenset({Thing.PAGE, Thing.TICKET, Thing.TASK})
"""Things whose closing ends an episode. Messages and notes that somebody ticks off are still brought up to date."""
_NOTHING_MORE = frozenset({Standing.DUPLICATE, Standing.GONE})
"""People merged it into another one, or threw it away: it is not made again."""


_HELD_LOOK = timedelta(hours=1)
"""How soon an action looks again at what waits for approval, or cannot get free of it yet."""
_RAISE_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Desk:
    """What every decision about a case needs."""

    case: Case
    words: Words
    settings: ActSettings
    now: datetime
    settled: bool

    @property
    def dossier(self) -> Dossier:
        """What is known about the action's subject."""
        return self.case.dossier

    @property
    def count(self) -> int:
        """How many trusted conversations led to the action."""
        return self.case.dossier.conversations


class Step(NamedTuple):
    """What is to be done at one destination."""

    links: tuple[Link, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    changed: tuple[Delivery, ...] = ()
    look_at: datetime | None = None


_NOTHING = Step()


def step(desk: Desk, route: Route) -> Step:
    """What is to be done now at one destination."""
    source = desk.dossier.conversation.source
    if route.destination == INTERCOM != source:
        return _not_there(desk, route, cause=f"the conversation is not in Intercom (it came from {source})")
    if desk.dossier.action.dry_run or route.dry:
        return _rehearsal(desk, route)
    link = _latest(desk, route)
    if link is None:
        return _first(desk, route)
    found = _further(desk, route, link=link)
    return Step(links=(link,)) if found is _NOTHING and _is_joined(desk, link) else found


def _not_there(desk: Desk, route: Route, *, cause: str) -> Step:
    """Nothing can be written to a conversation that stands elsewhere; a row says so, once."""
    if _latest(desk, route) is not None:
        return _NOTHING
    if not (desk.dossier.action.dry_run or route.dry):
        return _suppressed(desk, route, link=new_link(desk.dossier.action, route, now=desk.now), cause=cause)
    (row,) = _rehearsal(desk, route).deliveries
    return Step(deliveries=(ended(row, DeliveryState.SUPPRESSED, cause=cause),))


def _further(desk: Desk, route: Route, *, link: Link) -> Step:
    """What is to be done about a thing that was planned before."""
    waiting = [row for row in desk.case.waiting if row.object_key == link.object_key]
    if waiting:
        return _while_waiting(desk, route, link=link, waiting=waiting)
    if link.standing is Standing.PLANNED:
        return _second_chance(desk, route, link=link)
    if link.standing in _NOTHING_MORE or route.thing not in _GROWING:
        return _NOTHING
    if link.standing is Standing.DONE and route.thing in _CLOSABLE:
        return _returned(desk, route, link=link)
    raised = _raised(desk, route, link=link)
    grown = _grown(desk, route, link=link)
    return grown._replace(deliveries=(*raised, *grown.deliveries)) if raised else grown


def _latest(desk: Desk, route: Route) -> Link | None:
    """The newest thing there of this sort, also one that was made for a subject which became this one."""
    named = variant(desk.dossier.action, route)
    found = (
        link
        for link in desk.case.links
        if (link.destination, link.thing, link.variant) == (route.destination, route.thing, named)
    )
    return max(found, key=lambda link: (link.episode, link.planned_at, link.object_key), default=None)


def _first(desk: Desk, route: Route) -> Step:
    action = desk.dossier.action
    wait = timedelta(seconds=desk.settings.first_wait_seconds)
    if (
        not desk.settled
        and action.kind is not ActionKind.PAGE_ONCALL_ENGINEER
        and action.created_at + wait > desk.now
    ):
        return Step(look_at=action.created_at + wait)
    return _made(desk, route, link=new_link(action, route, now=desk.now))


def _made(desk: Desk, route: Route, *, link: Link, earlier: Link | None = None) -> Step:
    """The thing is made, held for approval, or suppressed with its cause."""
    held = _held_for(desk)
    blocked = _blocked(desk, route)
    if blocked:
        return _suppressed(desk, route, link=link, cause=blocked)
    content = desk.words.create(desk.dossier, route, occasion=Occasion(earlier=earlier))
    created = _request(desk, link, op=Op.CREATE, content=content, held=held)
    return Step(links=(_told(desk, link),), deliveries=(created,))


def _second_chance(desk: Desk, route: Route, *, link: Link) -> Step:
    """What was never told is made after all, as a new thing, when it has grown or when another action wants it.

    What a person refused, or a destination, is left to people.
    """
    if link.told or not (desk.count > link.suppressed or desk.dossier.action.key != link.action_key):
        return _NOTHING
    if _blocked(desk, route) and not _is_later(desk, link):
        return Step(links=(_marked(desk, link),))
    return _made(desk, route, link=_next(desk, route, link=link))


def _next(desk: Desk, route: Route, *, link: Link) -> Link:
    """The link of the next episode: another thing with another key, so that no key is ever made twice."""
    return new_link(desk.dossier.action, route, now=desk.now, named=link.variant, episode=link.episode + 1)


def _marked(desk: Desk, link: Link) -> Link:
    return link.model_copy(update={"suppressed": max(desk.count, 1), "told_at": desk.now})


def _suppressed(desk: Desk, route: Route, *, link: Link, cause: str) -> Step:
    """A row says why; afterwards growth only moves the mark from which a second chance is given."""
    marked = _marked(desk, link).model_copy(update={"sequence": link.sequence + 1})
    content = desk.words.create(desk.dossier, route)
    row = ended(_request(desk, link, op=Op.CREATE, content=content), DeliveryState.SUPPRESSED, cause=cause)
    return Step(links=(marked,), deliveries=(row,))


def _while_waiting(desk: Desk, route: Route, *, link: Link, waiting: Sequence[Delivery]) -> Step:
    """Nothing is added while something waits, but what waited for doubtful conversations alone may get free."""
    held = next((row for row in waiting if row.op is Op.CREATE and row.state is DeliveryState.HELD), None)
    if held is not None and held.cause.startswith(SUSPECT) and desk.count:
        if _blocked(desk, route):
            return Step(look_at=desk.now + _HELD_LOOK)
        content = desk.words.create(desk.dossier, route)
        anew: dict[str, Any] = {"content": content, "told": desk.count, "not_before": desk.now}
        cause = _held_for(desk)
        state = DeliveryState.HELD if cause else DeliveryState.PENDING
        free = held.model_copy(update={**anew, "state": state, "cause": cause})
        return Step(links=(_told(desk, link, requests=0),), changed=(free,))
    if any(row.state is DeliveryState.HELD for row in waiting):
        return Step(look_at=desk.now + _HELD_LOOK) if _is_joined(desk, link) else _NOTHING
    grown = desk.count > link.told and route.thing in _GROWING
    interval = timedelta(seconds=desk.settings.update_interval_seconds)
    return Step(look_at=desk.now + interval) if grown or _is_joined(desk, link) else _NOTHING


def _grown(desk: Desk, route: Route, *, link: Link) -> Step:
    """What is there is told of growth: in its place, or by a further message at growth steps."""
    if desk.count <= max(link.told, link.suppressed):
        return _NOTHING
    if not is_changeable(link, route) and not is_sparse(link, route):
        return _NOTHING
    due = update_at(link, desk.count, route=route, settings=desk.settings)
    silence = _silence(desk, route)
    if silence is not None:
        return Step(look_at=silence.until)
    if due > desk.now:
        return Step(look_at=due)
    occasion = Occasion(told=link.told)
    content = desk.words.update(desk.dossier, route, occasion=occasion)
    if not is_changeable(link, route):
        return _followed_up(desk, route, link=link, content=content)
    held = "" if route.thing in COUNTS_ONLY else _held_for(desk)
    return Step(
        links=(_told(desk, link),), deliveries=(_request(desk, link, op=Op.UPDATE, content=content, held=held),)
    )


def _followed_up(desk: Desk, route: Route, *, link: Link, content: Content) -> Step:
    """A further message, since the first cannot be changed in place."""
    named = f"{link.variant}~{link.sequence}"
    further = new_link(desk.dossier.action, route, now=desk.now, named=named, episode=link.episode)
    row = _request(desk, further, op=Op.CREATE, content=content, held=_held_for(desk))
    return Step(links=(_told(desk, link), _told(desk, further)), deliveries=(row,))


def _returned(desk: Desk, route: Route, *, link: Link) -> Step:
    """A closed matter was raised again: soon after, its thing is opened again; later, a new one names it."""
    if link.closed_at is None or desk.count <= link.told or desk.dossier.last_seen <= link.closed_at:
        return _NOTHING
    soon = desk.now - link.closed_at <= timedelta(hours=desk.settings.reopen_within_hours)
    if not soon or Op.REOPEN not in route.ops:
        return _made(desk, route, link=_next(desk, route, link=link), earlier=link)
    silence = _silence(desk, route)
    if silence is not None:
        return Step(look_at=silence.until)
    content = desk.words.reopen(desk.dossier, route, occasion=Occasion(told=link.told))
    row = _request(desk, link, op=Op.REOPEN, content=content, held=_held_for(desk))
    return Step(links=(_told(desk, link),), deliveries=(row,))


def _rehearsal(desk: Desk, route: Route) -> Step:
    """Rendered and kept, never sent; one row for each action and thing, whatever comes later. It has no link."""
    action = desk.dossier.action
    named = f"{variant(action, route)}|{action.key}"
    link = new_link(action, route, now=desk.now, named=named, dry=True)
    row = _request(desk, link, op=Op.CREATE, content=desk.words.create(desk.dossier, route))
    return Step(deliveries=(ended(row, DeliveryState.DRY),))


def _told(desk: Desk, link: Link, *, requests: int = 1) -> Link:
    return told(link, desk.count, now=desk.now, requests=requests)


def _request(desk: Desk, link: Link, *, op: Op, content: Content, held: str = "") -> Delivery:
    return request(
        desk.dossier.action, link, op=op, content=content, conversations=desk.count, now=desk.now, held=held
    )


def _held_for(desk: Desk) -> str:
    """Why a person must approve first; "" when nobody must."""
    action = desk.dossier.action
    if desk.count == 0:
        return f"{SUSPECT}: {action.suspect}" if action.suspect else SUSPECT
    if action.approve:
        return "its rule wants approval"
    return "every action wants approval ([act] approve)" if desk.settings.approve else ""


def _blocked(desk: Desk, route: Route) -> str:
    """Why a new thing is not made; "" when nothing stands against it. What waits for approval is not capped."""
    silence = _silence(desk, route)
    if silence is not None:
        return f"silenced until {silence.until:%Y-%m-%d %H:%M} UTC by {silence.author}: {silence.reason}"
    if inhibited(desk.dossier, desk.case.incidents, settings=desk.settings):
        return "a page is open for its product area ([act] inhibit)"
    recent = desk.case.recent_objects.get(route.destination, 0)
    return CAPPED if desk.count and is_full(route, recent, settings=desk.settings) else ""


def _silence(desk: Desk, route: Route) -> Silence | None:
    return silenced_by(desk.case.silences, facts_of(desk.dossier, route.destination), now=desk.now)


def _raised(desk: Desk, route: Route, *, link: Link) -> tuple[Delivery, ...]:
    """An urgent action raises the ticket that a lesser one had made, once: the request's key is always the same."""
    action = desk.dossier.action
    joins = action.kind is ActionKind.CREATE_JIRA_P0 and _is_joined(desk, link) and is_changeable(link, route)
    late = link.told_at is not None and link.told_at > action.created_at + _RAISE_WITHIN
    if not joins or late or not desk.count or action.created_at <= link.planned_at or _silence(desk, route):
        return ()
    content = desk.words.update(desk.dossier, route, occasion=Occasion(told=link.told))
    content = content.model_copy(update={"facts": {**content.facts, RAISED: True}})
    row = _request(desk, link, op=Op.UPDATE, content=content)
    return (row.model_copy(update={"id": request_key(link.object_key, Op.UPDATE, sequence=-1)}),)


def _is_joined(desk: Desk, link: Link) -> bool:
    """Whether another action made the thing."""
    return link.action_key != desk.dossier.action.key


def _is_later(desk: Desk, link: Link) -> bool:
    """Whether another action than the thing's own came since its last request."""
    return _is_joined(desk, link) and desk.dossier.action.created_at > (link.told_at or link.planned_at)
