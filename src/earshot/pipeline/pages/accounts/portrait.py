"""Use case: one account with everything that is known of it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.model import Noun
from earshot.errors import NotFound
from earshot.pipeline.accounts.reckoning import freshen
from earshot.pipeline.accounts.risk import deviation
from earshot.pipeline.pages.accounts.listing import Row, comparable, first_day, row_of
from earshot.pipeline.parts import Parts
from earshot.ports.browse import Place
from earshot.ports.pages.accounts import (
    DAYS,
    AccountAction,
    AccountConversation,
    AccountPerson,
    AccountTheme,
    WeekMood,
)
from earshot.report.intervals import Interval, mean_interval
from earshot.report.plots import Level, Mark, Plot, Shape
from earshot.report.plots import Unit as Values

WEEKS = 26
LISTED = 30
"""Themes and people that an account's page shows."""
_ACTIONS = 20


class Portrait(Noun):
    """An account; `compared` as in a list.

    `weeks` is its sentiment by week; `mood_low` and `mood_high` bound its mean by 95 %.
    """

    row: Row
    since: str
    days: int = DAYS
    compared: bool = False
    mood_low: float | None = None
    mood_high: float | None = None
    weeks: tuple[WeekMood, ...] = ()
    themes: tuple[AccountTheme, ...] = ()
    people: tuple[AccountPerson, ...] = ()
    actions: tuple[AccountAction, ...] = ()
    conversations: tuple[AccountConversation, ...] = ()
    next: Place | None = None


async def portrait(
    parts: Parts, account_id: str, *, after: Place | None = None, limit: int = 25, listed: int = LISTED
) -> Portrait:
    """One account; NotFound where nothing of it was read."""
    now, zone = parts.clock.now(), parts.report.timezone
    async with parts.store.unit() as unit:
        accounts = unit.pages.accounts
        await freshen(parts, unit)
        found = await accounts.get(account_id)
        if found is None:
            raise NotFound("No read conversation of this account is held.", hint="Accounts lists those that are.")
        said = await accounts.conversations(account_id, after=after, limit=limit + 1)
        row, page = row_of(found), said[:limit]
        bounds = _bounds(row)
        shown = Portrait(
            row=row,
            since=first_day(now, timezone=zone),
            compared=await comparable(parts, unit),
            mood_low=bounds.low if bounds else None,
            mood_high=bounds.high if bounds else None,
            weeks=tuple(await accounts.moods(account_id, since=_monday(now, zone), timezone=zone)),
            themes=tuple(await accounts.themes(account_id, limit=listed)),
            people=tuple(await accounts.people(account_id, limit=listed)),
            actions=tuple(await accounts.actions(account_id, limit=_ACTIONS)),
            conversations=tuple(page),
            next=Place(id=page[-1].id, at=page[-1].said_at) if len(said) > limit else None,
        )
        await unit.commit()
    return shown


def moods_plot(shown: Portrait, *, link: str) -> Plot:
    """The account's sentiment by week. `link` is the address of its conversations, to which a week is added."""
    marks = tuple(
        Mark(
            at=week.start,
            value=round(week.score / week.conversations, 3),
            n=week.conversations,
            href=f"{link}&since={week.start.isoformat()}&until={(week.start + timedelta(days=7)).isoformat()}",
        )
        for week in shown.weeks
    )
    return Plot(
        title="Sentiment by week",
        description=f"Mean score of the week's conversations, −1 to 1, over {WEEKS} weeks.",
        shape=Shape.LINES,
        marks=marks,
        unit=Values.SCORE,
        step="week",
        what="Mean sentiment",
        levels=(Level(value=0.0, text="neutral"),),
        lowest=-1.0,
        highest=1.0,
    )


def _bounds(row: Row) -> Interval | None:
    s = row.state.standing
    if row.mood.mean is None:
        return None
    return mean_interval(row.mood.mean, deviation(s.score, s.squares, n=s.conversations), n=s.conversations)


def _monday(now: datetime, timezone: str) -> datetime:
    """Midnight of the Monday with which the oldest week shown begins."""
    today = now.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
