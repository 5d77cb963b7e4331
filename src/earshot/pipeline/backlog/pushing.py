"""Use case: an approved item becomes a ticket or note elsewhere, once, exactly as it was shown; links both ways."""

from collections.abc import Callable, Collection
from enum import StrEnum

from earshot.act.planning import push as plan_push
from earshot.act.routing import Route, missing, route_for
from earshot.decide.actions import key_of
from earshot.domain.action import Action, ActionKind, Subject
from earshot.domain.backlog import BacklogItem, ExistingItem, ItemStatus
from earshot.domain.backlog import Standing as Likeness
from earshot.domain.delivery import Delivery, DeliveryState, Link, Planned, Standing
from earshot.domain.model import Noun
from earshot.errors import BadInput, Misconfigured, NotFound
from earshot.pipeline.acting.delivering import Worker
from earshot.pipeline.acting.planning import Planner
from earshot.pipeline.acting.sending import order_of
from earshot.pipeline.acting.tally import Tally
from earshot.pipeline.backlog.locks import BACKLOG
from earshot.pipeline.backlog.looking import pick_item
from earshot.pipeline.backlog.recognising import key_of_ticket
from earshot.pipeline.backlog.tracking import keep_in_step, remember, status_edit, tickets_of
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit

RULE = "backlog push"
"""What stands as the rule of an action that a person asked for by pushing an item."""
DESTINATIONS = {
    "jira": ActionKind.CREATE_TICKET,
    "linear": ActionKind.CREATE_TICKET,
    "productboard": ActionKind.CREATE_PRODUCTBOARD_NOTE,
}
"""Where an item can go, and as what."""
PATIENCE = 30.0
"""Seconds to wait for another try before the rest is left to the next run."""
_APPROVE = "earshot backlog set {id} status approved"
_WHY_NOT = {
    ItemStatus.DRAFT: ("is a draft", f"Read it with `earshot backlog show {{id}}`, then approve it: {_APPROVE}"),
    ItemStatus.DISCARDED: ("was discarded", f"To want it after all: {_APPROVE}"),
    ItemStatus.SHIPPED: ("is shipped", f"To push it again: {_APPROVE}"),
}


class How(StrEnum):
    """What a push came to."""

    CREATED = "created"
    LINKED = "linked"
    THERE = "there already"
    WAITS = "waits"
    FAILED = "failed"
    DRY = "dry run"
    REFUSED = "not agreed"


class Pushed(Noun):
    """What a push came to. `preview` is the body as it is, or would be, sent; `why` says what is wrong."""

    item_id: str
    title: str
    destination: str
    how: How
    key: str = ""
    url: str | None = None
    preview: str = ""
    why: str = ""


class Draft(Noun):
    """What is to be agreed to: the item, where it goes, and its body exactly as it will be sent."""

    item: BacklogItem
    action: Action
    planned: Planned
    delivery: Delivery
    preview: str
    problem: str = ""


Agree = Callable[[Draft], bool]


async def push(
    parts: Parts, item: str, *, to: str | None = None, dry_run: bool = False, agree: Agree | None = None
) -> Pushed:
    """Make an approved item a ticket or note, or link it to the one that its theme has already.

    `agree` is shown what will be sent (None: agreed). BadInput says what to do with an item that is not approved.
    """
    planner = Planner(parts)
    async with parts.store.unit() as unit:
        found = await pick_item(unit, item)
        route = choose(planner, to, item=found)
        known = await _known(unit, found, destination=route.destination)
    _check_status(found)
    if known is not None:
        return await _link(parts, found, known=known, dry_run=dry_run)
    draft = await _draft(planner, found, route=route)
    if dry_run or draft.problem:
        how = How.FAILED if draft.problem and not dry_run else How.DRY
        return _pushed(draft, how, why=draft.problem)
    if agree is not None and not agree(draft):
        return _pushed(draft, How.REFUSED)
    await _keep(parts, draft)
    await _deliver(planner, route.destination)
    return await _ended(parts, draft)


def choose(planner: Planner, to: str | None, *, item: BacklogItem) -> Route:
    """Where an item goes: the named destination, else the first tracker that is switched on."""
    abilities = {name: tool.abilities for name, tool in planner.tools.items()}
    if to is not None and to not in DESTINATIONS:
        raise BadInput(f"An item cannot go to {to!r}.", hint=f"It can go to: {', '.join(DESTINATIONS)}.")
    kinds = DESTINATIONS if to is None else {to: DESTINATIONS[to]}
    for name, kind in kinds.items():
        if (route := route_for(name, kind, tools=abilities, dry=name in planner.dry)) is not None:
            return route
    why = missing(next(iter(kinds.values()))) if to is None else f"{to} is not switched on"
    raise Misconfigured(
        f"Item {item.id} cannot be pushed: {why}.",
        hint=f"Set enabled = true in [{to or 'jira'}] and its secret; docs/connectors.md says how.",
    )


async def _known(unit: Unit, item: BacklogItem, *, destination: str) -> Link | ExistingItem | None:
    """The ticket that stands for the item's theme there already: one of ours, or one of your tracker's import."""
    links = (await tickets_of(unit, [item])).get(item.id, [])
    own = next(
        (link for link in links if link.destination == destination and link.standing is not Standing.GONE), None
    )
    if own is not None:
        return own
    gone_ids = {
        f"{link.destination}:{key_of_ticket(link)}"
        for link in links
        if link.receipt and link.standing is Standing.GONE
    }
    same = {m.item_id for m in await unit.backlog.matches(item.theme_id) if m.standing is Likeness.SAME}
    return await _imported(unit, same - gone_ids, source=destination) if same else None


async def _imported(unit: Unit, ids: Collection[str], *, source: str) -> ExistingItem | None:
    """The first of these existing items that lives there."""
    async for batch in unit.backlog.existing():
        for one in batch:
            if one.id in ids and one.source == source:
                return one
    return None


def _check_status(item: BacklogItem) -> None:
    if item.status in {ItemStatus.APPROVED, ItemStatus.PUSHED}:
        return
    is_so, hint = _WHY_NOT[item.status]
    raise BadInput(f"Item {item.id} {is_so}; only approved items are pushed.", hint=hint.format(id=item.id))


async def _link(parts: Parts, item: BacklogItem, *, known: Link | ExistingItem, dry_run: bool) -> Pushed:
    """The ticket is there: it is linked, and no second one is made."""
    if isinstance(known, Link):
        receipt = known.receipt
        key, url = (receipt.external_id, receipt.url) if receipt else ("", None)
        destination = known.destination
    else:
        key, url, destination = known.key, known.url, known.source
    there = item.status is ItemStatus.PUSHED
    if not dry_run and not there:
        async with parts.store.exclusive(BACKLOG), parts.store.unit() as unit:
            now = parts.clock.now()
            if isinstance(known, Link):
                await remember(unit, item, link=known, now=now)
            reason = f"{key} at {destination} stands for it already; linked by {parts.actor}"
            await unit.backlog.edit([status_edit(item.id, ItemStatus.PUSHED, reason=reason, now=now)])
            await unit.commit()
    how = How.THERE if there else How.LINKED
    return Pushed(item_id=item.id, title=item.text.title, destination=destination, how=how, key=key, url=url)


async def _draft(planner: Planner, item: BacklogItem, *, route: Route) -> Draft:
    """What would be sent, rendered from the item as it is now; nothing is kept."""
    parts = planner.parts
    now = parts.clock.now()
    kind = DESTINATIONS[route.destination]
    action = Action(
        key=key_of(kind, item.theme_id, cooldown_hours=None, now=now),
        kind=kind,
        subject=Subject.THEME,
        subject_id=item.theme_id,
        conversation_id=item.evidence.links[0].conversation_id if item.evidence.links else "",
        rule=RULE,
        reason=f"{parts.actor} pushed item {item.id}",
        dry_run=False,
        created_at=now,
    )
    async with parts.store.unit() as unit:
        await unit.decisions.save([action], decided=[], now=now)
        dossier = await unit.outbox.dossier(action.key)
        links = (await tickets_of(unit, [item])).get(item.id, [])
    if dossier is None:
        raise NotFound(f"No conversation of item {item.id} can be read any more.")
    gone = next((link for link in links if link.destination == route.destination), None)
    planned = plan_push(dossier.model_copy(update={"item": item}), gone, route=route, words=planner.words, now=now)
    delivery = planned.deliveries[0]
    tool, order = planner.tools[route.destination], order_of(delivery)
    return Draft(
        item=item,
        action=action,
        planned=planned,
        delivery=delivery,
        preview=tool.preview(order),
        problem=tool.check(order),
    )


async def _keep(parts: Parts, draft: Draft) -> None:
    now = parts.clock.now()
    async with parts.store.unit() as unit:
        await unit.decisions.save([draft.action], decided=[], now=now)
        await unit.outbox.save_plans([draft.planned], now=now)
        await unit.commit()


async def _deliver(planner: Planner, destination: str) -> None:
    """Deliver what is due there, with a little patience."""
    worker = Worker(planner.parts, {destination: planner.tools[destination]}, tally=Tally())
    try:
        while await worker.deliver() and await worker.nap(longest=PATIENCE):
            pass
    finally:
        await worker.finish()


async def _ended(parts: Parts, draft: Draft) -> Pushed:
    async with parts.store.unit() as unit:
        every = await unit.outbox.deliveries(action_keys=[draft.delivery.action_key], limit=1000)
    stands = next((one for one in every if one.id == draft.delivery.id), draft.delivery)
    if stands.state is DeliveryState.DONE:
        await keep_in_step(parts)
        receipt = stands.receipt
        key, url = (receipt.external_id, receipt.url) if receipt else ("", None)
        return _pushed(draft, How.CREATED, key=key, url=url, why=stands.note)
    dead = stands.state in {DeliveryState.DEAD, DeliveryState.DISCARDED}
    return _pushed(draft, How.FAILED if dead else How.WAITS, why=stands.cause)


def _pushed(draft: Draft, how: How, *, key: str = "", url: str | None = None, why: str = "") -> Pushed:
    return Pushed(
        item_id=draft.item.id,
        title=draft.item.text.title,
        destination=draft.delivery.destination,
        how=how,
        key=key,
        url=url,
        preview=draft.preview,
        why=why,
    )
