"""Use case: a person says whether a theme is an existing item. That is remembered, whatever is found later."""

from collections.abc import Sequence

from earshot.domain.backlog import BacklogItem, ExistingItem, ItemEdit, ItemStatus, Match, Standing
from earshot.domain.grouping import Decider, Verdict
from earshot.domain.model import Noun
from earshot.domain.theme import Theme
from earshot.errors import BadInput, NotFound, Rejected
from earshot.pipeline.backlog.following import EARSHOT, SAME_AS, discard_edit, last_status, revival
from earshot.pipeline.backlog.locks import BACKLOG
from earshot.pipeline.backlog.twins import Twin, twins_of
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.picking import pick_theme
from earshot.ports.store import Unit
from earshot.text.escape import one_line

_REASON_LIMIT = 500
_SHOWN = 5


class Doubtful(Noun):
    """A theme with the existing items that it may be, or is."""

    theme_id: str
    title: str
    conversations: int
    item_id: str | None = None
    twins: tuple[Twin, ...]


class Said(Noun):
    """A person's word about a theme and an existing item, and what it did to the theme's own item."""

    match: Match
    theme_title: str
    key: str
    title: str
    discarded: str | None = None
    revived: str | None = None


async def duplicates(parts: Parts, *, every: bool = False) -> list[Doubtful]:
    """Themes that may be an existing item and wait for a person's word; with `every`, also those that surely are.

    The likeliest first.
    """
    async with parts.store.unit() as unit:
        matches = [match for match in await unit.backlog.matches() if match.standing is not Standing.DIFFERENT]
        by_theme: dict[str, list[Match]] = {}
        for match in matches:
            by_theme.setdefault(match.theme_id, []).append(match)
        shown = {
            theme_id: some
            for theme_id, some in by_theme.items()
            if every or all(match.standing is Standing.UNSURE for match in some)
        }
        wanted = {match.item_id for some in shown.values() for match in some}
        items = {item.id: item for item in await _existing(unit) if item.id in wanted}
        themes = {theme.id: theme for theme in await unit.themes.get(sorted(shown)) if theme.conversations}
        own = {item.theme_id: item.id for item in await unit.backlog.items()}
    found = [_doubtful(themes[i], some, items=items, own=own.get(i)) for i, some in shown.items() if i in themes]
    with_twins = [one for one in found if one.twins]
    return sorted(with_twins, key=lambda one: (-one.twins[0].probability, one.theme_id))


async def say(
    parts: Parts, theme: str, *, item: str, same: bool, reason: str = "", only_open: bool = False
) -> Said:
    """The theme (or the theme of our item of that id) is, or is not, the existing item.

    Where it is, our own draft is discarded; where it is not, a draft discarded for that comes back. With
    `only_open`: Rejected where that was decided already.
    """
    async with parts.store.exclusive(BACKLOG), parts.store.unit() as unit:
        found = await _theme(unit, theme)
        other = await _pick_existing(unit, item)
        if only_open and not await _is_open(unit, found.id, item_id=other.id):
            raise Rejected("Somebody decided that meanwhile.", hint="The queue goes on with the next.")
        match = await _match(parts, unit, theme=found, other=other, same=same, reason=reason)
        own = await unit.backlog.of_theme(found.id)
        edits = [edit for one in own for edit in await _consequence(parts, unit, own=one, other=other, same=same)]
        await unit.backlog.edit(edits)
        await unit.commit()
    changed = {edit.item_id for edit in edits}
    return Said(
        match=match,
        theme_title=found.title,
        key=other.key,
        title=other.title,
        discarded=next((one.id for one in own if same and one.id in changed), None),
        revived=next((one.id for one in own if not same and one.id in changed), None),
    )


async def _is_open(unit: Unit, theme_id: str, *, item_id: str) -> bool:
    """Whether nobody decided yet if the theme is that item, or another one."""
    standings = {match.item_id: match.standing for match in await unit.backlog.matches(theme_id)}
    return standings.get(item_id) is Standing.UNSURE and Standing.SAME not in standings.values()


async def _match(parts: Parts, unit: Unit, *, theme: Theme, other: ExistingItem, same: bool, reason: str) -> Match:
    kept = {match.item_id: match for match in await unit.backlog.matches(theme.id)}
    before = kept.get(other.id)
    match = Match(
        theme_id=theme.id,
        item_id=other.id,
        probability=before.probability if before else 0.0,
        standing=Standing.SAME if same else Standing.DIFFERENT,
        decided_by=Decider.PERSON,
        reason=one_line(reason)[:_REASON_LIMIT] or f"{parts.actor} said so",
        decided_at=parts.clock.now(),
    )
    verdict = Verdict(
        one=theme.id,
        other=other.id,
        same=same,
        confidence=1.0,
        reason=match.reason,
        decided_by=Decider.PERSON,
        decided_as=parts.actor,
        decided_at=match.decided_at,
    )
    await unit.backlog.match([match])
    await unit.themes.judge([verdict])
    left = {**kept, other.id: match}.values()
    if same or not any(one.standing is Standing.UNSURE for one in left):
        await unit.themes.settle([theme.id])
    return match


async def _consequence(
    parts: Parts, unit: Unit, *, own: BacklogItem, other: ExistingItem, same: bool
) -> list[ItemEdit]:
    now = parts.clock.now()
    because = f"{SAME_AS}{other.id}"
    if same and own.status in {ItemStatus.DRAFT, ItemStatus.APPROVED}:
        return [discard_edit(own.id, reason=because, actor=EARSHOT, now=now)]
    last = await last_status(unit, own.id)
    if not same and own.status is ItemStatus.DISCARDED and last and (last.actor, last.reason) == (EARSHOT, because):
        return [await revival(unit, own.id, reason=f"it is not {other.id}", now=now)]
    return []


async def _theme(unit: Unit, named: str) -> Theme:
    """The theme of that id, or the theme of our item of that id."""
    own = await unit.backlog.get(named)
    theme_id = own.theme_id if own is not None else await pick_theme(unit, named)
    themes = await unit.themes.get([theme_id])
    if not themes:
        raise NotFound(f"The theme of {named!r} holds nothing any more.")
    return themes[0]


async def _pick_existing(unit: Unit, named: str) -> ExistingItem:
    """The existing item of that id or key, or the one whose id or key begins so."""
    items = await _existing(unit)
    exact = [item for item in items if named in {item.id, item.key}]
    found = exact or [item for item in items if named and (item.id.startswith(named) or item.key.startswith(named))]
    if not found:
        raise NotFound(
            f"There is no existing item {named!r}.",
            hint="`earshot backlog duplicates` lists them; `earshot backlog import` brings more in.",
        )
    if len(found) > 1:
        ids = ", ".join(item.id for item in found[:_SHOWN])
        raise BadInput(f"{named!r} may mean {len(found)} existing items: {ids}.", hint="Type the whole id.")
    return found[0]


async def _existing(unit: Unit) -> list[ExistingItem]:
    return [item async for batch in unit.backlog.existing() for item in batch]


def _doubtful(
    theme: Theme, matches: Sequence[Match], *, items: dict[str, ExistingItem], own: str | None
) -> Doubtful:
    return Doubtful(
        theme_id=theme.id,
        title=theme.title,
        conversations=theme.conversations,
        item_id=own,
        twins=twins_of(matches, items),
    )
