"""Use case: lists of conversations, newest first, with an honest count."""

from collections.abc import AsyncIterator

from earshot.domain.model import Noun
from earshot.pipeline.parts import Parts
from earshot.ports.browse import Place
from earshot.ports.pages.conversations import ConversationQuery, Listed

PAGE = 50
MOST = 1_000
"""So many are counted; more are "more than" that."""
UNSURE = 0.5
"""A confidence below this is marked: figures count it as low."""
_FILE_PAGE = 500
_AREAS = 200


class Listing(Noun):
    """A page of a list. `next` is where the next one begins; `count` is None where there are more than `MOST`."""

    rows: tuple[Listed, ...]
    next: Place | None
    count: int | None
    areas: tuple[str, ...] = ()


async def listing(parts: Parts, query: ConversationQuery, *, after: Place | None) -> Listing:
    """A page, and how many there are in all."""
    async with parts.store.unit() as unit:
        pages = unit.pages.conversations
        found = await pages.page(query, after=after, limit=PAGE + 1)
        whole = after is None and len(found) <= PAGE
        count = len(found) if whole else await pages.count(query, most=MOST + 1)
        areas = await pages.areas(limit=_AREAS)
    return Listing(
        rows=tuple(found[:PAGE]),
        next=_last(found[:PAGE]) if len(found) > PAGE else None,
        count=count if count <= MOST else None,
        areas=tuple(areas),
    )


async def every(parts: Parts, query: ConversationQuery) -> AsyncIterator[list[Listed]]:
    """All of them, a page at a time."""
    after: Place | None = None
    while True:
        async with parts.store.unit() as unit:
            found = await unit.pages.conversations.page(query, after=after, limit=_FILE_PAGE)
        yield found
        if len(found) < _FILE_PAGE:
            return
        after = _last(found)


def _last(rows: list[Listed]) -> Place:
    return Place(id=rows[-1].id, at=rows[-1].at)
