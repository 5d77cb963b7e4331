"""Use case: the backlog page by page, each item with its reckoning, its tickets and what stands beside it."""

from collections.abc import AsyncIterator, Sequence

from earshot.domain.backlog import BacklogItem, ExistingItem, ItemStatus, Match
from earshot.domain.delivery import Link
from earshot.domain.model import Noun
from earshot.domain.outcome import ItemRating, Shipped
from earshot.pipeline.backlog.recognising import key_of_ticket
from earshot.pipeline.backlog.twins import Twin, twins_of
from earshot.pipeline.parts import Parts
from earshot.ports.browse import Place
from earshot.ports.pages.backlog import ItemQuery, ItemSort, PlacedItem
from earshot.ports.store import Unit
from earshot.prioritise.ranking import ranked
from earshot.prioritise.rice import WITHOUT_WEIGHT

PAGE = 50
"""Items of one page."""
FILE_PAGE = 500
"""Items read at once for a file."""


class Ticket(Noun):
    """What stands for an item elsewhere: its key there, where it can be looked at, how it stands, since when."""

    key: str
    destination: str
    standing: str
    url: str | None = None
    conversations: int = 0


class BacklogLine(Noun):
    """An item in the list. `why`: why it stands above the next one of the list, where that goes by rank.

    `without_weight`: what the score would be if enterprise customers counted like all others ("": the same).
    """

    rank: int | None
    item: BacklogItem
    area: str | None = None
    why: str = ""
    without_weight: str = ""
    tickets: tuple[Ticket, ...] = ()
    twins: tuple[Twin, ...] = ()
    shipped: Shipped | None = None
    ratings: tuple[ItemRating, ...] = ()


class BacklogView(Noun):
    """A page of the backlog. `counts` are of all items by status; `last` is where the next page begins after."""

    lines: tuple[BacklogLine, ...]
    total: int = 0
    last: Place | None = None
    counts: dict[ItemStatus, int] = {}
    areas: tuple[str, ...] = ()


async def listing(parts: Parts, query: ItemQuery, *, after: Place | None, limit: int = PAGE) -> BacklogView:
    """A page of items in the order that is asked for."""
    async with parts.store.unit() as unit:
        places = await unit.pages.backlog.places(query, after=after, limit=limit + 1)
        lines = await _lines(unit, places, whys=query.sort is ItemSort.RANK)
        counts, areas = await unit.pages.backlog.counts(), await unit.pages.backlog.areas()
    last = places[limit - 1] if len(places) > limit else None
    return BacklogView(
        lines=tuple(lines[:limit]),
        total=places[0].total if places else 0,
        last=Place(id=last.id, count=last.number) if last else None,
        counts=counts,
        areas=tuple(areas),
    )


async def pages_of(parts: Parts, query: ItemQuery) -> AsyncIterator[Sequence[BacklogLine]]:
    """All items in the order that is asked for, in pages."""
    after: Place | None = None
    while True:
        view = await listing(parts, query, after=after, limit=FILE_PAGE)
        yield view.lines
        if view.last is None:
            return
        after = view.last


def tickets_from(links: Sequence[Link]) -> tuple[Ticket, ...]:
    """Links as people are shown them."""
    return tuple(
        Ticket(
            key=key_of_ticket(link) or link.thing.value,
            destination=link.destination,
            standing=link.standing.value,
            url=link.receipt.url if link.receipt else None,
            conversations=link.told,
        )
        for link in links
    )


def twins_by_theme(found: Sequence[tuple[Match, ExistingItem]]) -> dict[str, tuple[Twin, ...]]:
    """Items elsewhere beside each theme."""
    matches: dict[str, list[Match]] = {}
    for match, _ in found:
        matches.setdefault(match.theme_id, []).append(match)
    items = {item.id: item for _, item in found}
    return {theme_id: twins_of(some, items) for theme_id, some in matches.items()}


def without_weight(item: BacklogItem) -> str:
    """The line that says what the score would be without the enterprise weight, "" where it is the same."""
    lines = item.rice.lines if item.rice else ()
    return next((line.removeprefix(f"{WITHOUT_WEIGHT}: ") for line in lines if line.startswith(WITHOUT_WEIGHT)), "")


async def _lines(unit: Unit, places: Sequence[PlacedItem], *, whys: bool) -> list[BacklogLine]:
    ids = [place.id for place in places]
    items = {item.id: item for item in await unit.pages.backlog.items(ids)}
    themes = sorted({item.theme_id for item in items.values()})
    tickets = await unit.pages.backlog.tickets(themes)
    twins = twins_by_theme(await unit.pages.backlog.twins(themes))
    shipped, ratings = await unit.pages.impact.shipped(ids), await unit.pages.impact.ratings(ids)
    told = {one.item.id: one.why for one in ranked(list(items.values()))} if whys else {}
    return [
        BacklogLine(
            rank=place.rank,
            item=item,
            area=place.area,
            why=told.get(item.id, ""),
            without_weight=without_weight(item),
            tickets=tickets_from(tickets.get(item.theme_id, ())),
            twins=twins.get(item.theme_id, ()),
            shipped=shipped.get(item.id),
            ratings=tuple(ratings.get(item.id, ())),
        )
        for place in places
        if (item := items.get(place.id)) is not None
    ]
