"""Use case: what product work that came from conversations did."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from earshot.domain.backlog import Urgency
from earshot.domain.impact import Adoption, Born, Journey, Month, Sourced
from earshot.domain.outcome import Shipped
from earshot.errors import BadInput
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit
from earshot.report.effects import Change, median, rate_change
from earshot.report.intervals import Interval, share_interval
from earshot.report.plots import Mark, Plot, Shape
from earshot.report.plots import Unit as Values

SPAN = timedelta(days=28)
"""How much before and after a fix is compared."""
LEAST_AFTER = timedelta(days=7)
"""Before so much time has passed after a fix nothing is said of it."""
JOURNEYS_DAYS = 180
_JOURNEYS, _SHIPPED, _MONTHS = 1_000, 50, 13
TARGET_HOURS = 48.0
"""From mention to backlog, for what is urgent (the guide)."""
_HIGH = frozenset({Urgency.P0.value, Urgency.P1.value})
_FIELDS = ("feature", "born", "adopters", "audience", "measured_on")
_MOST_LINES = 1_000


@dataclass(frozen=True, kw_only=True)
class Duration:
    """How long a part of the way took, in hours: the median with its interval, over `n` items."""

    name: str
    n: int
    median: float | None
    interval: Interval | None
    within: int
    """How many kept to the target, where there is one."""


@dataclass(frozen=True, kw_only=True)
class Fix:
    """A shipped fix and how often its matter was raised before and after it, in equal spans."""

    shipped: Shipped
    title: str
    days: int
    change: Change | None
    """None while too little time has passed."""


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """Adoption of features of one origin: the mean of their shares, and each feature."""

    born: Born
    mean: float | None
    features: tuple[tuple[Adoption, Interval | None], ...]


@dataclass(frozen=True, kw_only=True)
class Impact:
    """Everything the impact page shows."""

    sourced: Sourced
    share: float | None
    share_interval: Interval | None
    durations: tuple[Duration, ...]
    journeys: tuple[Journey, ...]
    fixes: tuple[Fix, ...]
    months: tuple[Month, ...]
    customers: int
    customers_of: str
    volume: Plot
    adopted: tuple[Adopted, ...]


async def impact(parts: Parts) -> Impact:
    """The figures of this moment."""
    now = parts.clock.now()
    async with parts.store.unit() as unit:
        outcomes = unit.pages.outcomes
        sourced = await outcomes.sourced()
        journeys = await lately(unit, now=now)
        months = await outcomes.months(_month_starts(now, parts.report.timezone), now)
        fixes = await _fixes(unit, now=now)
        accounts = await outcomes.accounts()
        adoptions = await outcomes.adoptions()
        await unit.commit()
    told = parts.prioritise.total_active_users
    customers = told or accounts
    return Impact(
        sourced=sourced,
        share=sourced.ours / (sourced.ours + sourced.others) if sourced.ours + sourced.others else None,
        share_interval=share_interval(sourced.ours, sourced.ours + sourced.others),
        durations=durations(journeys),
        journeys=tuple(journeys),
        fixes=tuple(fixes),
        months=tuple(months),
        customers=customers,
        customers_of="[prioritise] total_active_users" if told else "companies known now",
        volume=volume_by_month(months, customers),
        adopted=tuple(adopted(born, adoptions) for born in Born),
    )


async def lately(unit: Unit, *, now: datetime) -> list[Journey]:
    """The ways of the items that were drafted lately."""
    since = now - timedelta(days=JOURNEYS_DAYS)
    return await unit.pages.outcomes.journeys(since=since, limit=_JOURNEYS)


def durations(journeys: Sequence[Journey]) -> tuple[Duration, ...]:
    """How long the parts of the way took. What Earshot was given with its history counts from when it read it."""
    urgent = [one for one in journeys if one.priority in _HIGH]
    known = [(one, one.known_at or one.first_mention) for one in urgent]
    return (
        _duration("urgent (P0, P1): known to backlog", [one.in_backlog_at - at for one, at in known]),
        _duration("all: known to backlog", [
            one.in_backlog_at - (one.known_at or one.first_mention) for one in journeys
        ]),
        _duration("all: first mention to backlog", [one.in_backlog_at - one.first_mention for one in journeys]),
        _duration("backlog to ticket", [one.pushed_at - one.in_backlog_at for one in journeys if one.pushed_at]),
        _duration("first mention to shipped", [
            one.shipped_at - one.first_mention for one in journeys if one.shipped_at
        ]),
    )  # fmt: skip


def _duration(name: str, spans: Sequence[timedelta]) -> Duration:
    hours = [max(0.0, span / timedelta(hours=1)) for span in spans]
    middle, interval = median(hours)
    within = sum(one <= TARGET_HOURS for one in hours)
    return Duration(name=name, n=len(hours), median=middle, interval=interval, within=within)


async def _fixes(unit: Unit, *, now: datetime) -> list[Fix]:
    shipped = await unit.pages.outcomes.shipped(limit=_SHIPPED)
    titles = {theme.id: theme.title for theme in await unit.themes.get([one.theme_id for one in shipped])}
    return [
        Fix(
            shipped=one,
            title=titles.get(one.theme_id, one.theme_id),
            days=span.days,
            change=await _change(unit, one, span=span) if span >= LEAST_AFTER else None,
        )
        for one in shipped
        for span in (_span(one, now),)
    ]


def _span(one: Shipped, now: datetime) -> timedelta:
    """How much lies before and after, in whole days: as much as has passed, at most `SPAN`."""
    return timedelta(days=max(0, min(SPAN, now - one.shipped_at).days))


async def _change(unit: Unit, one: Shipped, *, span: timedelta) -> Change:
    at = one.shipped_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    outcomes = unit.pages.outcomes
    return rate_change(
        await outcomes.mentions(one.theme_id, at - span, end=at),
        await outcomes.mentions(one.theme_id, at, end=at + span),
        exposure_before=await outcomes.volume(at - span, at),
        exposure_after=await outcomes.volume(at, at + span),
    )


def _month_starts(now: datetime, zone: str) -> list[datetime]:
    first = now.astimezone(ZoneInfo(zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    starts = [first]
    while len(starts) < _MONTHS:
        before = starts[0] - timedelta(days=1)
        starts.insert(0, before.replace(day=1, hour=0))
    return starts


def volume_by_month(months: Sequence[Month], customers: int) -> Plot:
    """Conversations a day and 100 customers, by month: months differ in length, so days make them alike.

    A month of which less than a day has passed says nothing yet and is left out.
    """
    begun = [index for index, month in enumerate(months) if month.conversations]
    shown = [month for month in months[begun[0] :] if month.days >= 1] if begun else []
    each = 100 / customers if customers else 1.0
    marks = tuple(
        Mark(
            at=month.first_day,
            value=month.conversations / month.days * each,
            n=month.conversations,
            href=f"/conversations?since={month.first_day}&until={_next(month.first_day)}&unread=0",
        )
        for month in shown
    )
    per = "100 customers and day" if customers else "day"
    return Plot(
        title=f"Conversations per {per}",
        description="By month; the last one is not over. Customers are those of today, for all months.",
        shape=Shape.BARS,
        marks=marks,
        unit=Values.RATE,
        step="month",
        what=f"per {per}",
    )


def _next(first_day: date) -> date:
    return (first_day + timedelta(days=32)).replace(day=1)


def adopted(born: Born, adoptions: Sequence[Adoption]) -> Adopted:
    """What is known of the adoption of features of one origin."""
    chosen = [one for one in adoptions if one.born is born]
    shares = [min(1.0, one.adopters / one.audience) for one in chosen]
    features = tuple((one, share_interval(min(one.adopters, one.audience), one.audience)) for one in chosen)
    return Adopted(born=born, mean=fmean(shares) if shares else None, features=features)


async def import_adoption(parts: Parts, text: str) -> int:
    """Keep measures of adoption from CSV (feature, born, adopters, audience, measured_on); all lines or none."""
    measured = parse_adoption(text)
    async with parts.store.unit() as unit:
        kept = await unit.pages.outcomes.keep_adoptions(measured)
        await unit.commit()
    return kept


def parse_adoption(text: str) -> list[Adoption]:
    """The lines of a file. Raises BadInput with the line that cannot be read."""
    if "\x00" in text:
        raise BadInput("The file holds a NUL, so it is no text.", hint="Save it as CSV (UTF-8).")
    try:
        return _adoptions(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=None)))
    except csv.Error:
        raise BadInput("The file cannot be read as CSV; nothing was kept.", hint="Is a quote not closed?") from None


def _adoptions(reader: "csv.DictReader[str]") -> list[Adoption]:
    names = [name.strip() for name in reader.fieldnames or ()]
    if not set(_FIELDS) <= set(names):
        raise BadInput(
            "The first line has to name the columns " + ", ".join(_FIELDS) + ".",
            hint="born is insight or other; measured_on is a day such as 2026-11-30.",
        )
    found: list[Adoption] = []
    for number, line in enumerate(reader, 2):
        if number > _MOST_LINES + 1:
            raise BadInput(f"The file has more than {_MOST_LINES:,} lines.")
        try:
            found.append(Adoption.model_validate({name: (line[name] or "").strip() for name in _FIELDS}))
        except (ValidationError, TypeError, AttributeError):
            raise BadInput(
                f"Line {number} cannot be read; nothing was kept.", hint="Correct it and try again."
            ) from None
    return found
