"""Use case: themes of a window in a list, with what changed and whether that is real."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from earshot.domain.model import Noun
from earshot.domain.report import Window
from earshot.domain.theme import Theme
from earshot.pipeline.parts import Parts
from earshot.ports.browse import Place
from earshot.ports.pages.themes import ItemState, Known, ThemeQuery
from earshot.ports.store import Unit
from earshot.report.intervals import Z95, count_z

UNPLACED = 1_000
"""Up to where mentions without a theme are counted."""
WEEKS = 13
"""Weeks of a list's trend lines, back from the window's end."""


class Change(Noun):
    """Conversations against the window of equal length before; `real`: beyond chance (95 %)."""

    difference: int
    before: int
    real: bool
    new: bool = False


class Row(Noun):
    """A theme in a list. `change` is None where the window before is not held completely."""

    theme: Theme
    weeks: tuple[int, ...] = ()
    change: Change | None = None
    item: ItemState | None = None


class Listing(Noun):
    """A page of themes; `known.unplaced` mentions have no theme yet."""

    window: Window
    rows: tuple[Row, ...]
    next: Place | None
    known: Known
    areas: tuple[str, ...] = ()


async def listing(parts: Parts, query: ThemeQuery, *, after: Place | None, limit: int) -> Listing:
    """A page of themes in the order asked for."""
    async with parts.store.unit() as unit:
        found = await unit.pages.themes.ranked(query, after=after, limit=limit + 1)
        known = await unit.pages.themes.known(most=UNPLACED + 1)
        rows = await rows_of(unit, [place.id for place in found[:limit]], window=query.window, known=known)
        areas = await unit.pages.themes.areas()
        await unit.commit()
    return Listing(
        window=query.window,
        rows=tuple(rows),
        next=found[limit - 1] if len(found) > limit else None,
        known=known,
        areas=tuple(areas),
    )


async def rows_of(unit: Unit, theme_ids: Sequence[str], *, window: Window, known: Known) -> list[Row]:
    """Themes as rows of a list, in that order."""
    themes = await unit.themes.get(theme_ids, window=window)
    weeks = await unit.themes.weeks(theme_ids, window=_trend(window))
    items = await unit.pages.themes.items(theme_ids)
    return [
        Row(
            theme=theme,
            weeks=tuple(weeks.get(theme.id, ())),
            change=change_of(theme, window, held_since=known.held_since),
            item=items.get(theme.id),
        )
        for theme in themes
    ]


def change_of(theme: Theme, window: Window, *, held_since: datetime | None) -> Change | None:
    """What changed of a theme, None where the window before is not held or the window has no beginning."""
    earlier = window.start - (window.end - window.start) if not window.everything else None
    if earlier is None or (held_since is not None and held_since > earlier):
        return None
    now, then = theme.conversations, theme.previous_conversations
    new = then == 0 and theme.first_seen >= window.start
    return Change(difference=now - then, before=then, real=abs(count_z(now, then)) >= Z95, new=new)


def _trend(window: Window) -> Window:
    return window.model_copy(update={"start": window.end - timedelta(weeks=WEEKS)})
