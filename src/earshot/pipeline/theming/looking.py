"""Use cases: themes as people look at them, in a list and one by one."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from earshot.domain.backlog import BacklogItem, Match, Standing
from earshot.domain.grouping import Decider, Edit, Lineage, Proposal
from earshot.domain.model import Noun
from earshot.domain.report import BEGINNING, Window
from earshot.domain.theme import Theme
from earshot.pipeline.parts import Parts
from earshot.pipeline.reporting import window_of
from earshot.pipeline.theming.picking import pick_theme
from earshot.ports.store import Member, Unit

SURE_OF = 1_000
"""Over how many of its newest members a theme's sureness is reckoned."""
WEEKS = 13
"""Weeks of a theme's trend when no window is asked for: a quarter."""
_EVENTS = 50


class Listed(Noun):
    """A theme in a window, with its distinct conversations by week, oldest first."""

    theme: Theme
    weeks: tuple[int, ...] = ()


class Overview(Noun):
    """The themes of a window, the most frequent first, and how many mentions have no theme yet."""

    window: Window
    themes: tuple[Listed, ...]
    unplaced: int = 0


class Sureness(Noun):
    """How sure it is that the members of a theme tell one matter, over the newest `members` of them.

    `mean` and `least` are of the calibrated probabilities with which they joined; a founder has none.
    `decided_by` counts who placed them.
    """

    members: int
    mean: float | None
    least: float | None
    decided_by: dict[Decider, int]


class Twin(Noun):
    """A backlog item that is, or may be, what a theme is about."""

    item_id: str
    title: str
    ours: bool
    standing: Standing
    probability: float | None = None
    status: str | None = None
    url: str | None = None


class Portrait(Noun):
    """Everything that is known of a theme. `weeks` are the distinct conversations by week of `window`."""

    theme: Theme
    window: Window
    weeks: tuple[int, ...]
    sureness: Sureness
    members: tuple[Member, ...]
    lineage: tuple[Lineage, ...] = ()
    edits: tuple[Edit, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    twins: tuple[Twin, ...] = ()


async def overview(
    parts: Parts, *, since: datetime | None = None, until: datetime | None = None, limit: int = 20
) -> Overview:
    """The themes of a window by distinct conversations."""
    window = window_of(parts, since=since, until=until)
    async with parts.store.unit() as unit:
        themes = await unit.themes.top(window, limit=limit)
        weeks = await unit.themes.weeks([theme.id for theme in themes], window=_weekly(window))
        unplaced = await unit.themes.count_unplaced()
    listed = tuple(Listed(theme=theme, weeks=tuple(weeks.get(theme.id, ()))) for theme in themes)
    return Overview(window=window, themes=listed, unplaced=unplaced)


async def portrait(parts: Parts, theme: str, *, members: int = 10) -> Portrait:
    """One theme with everything that is known of it, over all time; `members` of its newest members are shown."""
    async with parts.store.unit() as unit:
        theme_id = await pick_theme(unit, theme)
        (found,) = await unit.themes.get([theme_id])
        window = _quarter(found, parts.clock.now(), zone=parts.report.timezone)
        weeks = await unit.themes.weeks([theme_id], window=window)
        held = await unit.themes.members(theme_id, limit=max(members, SURE_OF))
        edits = await unit.themes.edits(undone=True)
        proposals = await unit.themes.proposals()
        return Portrait(
            theme=found,
            window=window,
            weeks=tuple(weeks.get(theme_id, ())),
            sureness=sureness(held[:SURE_OF]),
            members=tuple(held[:members]),
            lineage=tuple(await unit.themes.lineage(theme_id, limit=_EVENTS)),
            edits=tuple(edit for edit in edits if theme_id in {edit.theme_id, edit.into_id}),
            proposals=tuple(one for one in proposals if theme_id in {one.one_id, one.other_id}),
            twins=tuple(await _twins(unit, theme_id)),
        )


def sureness(members: Sequence[Member]) -> Sureness:
    """How sure the placements of these members are."""
    placed = [member.placement for member in members]
    odds = [one.probability for one in placed if one.probability is not None]
    return Sureness(
        members=len(placed),
        mean=round(sum(odds) / len(odds), 3) if odds else None,
        least=min(odds) if odds else None,
        decided_by=dict(Counter(one.decided_by for one in placed)),
    )


async def _twins(unit: Unit, theme_id: str) -> list[Twin]:
    matches = [one for one in await unit.backlog.matches(theme_id) if one.standing is not Standing.DIFFERENT]
    ours = [_own(item) for item in await unit.backlog.items() if item.theme_id == theme_id]
    if not matches:
        return ours
    titles = await _titles(unit, matches)
    return ours + [titles[one.item_id] for one in matches if one.item_id in titles]


def _own(item: BacklogItem) -> Twin:
    return Twin(item_id=item.id, title=item.text.title, ours=True, standing=Standing.SAME, status=item.status.value)


async def _titles(unit: Unit, matches: Sequence[Match]) -> dict[str, Twin]:
    wanted = {match.item_id: match for match in matches}
    return {
        item.id: Twin(
            item_id=item.id,
            title=item.title,
            ours=False,
            standing=wanted[item.id].standing,
            probability=wanted[item.id].probability,
            status=item.status,
            url=item.url,
        )
        async for batch in unit.backlog.existing()
        for item in batch
        if item.id in wanted
    }


def _weekly(window: Window) -> Window:
    """The window that a list's trend is drawn over: the last quarter of one without a beginning."""
    if window.start > BEGINNING:
        return window
    return window.model_copy(update={"start": window.end - timedelta(weeks=WEEKS)})


def _quarter(theme: Theme, now: datetime, *, zone: str) -> Window:
    """The quarter that ends with the week in which the theme was last seen, or now where that is later."""
    end = max(now, theme.last_seen + timedelta(seconds=1))
    return Window(start=end - timedelta(weeks=WEEKS), end=end, timezone=zone)
