"""Use case: accounts in a list, those at risk first."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.model import Noun
from earshot.pipeline.accounts.reckoning import freshen
from earshot.pipeline.accounts.risk import Risk, mean, mood_z, risk_of
from earshot.pipeline.parts import Parts
from earshot.ports.browse import Place
from earshot.ports.pages.accounts import DAYS, AccountQuery, AccountState
from earshot.ports.store import Unit
from earshot.report.intervals import Z95, Interval, share_interval


class Mood(Noun):
    """The mean sentiment, its change against the days before, and whether that is beyond chance."""

    mean: float | None
    change: float | None
    real: bool


class Row(Noun):
    """An account in a list. `churn` is the share of conversations with high churn risk, with a 95 % interval."""

    state: AccountState
    risk: Risk
    mood: Mood
    churn: float | None
    churn_low: float | None = None
    churn_high: float | None = None
    csat: float | None
    ai_share: float | None
    highest: str


class Listing(Noun):
    """A page of accounts. `since` is the first day of their standing; `waiting` are still to be counted anew.

    `compared`: the days before are held completely, so that what was then can be said.
    """

    rows: tuple[Row, ...]
    next: Place | None
    since: str
    days: int = DAYS
    waiting: int = 0
    compared: bool = False
    plans: tuple[str, ...] = ()


async def listing(parts: Parts, query: AccountQuery, *, after: Place | None, limit: int) -> Listing:
    """A page of accounts in the order asked for."""
    async with parts.store.unit() as unit:
        waiting = await freshen(parts, unit)
        found = await unit.pages.accounts.ranked(query, after=after, limit=limit + 1)
        plans = await unit.pages.accounts.plans()
        compared = await comparable(parts, unit)
        await unit.commit()
    page = found[:limit]
    return Listing(
        rows=tuple(row_of(one) for one in page),
        next=Place(id=page[-1].id, count=page[-1].value) if len(found) > limit else None,
        since=first_day(parts.clock.now(), timezone=parts.report.timezone),
        waiting=waiting,
        compared=compared,
        plans=tuple(plans),
    )


def row_of(state: AccountState) -> Row:
    """An account with everything that is reckoned of its standing."""
    s = state.standing
    interval = share_interval(s.churn_high, s.conversations) or Interval(0, 0)
    return Row(
        state=state,
        risk=risk_of(s),
        mood=mood_of(state),
        churn=mean(s.churn_high, s.conversations),
        churn_low=interval.low if s.conversations else None,
        churn_high=interval.high if s.conversations else None,
        csat=mean(s.ratings, s.rated),
        ai_share=mean(s.ai_resolved, s.ai_handled),
        highest="HIGH" if s.churn_high else "MEDIUM" if s.churn_medium else "LOW" if s.conversations else "",
    )


def mood_of(state: AccountState) -> Mood:
    """How an account feels, and whether that changed."""
    s = state.standing
    now, then = mean(s.score, s.conversations), mean(s.score_before, s.before)
    change = None if now is None or then is None else now - then
    return Mood(mean=now, change=change, real=abs(mood_z(s)) >= Z95)


async def comparable(parts: Parts, unit: Unit) -> bool:
    """Whether the days before those of a standing are held completely; True where that is not known."""
    held = (await unit.pages.themes.known(most=1)).held_since
    return held is None or held <= parts.clock.now() - timedelta(days=2 * DAYS)


def first_day(now: datetime, *, timezone: str) -> str:
    """The first local day of a standing, in ISO form."""
    return (now.astimezone(ZoneInfo(timezone)).date() - timedelta(days=DAYS - 1)).isoformat()
