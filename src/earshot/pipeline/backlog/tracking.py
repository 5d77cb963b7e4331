"""Items follow the tickets that stand for them: pushed, shipped, reopened. What a person set stays as it is."""

import json
from collections.abc import Sequence
from datetime import datetime

from earshot.domain.backlog import BacklogItem, ExistingItem, ItemEdit, ItemStatus, Match
from earshot.domain.backlog import Standing as Likeness
from earshot.domain.delivery import Link, Standing, Thing
from earshot.domain.grouping import Decider
from earshot.domain.outcome import Shipped
from earshot.pipeline.backlog.following import EARSHOT, STATUS, find_heirs, last_status
from earshot.pipeline.backlog.locks import BACKLOG
from earshot.pipeline.backlog.recognising import EARSHOT_MADE_IT, TRACKED, key_of_ticket
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit


async def keep_in_step(parts: Parts) -> list[str]:
    """Let items follow the tickets of their themes; ids of those whose status changed."""
    async with parts.store.exclusive(BACKLOG), parts.store.unit() as unit:
        items = [
            item
            for item in await unit.backlog.items()
            if item.status in {ItemStatus.APPROVED, ItemStatus.PUSHED, ItemStatus.SHIPPED}
        ]
        if not items:
            return []
        tickets, now = await tickets_of(unit, items), parts.clock.now()
        edits = [
            edit for item in items for edit in await _edits(unit, item, links=tickets.get(item.id, []), now=now)
        ]
        await unit.backlog.edit(edits)
        await _note_shipped(parts, unit, items=items, edits=edits, tickets=tickets)
        await unit.commit()
    return [edit.item_id for edit in edits]


async def _note_shipped(
    parts: Parts,
    unit: Unit,
    *,
    items: Sequence[BacklogItem],
    edits: Sequence[ItemEdit],
    tickets: dict[str, list[Link]],
) -> None:
    """Remember when a fix shipped, as its ticket told; and that it did not where the ticket is open again."""
    by_id, now = {item.id: item for item in items}, parts.clock.now()
    for edit in edits:
        item = by_id[edit.item_id]
        if edit.value == json.dumps(ItemStatus.SHIPPED.value):
            closed = [link.closed_at for link in tickets.get(item.id, []) if link.closed_at is not None]
            note = Shipped(
                id=parts.ids.new(),
                theme_id=item.theme_id,
                item_id=item.id,
                shipped_at=max(closed, default=now),
                actor=EARSHOT,
                noted_at=now,
            )
            await unit.pages.impact.mark_shipped(note)
        elif item.status is ItemStatus.SHIPPED:
            await unit.pages.impact.unmark_shipped(item.id, at=now)


async def tickets_of(unit: Unit, items: Sequence[BacklogItem]) -> dict[str, list[Link]]:
    """Tickets and notes that stand for these items' themes (or what went into them), by item, newest first."""
    links = [
        link
        for thing in sorted(TRACKED)
        for link in await unit.outbox.links(thing=thing)
        if link.receipt is not None
    ]
    heirs = await find_heirs(unit, (link.subject_id for link in links))
    by_theme: dict[str, list[Link]] = {}
    for link in sorted(links, key=lambda link: (link.planned_at, link.object_key), reverse=True):
        by_theme.setdefault(heirs[link.subject_id] or link.subject_id, []).append(link)
    return {item.id: by_theme[item.theme_id] for item in items if item.theme_id in by_theme}


async def remember(unit: Unit, item: BacklogItem, *, link: Link, now: datetime) -> ExistingItem | None:
    """Keep the ticket among the items of your tracker, as the same matter: shown there, and not made twice."""
    if link.receipt is None:
        return None
    existing = ExistingItem(
        id=f"{link.destination}:{key_of_ticket(link)}",
        source=link.destination,
        key=key_of_ticket(link),
        title=item.text.title,
        status=link.standing.value,
        url=link.receipt.url,
        updated_at=now,
    )
    match = Match(
        theme_id=item.theme_id,
        item_id=existing.id,
        probability=1.0,
        standing=Likeness.SAME,
        decided_by=Decider.PERSON,
        reason=EARSHOT_MADE_IT,
        decided_at=now,
    )
    await unit.backlog.import_items([existing])
    await unit.backlog.match([match])
    return existing


async def _edits(unit: Unit, item: BacklogItem, *, links: Sequence[Link], now: datetime) -> list[ItemEdit]:
    last = await last_status(unit, item.id)
    by_person = last is not None and last.actor != EARSHOT
    wanted = _status(item, links)
    if wanted is None or wanted[0] is item.status or (by_person and item.status is not ItemStatus.APPROVED):
        return []
    status, reason = wanted
    if status is ItemStatus.PUSHED:
        await remember(unit, item, link=links[0], now=now)
    return [status_edit(item.id, status, reason=reason, now=now)]


def status_edit(item_id: str, status: ItemStatus, *, reason: str, now: datetime) -> ItemEdit:
    """The edit by which Earshot moves an item on."""
    value = json.dumps(status.value)
    return ItemEdit(item_id=item_id, field=STATUS, value=value, reason=reason, actor=EARSHOT, at=now)


def _status(item: BacklogItem, links: Sequence[Link]) -> tuple[ItemStatus, str] | None:
    """Where an item should stand by its tickets, and why; None where they say nothing."""
    there = [link for link in links if link.standing is not Standing.GONE]
    if not there:
        gone = links[0] if links and item.status is ItemStatus.PUSHED else None
        return gone and (ItemStatus.APPROVED, f"{named(gone)} was deleted there")
    tickets = [link for link in there if link.thing is Thing.TICKET]
    if tickets and all(link.standing is Standing.DONE for link in tickets):
        return ItemStatus.SHIPPED, f"{named(tickets[0])} is done"
    return ItemStatus.PUSHED, f"{named((tickets or there)[0])} is its ticket"


def named(link: Link) -> str:
    """A thing by its key and place."""
    return f"{key_of_ticket(link) or link.object_key} at {link.destination}"
