"""The charts of the overview: conversations by issue type, and sentiment with its interval, over days or weeks."""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.report import Window
from earshot.pipeline.pages.overview.spans import Spans, conversations
from earshot.ports.pages.overview import DayGroup
from earshot.report import words
from earshot.report.intervals import mean_interval
from earshot.report.plots import Mark, Plot, Series, Shape, Unit

DAILY = timedelta(days=36)
"""Windows up to that are drawn by day, longer ones by week."""


def drawn(spans: Spans) -> tuple[Window, str]:
    """The window of the charts, in whole local days or weeks (today is not over), and its step."""
    zone = ZoneInfo(spans.now.timezone)
    step = "day" if spans.now.end - spans.now.start <= DAILY else "week"
    first = spans.now.start.astimezone(zone).date()
    if step == "week":
        first -= timedelta(days=first.weekday())
    return Window(start=_midnight(first, zone), end=spans.now.end, timezone=spans.now.timezone), step


def volume(days: Sequence[DayGroup], window: Window, *, step: str) -> Plot:
    """Conversations by issue type."""
    counts: defaultdict[tuple[date, str], int] = defaultdict(int)
    for one in days:
        counts[_begin(one.day, step), one.issue_type] += one.n
    kinds = words.in_order({kind for _, kind in counts})
    marks = tuple(
        Mark(at=day, series=kind, value=float(n), href=_rows(day, window, step=step, issue_type=kind))
        for (day, kind), n in sorted(counts.items())
    )
    return Plot(
        title="Conversations",
        description=f"Read conversations by issue type and {step}; the last {step} is not over.",
        shape=Shape.BARS,
        marks=marks,
        series=tuple(Series(name=kind, title=words.issue_types(kind), tone=kind) for kind in kinds),
        step=step,
    )


def sentiment(days: Sequence[DayGroup], window: Window, *, step: str) -> Plot:
    """The average score of each day or week with its 95% interval; days without conversations have none."""
    spans: defaultdict[date, list[DayGroup]] = defaultdict(list)
    for one in days:
        spans[_begin(one.day, step)].append(one)
    return Plot(
        title="Sentiment",
        description=f"Average score per {step} from \u22121 (very negative) to +1 with its 95% interval; "
        "hollow where fewer than 5 conversations stand behind it.",
        shape=Shape.LINES,
        marks=tuple(
            _mark(day, some, href=_rows(day, window, step=step)) for day, some in _each(spans, window, step=step)
        ),
        unit=Unit.SCORE,
        step=step,
        what="Average",
        lowest=-1.0,
        highest=1.0,
    )


def _each(spans: dict[date, list[DayGroup]], window: Window, *, step: str) -> list[tuple[date, list[DayGroup]]]:
    zone = ZoneInfo(window.timezone)
    day, last = window.start.astimezone(zone).date(), window.end.astimezone(zone).date()
    found: list[tuple[date, list[DayGroup]]] = []
    while day <= last:
        found.append((day, spans.get(day, [])))
        day += timedelta(days=7 if step == "week" else 1)
    return found


def _mark(day: date, some: Sequence[DayGroup], *, href: str) -> Mark:
    n = sum(one.n for one in some)
    if not n:
        return Mark(at=day, value=None)
    mean = sum(one.score for one in some) / n
    spread = max(0.0, sum(one.squares for one in some) - n * mean * mean)
    interval = mean_interval(mean, math.sqrt(spread / (n - 1)) if n > 1 else None, n=n)
    low, high = (interval.low, interval.high) if interval else (None, None)
    return Mark(at=day, value=mean, low=low, high=high, n=n, href=href)


def _begin(day: date, step: str) -> date:
    return day - timedelta(days=day.weekday()) if step == "week" else day


def _rows(day: date, window: Window, *, step: str, **filters: str) -> str:
    zone = ZoneInfo(window.timezone)
    end = _midnight(day + timedelta(days=7 if step == "week" else 1), zone)
    return conversations(_midnight(day, zone), min(end, window.end), **filters)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
