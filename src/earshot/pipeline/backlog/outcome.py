"""Use cases: an item's fix reached customers, or did not after all; and what a person thinks of an item."""

import json
from datetime import datetime, timedelta

from earshot.domain.backlog import BacklogItem, ItemEdit, ItemStatus
from earshot.domain.outcome import NOTE_LIMIT, ItemRating, Shipped
from earshot.errors import BadInput
from earshot.pipeline.backlog.editing import check_version
from earshot.pipeline.backlog.following import STATUS
from earshot.pipeline.backlog.locks import BACKLOG
from earshot.pipeline.backlog.looking import pick_item
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.text.escape import one_line

_TOMORROW = timedelta(days=1)


async def mark_shipped(parts: Parts, item: str, *, at: datetime, version: str | None = None) -> Shipped:
    """The fix reached customers then: the item is shipped, and its effect is measured from then on.

    BadInput for a time to come; Rejected where people changed the item since `version`.
    """
    now = parts.clock.now()
    if at > now + _TOMORROW:
        raise BadInput("That day is still to come.", hint="Mark the item once customers have the fix.")
    async with parts.store.exclusive(BACKLOG), parts.store.unit() as unit:
        found = await pick_item(unit, item)
        await check_version(unit, found.id, version=version)
        note = Shipped(
            id=parts.ids.new(),
            theme_id=found.theme_id,
            item_id=found.id,
            shipped_at=min(at, now),
            actor=parts.actor,
            noted_at=now,
        )
        await unit.pages.impact.mark_shipped(note)
        reason = f"customers have it since {at:%Y-%m-%d}"
        await unit.backlog.edit([_status(parts, found, status=ItemStatus.SHIPPED, reason=reason)])
        await unit.commit()
    return note


async def unmark_shipped(parts: Parts, item: str, *, version: str | None = None) -> ItemStatus:
    """It did not ship after all: the item stands again where it stood before; its status now."""
    now = parts.clock.now()
    async with parts.store.exclusive(BACKLOG), parts.store.unit() as unit:
        found = await pick_item(unit, item)
        await check_version(unit, found.id, version=version)
        if not await unit.pages.impact.unmark_shipped(found.id, at=now) and found.status is not ItemStatus.SHIPPED:
            raise BadInput("This item was not marked as shipped.")
        before = await _before(unit, found.id)
        await unit.backlog.edit([_status(parts, found, status=before, reason="it did not ship after all")])
        await unit.commit()
    return before


async def rate(parts: Parts, item: str, *, stars: int, note: str = "") -> ItemRating:
    """Keep how well a person thinks an item was worth it, 1 to 5, instead of what the person said before."""
    if not 1 <= stars <= 5:
        raise BadInput("A rating is 1 to 5.")
    async with parts.store.unit() as unit:
        found = await pick_item(unit, item)
        told = one_line(note)[:NOTE_LIMIT]
        rating = ItemRating(item_id=found.id, person=parts.actor, stars=stars, note=told, at=parts.clock.now())
        await unit.pages.impact.rate(rating)
        await unit.commit()
    return rating


async def _before(unit: Unit, item_id: str) -> ItemStatus:
    """The status before it was shipped; approved where none is known."""
    shipped = json.dumps(ItemStatus.SHIPPED.value)
    said = (e.value for e in await unit.backlog.edits(item_id) if e.field == STATUS and e.value != shipped)
    value = next(said, None)
    return ItemStatus(json.loads(value)) if value else ItemStatus.APPROVED


def _status(parts: Parts, item: BacklogItem, *, status: ItemStatus, reason: str) -> ItemEdit:
    value = json.dumps(status.value)
    return ItemEdit(
        item_id=item.id, field=STATUS, value=value, reason=reason, actor=parts.actor, at=parts.clock.now()
    )
