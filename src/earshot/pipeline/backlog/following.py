"""Items follow their themes: where two themes became one, one item stays and the other is discarded, with why."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from earshot.domain.backlog import BacklogItem, ItemEdit, ItemStatus
from earshot.domain.grouping import Change, Decider
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit

EARSHOT = "earshot"
"""Who acts where no person does."""
STATUS = "status"
SAME_AS = "it is "
"""How the reason begins when an item was given up because a person said that it is an existing one."""
_EVENTS = 20
_MOST_STEPS = 50
_WENT_INTO = {Change.JOINED, Change.MERGED}
_STANDING = (ItemStatus.SHIPPED, ItemStatus.PUSHED, ItemStatus.APPROVED, ItemStatus.DRAFT, ItemStatus.DISCARDED)
"""Of two items of one theme the one further on stays; of equals the older."""


async def find_heirs(unit: Unit, theme_ids: Iterable[str]) -> dict[str, str | None]:
    """Where each theme is now: itself while it holds something, else the theme it went into; None: nowhere."""
    wanted = sorted(set(theme_ids))
    living = await _living(unit, wanted)
    return {one: one if one in living else await _heir(unit, one) for one in wanted}


async def follow(parts: Parts, unit: Unit, *, items: Sequence[BacklogItem]) -> tuple[list[BacklogItem], set[str]]:
    """The items with the themes they belong to now, and the ids of those whose theme or status changed.

    Of two items of one theme one stays, and takes over what people set only on the other. An item whose theme holds
    nothing any more is discarded, unless it is out in the world. What Earshot discarded comes back with its theme.
    """
    heirs = await find_heirs(unit, (item.theme_id for item in items))
    edits: list[ItemEdit] = []
    by_theme: dict[str, list[BacklogItem]] = {}
    for item in items:
        heir = heirs[item.theme_id]
        if heir is None:
            edits += _discard(item, now=parts.clock.now(), reason="no conversation stands behind it any more")
        else:
            by_theme.setdefault(heir, []).append(item)
    for theme_id, rivals in by_theme.items():
        edits += await _settle(unit, rivals, theme_id=theme_id, now=parts.clock.now())
    await unit.backlog.edit(edits)
    await follow_matches(unit)
    now_known = await unit.backlog.items() if edits else items
    moved = {item.id: _moved(item, heirs[item.theme_id]) for item in now_known if item.theme_id in heirs}
    changed = [moved[item.id] for item in items if moved[item.id].theme_id != item.theme_id]
    await unit.backlog.save(changed)
    return [moved[item.id] for item in items], {edit.item_id for edit in edits} | {item.id for item in changed}


async def follow_matches(unit: Unit) -> None:
    """What people said of a theme that went into another holds for that one, unless they said something of it."""
    said = [match for match in await unit.backlog.matches() if match.decided_by is Decider.PERSON]
    heirs = await find_heirs(unit, (match.theme_id for match in said))
    known = {(match.theme_id, match.item_id) for match in said}
    moved = [match.model_copy(update={"theme_id": heir}) for match in said if (heir := heirs[match.theme_id])]
    fresh = [match for match in moved if (match.theme_id, match.item_id) not in known]
    if fresh:
        await unit.backlog.match(fresh)


async def last_status(unit: Unit, item_id: str) -> ItemEdit | None:
    """Who set an item's status last, and why."""
    return next((edit for edit in await unit.backlog.edits(item_id) if edit.field == STATUS), None)


async def revival(unit: Unit, item_id: str, *, reason: str, now: datetime) -> ItemEdit:
    """The edit that gives an item the status back that it had before Earshot gave it up."""
    before = [e for e in await unit.backlog.edits(item_id) if e.field == STATUS and e.actor != EARSHOT]
    value = before[0].value if before else None
    return ItemEdit(item_id=item_id, field=STATUS, value=value, reason=reason, actor=EARSHOT, at=now)


def discard_edit(item_id: str, *, reason: str, actor: str, now: datetime) -> ItemEdit:
    """The edit that gives an item up."""
    value = json.dumps(ItemStatus.DISCARDED.value)
    return ItemEdit(item_id=item_id, field=STATUS, value=value, reason=reason, actor=actor, at=now)


async def _settle(unit: Unit, rivals: Sequence[BacklogItem], *, theme_id: str, now: datetime) -> list[ItemEdit]:
    """One of the items of one theme stays."""
    given_up = await _given_up(unit, rivals)
    stays, *others = sorted(rivals, key=lambda item: _order(item, given_up))
    edits: list[ItemEdit] = []
    if stays.id in given_up and not given_up[stays.id].reason.startswith(SAME_AS):
        edits.append(await revival(unit, stays.id, reason="its theme is there again", now=now))
    for other in others:
        reason = f"its theme went into {theme_id}, which has item {stays.id}"
        discarded = _discard(other, now=now, reason=reason)
        if discarded:
            edits += await _carried(unit, stays, other=other, now=now)
        edits += discarded
    return edits


async def _given_up(unit: Unit, items: Sequence[BacklogItem]) -> dict[str, ItemEdit]:
    """Those that Earshot discarded, not a person."""
    discarded = [item.id for item in items if item.status is ItemStatus.DISCARDED]
    last = {item_id: await last_status(unit, item_id) for item_id in discarded}
    return {item_id: edit for item_id, edit in last.items() if edit is not None and edit.actor == EARSHOT}


def _order(item: BacklogItem, given_up: dict[str, ItemEdit]) -> tuple[int, bool, datetime, str]:
    dropped = item.status is ItemStatus.DISCARDED and item.id not in given_up
    return _STANDING.index(item.status), dropped, item.created_at, item.id


async def _carried(unit: Unit, stays: BacklogItem, *, other: BacklogItem, now: datetime) -> list[ItemEdit]:
    """What people set on the other item alone."""
    latest: dict[str, ItemEdit] = {}
    for edit in await unit.backlog.edits(other.id):
        latest.setdefault(edit.field, edit)
    return [
        edit.model_copy(
            update={
                "item_id": stays.id,
                "reason": f"taken over from {other.id}: {edit.reason}".removesuffix(": "),
                "at": now,
            }
        )
        for edit in latest.values()
        if edit.value is not None and edit.field not in {STATUS, *stays.edited}
    ]


def _discard(item: BacklogItem, *, now: datetime, reason: str) -> list[ItemEdit]:
    """Drafts and approved items are given up; what is out in the world is left to people."""
    if item.status not in {ItemStatus.DRAFT, ItemStatus.APPROVED}:
        return []
    return [discard_edit(item.id, reason=reason, actor=EARSHOT, now=now)]


def _moved(item: BacklogItem, heir: str | None) -> BacklogItem:
    """A discarded item stays where it was, so that it is found there when its theme comes back."""
    if heir is None or heir == item.theme_id or item.status is ItemStatus.DISCARDED:
        return item
    return item.model_copy(update={"theme_id": heir})


async def _living(unit: Unit, theme_ids: Sequence[str]) -> set[str]:
    return {theme.id for theme in await unit.themes.get(theme_ids) if theme.conversations}


async def _heir(unit: Unit, theme_id: str) -> str | None:
    """The living theme at the end of the way this one went."""
    seen, at = {theme_id}, theme_id
    for _ in range(_MOST_STEPS):
        events = await unit.themes.lineage(at, limit=_EVENTS)
        went = (e.other_id for e in events if e.theme_id == at and e.change in _WENT_INTO and e.other_id)
        following = next((other for other in went if other not in seen), None)
        if following is None:
            return None
        if await _living(unit, [following]):
            return following
        seen.add(following)
        at = following
    return None
