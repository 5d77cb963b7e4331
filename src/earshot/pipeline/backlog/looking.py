"""Use cases: the backlog as people look at it, ranked, and one item with everything known of it."""

from collections.abc import Sequence

from earshot.domain.backlog import BacklogItem, ExistingItem, ItemEdit, ItemStatus, Match
from earshot.domain.backlog_rows import BacklogRow
from earshot.domain.model import Noun
from earshot.domain.reading import IssueType
from earshot.errors import BadInput, NotFound
from earshot.pipeline.backlog.twins import Twin, twins_of
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.prioritise.guide_shape import backlog_row
from earshot.prioritise.ranking import ranked

_SHOWN = 5


class ListedItem(Noun):
    """An item at its place in the ranking, why it stands above the next, and existing items beside it."""

    rank: int
    item: BacklogItem
    why: str = ""
    twins: tuple[Twin, ...] = ()


class ItemPortrait(Noun):
    """Everything about an item. `rank` is None for one that was given up; `edits` are newest first."""

    item: BacklogItem
    row: BacklogRow
    rank: int | None
    of: int
    why: str = ""
    twins: tuple[Twin, ...] = ()
    edits: tuple[ItemEdit, ...] = ()


async def backlog(parts: Parts, *, statuses: Sequence[ItemStatus] = ()) -> list[ListedItem]:
    """All items that were not given up, ranked by RICE; with `statuses`, those of them (also given up ones)."""
    async with parts.store.unit() as unit:
        items = await unit.backlog.items()
        shown = [item for item in items if _wanted(item, statuses)]
        twins = await _twins(unit, {item.theme_id for item in shown})
    return [
        ListedItem(rank=one.rank, item=one.item, why=one.why, twins=twins.get(one.item.theme_id, ()))
        for one in ranked(shown)
    ]


async def item_portrait(parts: Parts, item: str) -> ItemPortrait:
    """One item by its id, its theme's id, or the beginning of either."""
    async with parts.store.unit() as unit:
        found = await pick_item(unit, item)
        standing = ranked([one for one in await unit.backlog.items() if _wanted(one, ())])
        place = next((one for one in standing if one.item.id == found.id), None)
        twins = await _twins(unit, {found.theme_id})
        rows = await item_rows(unit, [found])
        return ItemPortrait(
            item=found,
            row=rows[0],
            rank=place.rank if place else None,
            of=len(standing),
            why=place.why if place else "",
            twins=twins.get(found.theme_id, ()),
            edits=tuple(await unit.backlog.edits(found.id)),
        )


async def listed_rows(parts: Parts, listed: Sequence[ListedItem]) -> list[dict[str, object]]:
    """The ranking for machines: the export's rows, each with its rank, why it stands there, and its twins."""
    async with parts.store.unit() as unit:
        rows = await item_rows(unit, [one.item for one in listed])
    return [
        {
            "rank": one.rank,
            "why": one.why,
            **row.model_dump(mode="json"),
            "duplicates": [twin.model_dump(mode="json") for twin in one.twins],
        }
        for one, row in zip(listed, rows, strict=True)
    ]


async def item_rows(unit: Unit, items: Sequence[BacklogItem]) -> list[BacklogRow]:
    """Items in the export form. A theme that holds nothing any more has no kind: OTHER."""
    themes = {theme.id: theme for theme in await unit.themes.get(sorted({item.theme_id for item in items}))}
    known = {theme_id: (theme.issue_type, theme.area) for theme_id, theme in themes.items()}
    rows: list[BacklogRow] = []
    for item in items:
        issue_type, area = known.get(item.theme_id, (IssueType.OTHER, None))
        rows.append(backlog_row(item, issue_type, area=area))
    return rows


async def pick_item(unit: Unit, named: str) -> BacklogItem:
    """The one item whose id or theme's id begins so; NotFound or BadInput otherwise."""
    if exact := await unit.backlog.some([named]):
        return exact[0]
    items = await unit.backlog.items()
    found = [item for item in items if named and named in {item.id, item.theme_id}]
    found = found or [
        item for item in items if named and (item.id.startswith(named) or item.theme_id.startswith(named))
    ]
    standing = [item for item in found if item.status is not ItemStatus.DISCARDED] or found
    if not standing:
        raise NotFound(f"There is no backlog item {named!r}.", hint="`earshot backlog` lists them.")
    if len(standing) > 1:
        ids = ", ".join(item.id for item in standing[:_SHOWN])
        raise BadInput(f"{named!r} is the beginning of {len(standing)} ids: {ids}.", hint="Type more of the id.")
    return standing[0]


def _wanted(item: BacklogItem, statuses: Sequence[ItemStatus]) -> bool:
    return item.status in statuses if statuses else item.status is not ItemStatus.DISCARDED


async def _twins(unit: Unit, theme_ids: set[str]) -> dict[str, tuple[Twin, ...]]:
    matches: dict[str, list[Match]] = {}
    for match in await unit.backlog.matches():
        if match.theme_id in theme_ids:
            matches.setdefault(match.theme_id, []).append(match)
    if not matches:
        return {}
    wanted = {match.item_id for some in matches.values() for match in some}
    items: dict[str, ExistingItem] = {
        item.id: item async for batch in unit.backlog.existing() for item in batch if item.id in wanted
    }
    return {theme_id: twins_of(some, items) for theme_id, some in matches.items()}
