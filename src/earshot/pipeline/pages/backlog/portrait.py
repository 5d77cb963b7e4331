"""Use case: one item with everything that is known of it and that can be done with it."""

from earshot.act.routing import route_for
from earshot.domain.backlog import BacklogItem, ItemEdit, ItemStatus
from earshot.domain.model import Noun
from earshot.domain.rice import Estimate, Factor
from earshot.domain.theme import Theme
from earshot.errors import NotFound
from earshot.pipeline.backlog.editing import version_of
from earshot.pipeline.backlog.pushing import DESTINATIONS
from earshot.pipeline.pages.backlog.listing import BacklogLine, tickets_from, twins_by_theme, without_weight
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.prioritise.ranking import ranked

_NEXT = {
    ItemStatus.DRAFT: (ItemStatus.APPROVED, ItemStatus.DISCARDED),
    ItemStatus.APPROVED: (ItemStatus.DRAFT, ItemStatus.DISCARDED),
    ItemStatus.PUSHED: (ItemStatus.APPROVED,),
    ItemStatus.SHIPPED: (ItemStatus.APPROVED,),
    ItemStatus.DISCARDED: (ItemStatus.DRAFT, ItemStatus.APPROVED),
}


class FactorView(Noun):
    """A factor of the score: the value that counts, who gave it and why, and those it overruled."""

    factor: Factor
    counts: Estimate
    overruled: tuple[Estimate, ...] = ()
    set_by_person: bool = False


class WayOut(Noun):
    """A tracker that an item can go to. `dry`: it only rehearses; `on` is False where settings leave it off."""

    destination: str
    on: bool
    dry: bool


class ItemView(Noun):
    """An item, where it stands among `of`, and what can be done. `version` is that of what people set."""

    line: BacklogLine
    of: int
    theme: Theme | None
    factors: tuple[FactorView, ...] = ()
    edits: tuple[ItemEdit, ...] = ()
    ways: tuple[WayOut, ...] = ()
    steps: tuple[ItemStatus, ...] = ()
    version: str = ""


async def item_view(parts: Parts, item_id: str) -> ItemView:
    """Everything about an item. NotFound where there is none of that id."""
    async with parts.store.unit() as unit:
        found = await unit.pages.backlog.items([item_id])
        if not found:
            raise NotFound("There is no such item.", hint="The backlog lists all items that there are.")
        item = found[0]
        place, following = await unit.pages.backlog.around(item.id)
        edits = await unit.backlog.edits(item.id)
        themes = await unit.themes.get([item.theme_id])
        line = await _line(unit, item, rank=place.rank if place else None, following=following)
        await unit.commit()
        return ItemView(
            line=line,
            of=place.total if place else 0,
            theme=themes[0] if themes else None,
            factors=_factors(item),
            edits=tuple(edits),
            ways=ways_out(parts),
            steps=_NEXT[item.status],
            version=version_of(edits),
        )


def ways_out(parts: Parts) -> tuple[WayOut, ...]:
    """The trackers that items can go to."""
    abilities = {name: tool.abilities for name, tool in parts.make_tools().items()}
    return tuple(
        WayOut(
            destination=name,
            on=route_for(name, kind, tools=abilities) is not None,
            dry=name in parts.dry_tools,
        )
        for name, kind in DESTINATIONS.items()
    )


async def _line(unit: Unit, item: BacklogItem, *, rank: int | None, following: str | None) -> BacklogLine:
    themes = [item.theme_id]
    after = await unit.pages.backlog.items([following]) if following else []
    tickets = await unit.pages.backlog.tickets(themes)
    twins = twins_by_theme(await unit.pages.backlog.twins(themes))
    shipped, ratings = await unit.pages.impact.shipped([item.id]), await unit.pages.impact.ratings([item.id])
    return BacklogLine(
        rank=rank,
        item=item,
        why=ranked([item, *after])[0].why if after else "",
        without_weight=without_weight(item),
        tickets=tickets_from(tickets.get(item.theme_id, ())),
        twins=twins.get(item.theme_id, ()),
        shipped=shipped.get(item.id),
        ratings=tuple(ratings.get(item.id, ())),
    )


def _factors(item: BacklogItem) -> tuple[FactorView, ...]:
    """The four factors in their order: of one factor the first estimate counts."""
    by_factor: dict[Factor, list[Estimate]] = {}
    for estimate in item.rice.estimates if item.rice else ():
        by_factor.setdefault(estimate.factor, []).append(estimate)
    return tuple(
        FactorView(
            factor=factor,
            counts=by_factor[factor][0],
            overruled=tuple(by_factor[factor][1:]),
            set_by_person=factor.value in item.edited,
        )
        for factor in Factor
        if factor in by_factor
    )
