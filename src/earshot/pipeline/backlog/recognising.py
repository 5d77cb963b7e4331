"""Items of an imported file that Earshot made itself: told by their mark, key or address, never mere likeness."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from earshot.domain.backlog import ExistingItem, Match
from earshot.domain.backlog import Standing as Likeness
from earshot.domain.delivery import Link, Thing
from earshot.domain.grouping import Decider
from earshot.pipeline.backlog.following import find_heirs
from earshot.ports.store import Unit

EARSHOT_MADE_IT = "Earshot made it"
"""The reason of a match of which there is no doubt."""
TRACKED = frozenset({Thing.TICKET, Thing.FEEDBACK})
"""Things that an item of the backlog can become."""
_MARK = re.compile(r"[A-Za-z0-9_.-]+-([0-9a-f]{16})")
"""The label that a ticket is found again by: a prefix, and the beginning of its object key."""


def key_of_ticket(link: Link) -> str:
    """The key that people and exports call a ticket by (Linear's ENG-1, not its UUID); "" while it is not made."""
    if link.receipt is None:
        return ""
    return link.receipt.extra.get("identifier") or link.receipt.external_id


class Ours:
    """The tickets and notes that were made, ready to be recognised."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._by_mark: dict[str, Link] = {}
        self._by_name: dict[tuple[str, str], Link] = {}
        for link in links:
            self._by_mark[link.object_key[:16]] = link
            for name in _names(link):
                self._by_name[link.destination, name] = link

    def link_of(self, item: ExistingItem) -> Link | None:
        """The link that the item is, None where somebody else made it. A mark goes before names: tickets move."""
        marks = (found[1] for text in item.labels if (found := _MARK.fullmatch(text)))
        marked = (self._by_mark.get(mark) for mark in marks)
        named = (self._by_name.get((item.source, name)) for name in (item.key, item.url) if name)
        return next((link for link in (*marked, *named) if link is not None), None)


async def load_ours(unit: Unit) -> Ours:
    """What was made so far; also what may have been (its mark tells)."""
    return Ours([link for thing in sorted(TRACKED) for link in await unit.outbox.links(thing=thing)])


async def recognise(unit: Unit, ours: Ours, *, items: Sequence[ExistingItem], now: datetime) -> int:
    """Tie those of the items that Earshot made to their themes, for good; how many they are.

    What a person said of such a pair stays.
    """
    made = [(item, link) for item in items if (link := ours.link_of(item))]
    heirs = await find_heirs(unit, (link.subject_id for _, link in made)) if made else {}
    themes = [(item, theme_id) for item, link in made if (theme_id := heirs[link.subject_id])]
    said = {
        (match.theme_id, match.item_id)
        for theme_id in sorted({theme_id for _, theme_id in themes})
        for match in await unit.backlog.matches(theme_id)
        if match.decided_by is Decider.PERSON
    }
    await unit.backlog.match([_same(i, theme, now=now) for i, theme in themes if (theme, i.id) not in said])
    return len(made)


def _same(item: ExistingItem, theme_id: str, *, now: datetime) -> Match:
    return Match(
        theme_id=theme_id,
        item_id=item.id,
        probability=1.0,
        standing=Likeness.SAME,
        decided_by=Decider.PERSON,
        reason=EARSHOT_MADE_IT,
        decided_at=now,
    )


def _names(link: Link) -> list[str]:
    receipt = link.receipt
    found = (receipt.external_id, key_of_ticket(link), receipt.url) if receipt else ()
    return [name for name in found if name]
