"""Use case: one theme with everything that is known of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.grouping import Doubt, Edit, Lineage, Proposal
from earshot.domain.model import Noun
from earshot.domain.report import Window
from earshot.domain.theme import Theme
from earshot.errors import NotFound
from earshot.pipeline.pages.themes.listing import Change, change_of
from earshot.pipeline.pages.themes.windows import stamp
from earshot.pipeline.parts import Parts
from earshot.ports.browse import Place
from earshot.ports.pages.themes import ItemState, Moods, Odds, ThemeAccount, ThemeTwin
from earshot.ports.store import Member, Unit
from earshot.report.intervals import Interval, mean_interval
from earshot.report.plots import Mark, Plot, Series, Shape

DAYS = 30
"""Days of the window that is compared with as many before."""
WEEKS = 26
"""Weeks of a theme's trend."""
SURE_OF = 1_000
"""Over how many of its newest members a theme's sureness is reckoned."""
CUSTOMERS = 25
"""Customers that a theme's page shows."""
_DOUBTS, _EDITS, _EVENTS = 10, 20, 30


class Weight(Noun):
    """A theme's last `DAYS` days: its counts, what changed, its sentiment with a 95 % interval."""

    theme: Theme
    window: Window
    change: Change | None
    moods: Moods
    low: float | None = None
    high: float | None = None


class Portrait(Noun):
    """A theme over all time, what is in it, and what people and grouping did to it.

    `mark` is of the theme as it is shown: a change made of this page is refused when it is another by then.
    `titles` are of the themes that are named by ids here and live; `runners` the themes of members' runners-up.
    """

    theme: Theme
    lately: Weight
    weeks: tuple[int, ...]
    until: datetime
    odds: Odds
    members: tuple[Member, ...]
    next: Place | None
    accounts: tuple[ThemeAccount, ...] = ()
    item: ItemState | None = None
    twins: tuple[ThemeTwin, ...] = ()
    lineage: tuple[Lineage, ...] = ()
    edits: tuple[Edit, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    titles: dict[str, str] = {}
    runners: dict[str, tuple[str, str]] = {}
    mark: str = ""

    @property
    def questions(self) -> int:
        """Open questions that are listed."""
        return len(self.proposals) + len(self.doubts)

    @property
    def more_questions(self) -> bool:
        """Whether there may be more than are listed."""
        return len(self.doubts) >= _DOUBTS


class Gone(NotFound):
    """The theme lives no more; `heir` is the living theme that it became part of."""

    def __init__(self, theme_id: str, heir: str) -> None:
        super().__init__(f"Theme {theme_id} went into {heir}.")
        self.heir = heir


async def portrait(
    parts: Parts, theme_id: str, *, after: Place | None = None, limit: int = 25, customers: int = CUSTOMERS
) -> Portrait:
    """One theme by its whole id. Raises Gone where it went into another, NotFound where there never was one."""
    async with parts.store.unit() as unit:
        theme = await _living(unit, theme_id)
        pages, until = unit.pages.themes, _midnight(parts)
        members = await pages.members(theme_id, after=after, limit=limit + 1)
        weeks = await unit.themes.weeks([theme_id], window=_half_year(until, parts.report.timezone))
        shown = Portrait(
            theme=theme,
            lately=await _lately(parts, unit, theme_id=theme_id),
            weeks=tuple(weeks.get(theme_id, ())),
            until=until,
            odds=await pages.odds(theme_id, most=SURE_OF),
            members=tuple(members[:limit]),
            next=_place(members[limit - 1]) if len(members) > limit else None,
            accounts=tuple(await pages.accounts(theme_id, limit=customers)),
            item=(await pages.items([theme_id])).get(theme_id),
            twins=tuple(await pages.twins(theme_id)),
            lineage=tuple(await unit.themes.lineage(theme_id, limit=_EVENTS)),
            edits=tuple(await pages.edits(theme_id, limit=_EDITS)),
            proposals=tuple(await pages.proposals(theme_id)),
            doubts=tuple(await pages.doubts(theme_id, limit=_DOUBTS)),
            mark=await pages.mark([theme_id]),
        )
        runners = {m.placement.runner_up for m in shown.members if m.placement.runner_up}
        named = {"titles": await pages.titles(_named(shown)), "runners": await pages.cells(sorted(runners))}
        shown = shown.model_copy(update=named)
        await unit.commit()
    return shown


async def quotes(
    parts: Parts, theme_id: str, *, after: Place | None, limit: int
) -> tuple[list[Member], Place | None]:
    """What is in a theme, newest first, and where the rest begins. Raises as `portrait` does."""
    async with parts.store.unit() as unit:
        await _living(unit, theme_id)
        found = await unit.pages.themes.members(theme_id, after=after, limit=limit + 1)
    return found[:limit], _place(found[limit - 1]) if len(found) > limit else None


def trend_plot(shown: Portrait) -> Plot:
    """Distinct conversations by week; each bar links to its conversations. Weeks count back from tonight."""
    first = shown.until - timedelta(weeks=len(shown.weeks))
    marks: list[Mark] = []
    for n, count in enumerate(shown.weeks):
        start = first + timedelta(weeks=n)
        marks.append(
            Mark(
                at=start.astimezone(ZoneInfo(shown.lately.window.timezone)).date(),
                value=count,
                href=conversations_of(shown.theme.id, since=start, until=start + timedelta(weeks=1)),
            )
        )
    return Plot(
        title="Conversations by week",
        description="Distinct conversations that raise it, by weeks that end tonight.",
        shape=Shape.BARS,
        marks=tuple(marks),
        series=(Series(name="", title="Conversations", tone=shown.theme.issue_type.value),),
        step="week",
    )


def conversations_of(theme_id: str, *, since: datetime | None = None, until: datetime | None = None) -> str:
    """The address of the conversations behind a theme, of a span of conversation time where given."""
    bounds = (("since", since), ("until", until))
    span = "".join(f"&{name}={stamp(at)}" for name, at in bounds if at is not None)
    return f"/conversations?unread=0&theme={theme_id}{span}"


async def _living(unit: Unit, theme_id: str) -> Theme:
    found = await unit.themes.get([theme_id])
    if found and found[0].conversations:
        return found[0]
    if heir := await unit.pages.themes.heir(theme_id):
        raise Gone(theme_id, heir)
    raise NotFound("There is no such theme.", hint="Themes lists those that there are.")


async def _lately(parts: Parts, unit: Unit, *, theme_id: str) -> Weight:
    end = parts.clock.now()
    window = Window(start=_days_ago(end, parts), end=end, timezone=parts.report.timezone)
    (theme,) = await unit.themes.get([theme_id], window=window)
    moods = await unit.pages.themes.moods(theme_id, window)
    known = await unit.pages.themes.known(most=1)
    bounds = _bounds(moods)
    return Weight(
        theme=theme,
        window=window,
        change=change_of(theme, window, held_since=known.held_since),
        moods=moods,
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
    )


def _bounds(moods: Moods) -> Interval | None:
    return None if moods.mean is None else mean_interval(moods.mean, moods.deviation, n=moods.conversations)


def _days_ago(now: datetime, parts: Parts) -> datetime:
    local = now.astimezone(ZoneInfo(parts.report.timezone)) - timedelta(days=DAYS - 1)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _midnight(parts: Parts) -> datetime:
    """The end of today where the report's days begin."""
    local = parts.clock.now().astimezone(ZoneInfo(parts.report.timezone)) + timedelta(days=1)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _half_year(until: datetime, timezone: str) -> Window:
    return Window(start=until - timedelta(weeks=WEEKS), end=until, timezone=timezone)


def _place(member: Member) -> Place:
    mention = member.mention
    return Place(id=mention.conversation_id, at=mention.said_at, count=mention.position)


def _named(shown: Portrait) -> Sequence[str]:
    """The ids of other themes that the page names."""
    events = [one for event in shown.lineage for one in (event.theme_id, event.other_id)]
    edits = [one for edit in shown.edits for one in (edit.theme_id, edit.into_id)]
    pairs = [one for proposal in shown.proposals for one in (proposal.one_id, proposal.other_id)]
    return sorted({one for one in (*events, *edits, *pairs) if one})
