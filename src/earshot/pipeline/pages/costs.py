"""Use case: what reading costs, day by day and by whom, how sure that is, and where the month is going."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.errors import BadInput
from earshot.llm.settings import LlmSettings
from earshot.pipeline.money.spendings import FORECAST_DAYS, WAYS, Costs, Dear, sureness, tally
from earshot.pipeline.parts import Parts
from earshot.ports.llm_store import Spending
from earshot.ports.pages.costs import Readings
from earshot.report import words
from earshot.report.plots import Level, Mark, Plot, Series, Shape, Unit

TARGET = (0.00013, 0.00025)
"""Dollars per conversation that the guide aims at."""
CHOICES = (7, 30, 90)
DEAREST_DAYS = 7
_T95 = 2.447
"""Student's t for 95% and the six degrees of freedom of seven days."""
_TONES = ("accent", "second", "third", "warn", "good", "soft")
_SERIES = 6


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What the month will have cost by its end, with its 95% interval; None where days are too few."""

    expected: float
    low: float | None
    high: float | None
    spread: float


@dataclass(frozen=True, kw_only=True)
class CostsView:
    """The page. `verdict` sets a conversation's cost beside the guide's target; `local` counts free readings."""

    days: int
    costs: Costs
    sure: str
    outlook: Outlook
    verdict: str
    cache_share: float | None
    spent_today: float
    day_budget: float | None
    run_budget: float | None
    provider: str
    local: int
    priced: int
    chart: Plot
    dear_since: datetime


async def look(parts: Parts, llm: LlmSettings, *, days: int = 30, by: str = "model") -> CostsView:
    """What calls cost over the last days, today included. Raises BadInput."""
    if by not in WAYS or not 1 <= days <= 366:
        raise BadInput("Costs are shown for 1 to 366 days, by " + ", ".join(WAYS) + ".")
    now, zone = parts.clock.now(), ZoneInfo(parts.report.timezone)
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    begin = min(first, today.replace(day=1), today - timedelta(days=FORECAST_DAYS + 1))
    async with parts.store.unit() as unit:
        await unit.figures.refresh()
        rows = unit.pages.costs
        every = await rows.spending(begin, today, zone=parts.report.timezone, today=today)
        dear_since = now - timedelta(days=min(days, DEAREST_DAYS))
        dearest = await rows.dearest(dear_since, now, limit=10)
        readings = await rows.readings(datetime.combine(first, datetime.min.time(), zone))
        spent = await unit.calls.spent(today.isoformat())
        await unit.commit()
    some = [one for one in every if one.day >= first.isoformat()]
    told = [Dear(conversation_id=name, calls=calls, usd=usd) for name, calls, usd in dearest]
    costs = tally(some, by=by, recent=every, today=today, dearest=told)
    return CostsView(
        days=days,
        costs=costs,
        sure=sureness(costs.total),
        outlook=outlook(every, costs, today=today),
        verdict=verdict(costs.usd_each),
        cache_share=costs.total.cached_tokens / costs.total.input_tokens if costs.total.input_tokens else None,
        spent_today=spent,
        day_budget=llm.day_budget_usd,
        run_budget=llm.run_budget_usd,
        provider=llm.provider,
        local=_count(readings, local=True),
        priced=_count(readings, local=False),
        chart=chart(some, by=by, first=first, last=today, budget=llm.day_budget_usd),
        dear_since=dear_since,
    )


def outlook(recent: Sequence[Spending], costs: Costs, *, today: date) -> Outlook:
    """The forecast with an interval: as the last seven full days scattered, the days to come will.

    A new day scatters by the days' own spread, and the average of seven days is itself not known exactly:
    the error of the sum of d days is spread × √(d + d² / 7).
    """
    full = [
        sum(one.usd for one in recent if one.day == (today - timedelta(days=back)).isoformat())
        for back in range(1, FORECAST_DAYS + 1)
    ]
    mean = sum(full) / FORECAST_DAYS
    spread = math.sqrt(sum((usd - mean) ** 2 for usd in full) / (FORECAST_DAYS - 1))
    forecast, left = costs.forecast, costs.forecast.days_left
    if not any(full):
        return Outlook(expected=forecast.by_the_end_usd, low=None, high=None, spread=spread)
    half = _T95 * spread * math.sqrt(left + left * left / FORECAST_DAYS)
    low = max(forecast.so_far_usd, forecast.by_the_end_usd - half)
    return Outlook(expected=forecast.by_the_end_usd, low=low, high=forecast.by_the_end_usd + half, spread=spread)


def verdict(usd_each: float | None) -> str:
    """The cost of a conversation beside the guide's target, in words; "" where it is not known."""
    if usd_each is None:
        return ""
    low, high = TARGET
    aim = f"the guide aims at ${low:.5f} to ${high:.5f}"
    if usd_each > high:
        return f"{usd_each / high:,.1f} times the upper end: {aim}"
    return f"within the target: {aim}" if usd_each >= low else f"below the target: {aim}"


def chart(rows: Sequence[Spending], *, by: str, first: date, last: date, budget: float | None) -> Plot:
    """Dollars per day, stacked by model, purpose, tier or mode (by day: by model)."""
    of = "model" if by == "day" else by
    sums: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for one in rows:
        sums[str(getattr(one, of)) or "none"][one.day] += one.usd
    names = sorted(sums, key=lambda name: (-sum(sums[name].values()), name))
    shown, rest = names[: _SERIES - 1], names[_SERIES - 1 :]
    if len(rest) == 1:
        shown, rest = names[:_SERIES], []
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    series = [(name, [name]) for name in shown] + ([("others", rest)] if rest else [])
    marks = tuple(
        Mark(at=day, series=name, value=sum(sums[one].get(day.isoformat(), 0.0) for one in some))
        for name, some in series
        for day in days
    )
    return Plot(
        title=f"Spend per day, by {of}",
        description="US dollars at list prices of the day of each call; calls whose answer was lost are not in it.",
        shape=Shape.BARS,
        marks=marks,
        series=tuple(
            Series(name=name, title=words.plain(name) if of != "model" else name, tone=_TONES[at % len(_TONES)])
            for at, (name, _) in enumerate(series)
        ),
        unit=Unit.USD,
        what="US dollars",
        levels=(Level(value=budget, text="budget of a day"),) if budget else (),
    )


def _count(readings: Sequence[Readings], *, local: bool) -> int:
    return sum(one.conversations for one in readings if is_local(one.model) == local)


def is_local(model: str) -> bool:
    """Whether a reading's model is the one that comes with Earshot."""
    return model.startswith("local")
