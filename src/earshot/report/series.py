"""Figures per day made ready for charts: spans of days that fit the window, and their tables."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.report import DaySentiment, Report
from earshot.report import links, words
from earshot.report.change import sentiment_sd
from earshot.report.intervals import mean_interval
from earshot.report.views import Bar, Cell, Chart, Column, Point, Table

DAILY_LIMIT, WEEKLY_LIMIT = 92, 731
"""Up to so many days a chart has one mark a day, then one a week; beyond, one a month."""
STEADY = 8
"""Sentiment marks rest on at least so many conversations on average, where the window is long enough."""
_DAYS = {"week": 7, "month": 31}


def drawn_days(report: Report) -> tuple[date, date]:
    """The first and last day a chart shows: the window, a long one only from its first conversation on."""
    first, last = words.first_day(report.window), words.last_day(report.window)
    if (last - first).days < DAILY_LIMIT:
        return first, last
    held = [row.day for row in (*report.issue_days, *report.sentiment_days)]
    return max(first, min(held, default=first)), last


def step(days: tuple[date, date]) -> str:
    """The span of one mark: day, week or month."""
    length = (days[1] - days[0]).days + 1
    return "day" if length <= DAILY_LIMIT else "week" if length <= WEEKLY_LIMIT else "month"


def _steady(report: Report, every: str) -> str:
    """A longer step where marks would rest on so few conversations that the line is noise."""
    first, last = drawn_days(report)
    n = sum(row.conversations for row in report.sentiment_days)
    for shorter, longer in (("day", "week"), ("week", "month")):
        marks = len({_start(row.day, every) for row in report.sentiment_days})
        if every == shorter and (last - first).days >= 2 * _DAYS[longer] and n < STEADY * marks:
            every = longer
    return every


def issue_chart(report: Report) -> Chart:
    """Conversations per issue type over time."""
    every = step(drawn_days(report))
    counts: dict[tuple[date, str], int] = defaultdict(int)
    for row in report.issue_days:
        counts[_start(row.day, every), row.issue_type] += row.conversations
    kinds = words.in_order({kind for _, kind in counts})
    days = _starts(report, every)
    return Chart(
        id="issues-chart",
        title=f"Conversations per {every} by issue type",
        description=_describe_issues(counts, days, every=every),
        step=every,
        first=days[0],
        last=days[-1],
        bars=tuple(
            Bar(day=d, kind=k, conversations=counts[d, k]) for d in days for k in kinds if counts.get((d, k))
        ),
        table=Table(
            caption=f"Conversations per {every} by issue type",
            columns=(
                Column(name=every.capitalize()),
                *(_number(words.issue_types(k)) for k in kinds),
                _number("All"),
            ),
            rows=tuple(_issue_row(report, d, kinds=kinds, counts=counts, every=every) for d in days),
            folded=True,
        ),
    )


def sentiment_chart(report: Report) -> Chart:
    """Average sentiment over time with its 95% interval."""
    every = _steady(report, step(drawn_days(report)))
    days = _starts(report, every)
    sd = sentiment_sd(report.totals)
    points = _points(report.sentiment_days, every, sd=sd)
    return Chart(
        id="sentiment-chart",
        title=f"Average sentiment per {every}",
        description=_describe_sentiment(points, every),
        step=every,
        first=days[0],
        last=days[-1],
        points=points,
        table=Table(
            caption=f"Average sentiment per {every}, −1 very negative to +1 very positive",
            columns=(Column(name=every.capitalize()), _number("Average"), _number("95% interval"), _number("n")),
            rows=tuple(_sentiment_row(report, p, every=every) for p in points),
            folded=True,
        ),
    )


def _points(rows: Iterable[DaySentiment], every: str, *, sd: float | None) -> tuple[Point, ...]:
    sums: dict[date, tuple[float, int]] = {}
    for row in rows:
        start = _start(row.day, every)
        total, n = sums.get(start, (0.0, 0))
        sums[start] = (total + row.average * row.conversations, n + row.conversations)
    return tuple(_point(day, total / n, n=n, sd=sd) for day, (total, n) in sorted(sums.items()) if n)


def _point(day: date, average: float, *, n: int, sd: float | None) -> Point:
    # One day alone is too few to know its own spread: the whole window's stands in.
    interval = mean_interval(average, sd, n=n)
    low, high = (interval.low, interval.high) if interval else (None, None)
    return Point(day=day, average=average, low=low, high=high, conversations=n)


def _start(day: date, every: str) -> date:
    if every == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if every == "month" else day


def _starts(report: Report, every: str) -> list[date]:
    day, last = drawn_days(report)
    starts: list[date] = []
    while day <= last:
        start = _start(day, every)
        if not starts or starts[-1] != start:
            starts.append(start)
        day += timedelta(days=1)
    return starts


def _number(name: str) -> Column:
    return Column(name=name, numeric=True)


def _issue_row(
    report: Report, day: date, *, kinds: list[str], counts: dict[tuple[date, str], int], every: str
) -> tuple[Cell, ...]:
    row = [counts.get((day, kind), 0) for kind in kinds]
    since, until = _bounds(report, day, every=every)
    cells = [
        Cell(words.number(n), links.conversations(report, since=since, until=until, issue_type=kind) if n else None)
        for kind, n in zip(kinds, row, strict=True)
    ]
    every_one = links.conversations(report, since=since, until=until)
    return (Cell(words.day(day)), *cells, Cell(words.number(sum(row)), every_one))


def _sentiment_row(report: Report, point: Point, *, every: str) -> tuple[Cell, ...]:
    interval = words.UNKNOWN if point.low is None else f"{words.score(point.low)} to {words.score(point.high)}"
    since, until = _bounds(report, point.day, every=every)
    rows = links.conversations(report, since=since, until=until)
    return (
        Cell(words.day(point.day)),
        Cell(words.score(point.average)),
        Cell(interval),
        Cell(words.number(point.conversations), rows),
    )


def _bounds(report: Report, day: date, *, every: str) -> tuple[datetime, datetime]:
    """The span of a mark, within the window."""
    zone = ZoneInfo(report.window.timezone)
    after = (day + timedelta(days=31)).replace(day=1) if every == "month" else day + timedelta(_DAYS.get(every, 1))
    start, end = (datetime.combine(one, time(), tzinfo=zone) for one in (day, after))
    return max(start, report.window.start), min(end, report.window.end)


def _describe_issues(counts: dict[tuple[date, str], int], days: list[date], *, every: str) -> str:
    totals: dict[date, int] = defaultdict(int)
    for (day, _), n in counts.items():
        totals[day] += n
    if not totals:
        return "No conversations."
    peak = max(days, key=lambda day: totals.get(day, 0))
    mean = sum(totals.values()) / len(days)
    return (
        f"Stacked bars, one a {every}. The busiest {every} is {words.day(peak)} with "
        f"{words.count(totals[peak], 'conversation')}; the average is {mean:.1f} a {every}.{_partial(every)}"
    )


def _describe_sentiment(points: tuple[Point, ...], every: str) -> str:
    if not points:
        return "No conversations."
    low = min(points, key=lambda p: p.average)
    high = max(points, key=lambda p: p.average)
    return (
        f"A line with its band of uncertainty. Lowest: {words.score(low.average)} on {words.day(low.day)} "
        f"(n = {low.conversations}). Highest: {words.score(high.average)} on {words.day(high.day)} "
        f"(n = {high.conversations}). One mark a {every}.{_partial(every)}"
    )


def _partial(every: str) -> str:
    return "" if every == "day" else f" The first and the last {every} may lie in the window only in part."
