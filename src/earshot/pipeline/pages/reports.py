"""Use cases of the page of reports: what was sent where, one report to look at, and sending it now."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from earshot.domain.letter import SentState
from earshot.domain.report import Report, Window
from earshot.domain.schedule import Schedule
from earshot.domain.sent_report import SentReport
from earshot.errors import NotFound
from earshot.pipeline.parts import Parts
from earshot.pipeline.reporting import report
from earshot.pipeline.reports.addresses import NOW, name_of, parse_name
from earshot.pipeline.reports.destinations import destinations_of
from earshot.pipeline.reports.filing import RENDERERS
from earshot.pipeline.reports.sending import Told, edition_for, send
from earshot.pipeline.scheduling.issuing import latest, series_of
from earshot.pipeline.scheduling.schedules import find
from earshot.pipeline.scheduling.times import in_words, next_time
from earshot.ports.browse import Place
from earshot.report import words
from earshot.report.settings import ReportSeries

PAGE = 20
"""Periods on one page."""
_TOOLS = {"email": "[email] enabled = true", "slack": "[slack] enabled = true"}


@dataclass(frozen=True, kw_only=True)
class Stand:
    """How a report stands at one destination. `row` None: nothing was tried. `hint` is what a person can do."""

    destination: str
    title: str
    row: SentReport | None
    state: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """A report of one period, and how it stands at its destinations."""

    name: str
    series: str
    start: datetime
    end: datetime
    span: str
    stands: tuple[Stand, ...]
    sendable: bool = False
    repeatable: bool = False


@dataclass(frozen=True, kw_only=True)
class SeriesView:
    """What is sent to whom and when. `current` is the period that ended last; `problem` why it cannot be sent."""

    settings: ReportSeries
    when: str
    next_at: datetime | None
    current: Issue
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReportsPage:
    """Series of the settings, and the reports that were sent."""

    series: tuple[SeriesView, ...]
    issues: tuple[Issue, ...]
    next: Place | None


@dataclass(frozen=True, kw_only=True)
class ReportView:
    """One report to look at; `issue` None for the one up to now, which belongs to no series."""

    name: str
    title: str
    window: Window
    issue: Issue | None


async def listed(
    parts: Parts, schedules: Sequence[Schedule], *, after: Place | None, limit: int = PAGE
) -> ReportsPage:
    """Reports by period, newest first."""
    async with parts.store.unit() as unit:
        rows = await unit.pages.reports.periods(after=after, limit=limit + 1)
    groups = [list(group) for _, group in groupby(rows, key=lambda row: (row.period_end, row.series))]
    last = groups[limit - 1][0] if len(groups) > limit else None
    place = Place(id=last.series, at=last.period_end) if last else None
    issues = tuple(_issue(parts, group) for group in groups[:limit])
    series = [await _series(parts, schedules, series=one) for one in parts.report.series]
    return ReportsPage(series=tuple(series), issues=issues, next=place)


async def looked_at(parts: Parts, schedules: Sequence[Schedule], *, name: str) -> ReportView:
    """One report and how it stands. Raises NotFound."""
    if name == NOW:
        figures = Window(start=parts.clock.now(), end=parts.clock.now(), timezone=parts.report.timezone)
        return ReportView(name=name, title=f"The last {parts.report.days} days", window=figures, issue=None)
    issue = await _found(parts, schedules, name=name)
    window = Window(start=issue.start, end=issue.end, timezone=parts.report.timezone)
    return ReportView(name=name, title=f"{issue.series}: {issue.span}", window=window, issue=issue)


async def written(parts: Parts, schedules: Sequence[Schedule], *, name: str, form: str, app_url: str) -> str:
    """A report in a format, as the readers of its series get it, its figures as the rows give them now.

    Its links lead to `app_url`.
    """
    figures = await _figures(parts, schedules, name=name)
    edition = figures.edition.model_copy(update={"app_url": app_url, "address": ""})
    figures = figures.model_copy(update={"edition": edition})
    return await asyncio.to_thread(RENDERERS[form], figures)


async def sent_now(parts: Parts, schedules: Sequence[Schedule], *, name: str, again: bool) -> list[Told]:
    """Send a report where it was not sent yet. Raises NotFound."""
    issue = await _found(parts, schedules, name=name)
    window = Window(start=issue.start, end=issue.end, timezone=parts.report.timezone)
    return await send(parts, series_of(parts, issue.series), window=window, again=again)


async def _figures(parts: Parts, schedules: Sequence[Schedule], *, name: str) -> Report:
    if name == NOW:
        return await report(parts)
    issue = await _found(parts, schedules, name=name)
    figures = await report(parts, since=issue.start, until=issue.end)
    for series in parts.report.series:
        if series.name == issue.series:
            first = destinations_of(series)[0].name
            return await edition_for(parts, series, figures=figures, destination=first)
    return figures


async def _found(parts: Parts, schedules: Sequence[Schedule], *, name: str) -> Issue:
    """The report of that name: one that was sent, or the latest of its series. Raises NotFound."""
    series, end = parse_name(name)
    async with parts.store.unit() as unit:
        rows = await unit.pages.reports.of_period(series, end=end)
    if rows:
        return _issue(parts, rows)
    for one in parts.report.series:
        if one.name == series:
            current = await _current(parts, schedules, series=one)
            if current.name == name:
                return current
    raise NotFound("There is no such report.", hint="/reports lists those there are.")


async def _series(parts: Parts, schedules: Sequence[Schedule], *, series: ReportSeries) -> SeriesView:
    schedule = find(tuple(schedules), series.name)
    goes = destinations_of(series)
    tools = parts.make_tools()
    off = dict.fromkeys(one.tool for one in goes if one.tool and one.tool not in tools)
    dry = dict.fromkeys(one.tool for one in goes if one.tool in parts.dry_tools)
    problems = [f"{tool} is not switched on: {_TOOLS[tool]}" for tool in off]
    problems += [f"{tool} is in dry run: nothing is sent" for tool in dry]
    upcoming = next_time(schedule.cron, schedule.timezone, after=parts.clock.now()) if schedule.enabled else None
    return SeriesView(
        settings=series,
        when=f"{in_words(schedule.cron)} ({schedule.timezone})",
        next_at=upcoming,
        current=await _current(parts, schedules, series=series),
        problems=tuple(problems),
    )


async def _current(parts: Parts, schedules: Sequence[Schedule], *, series: ReportSeries) -> Issue:
    """The report of the period that ended last, sent or not."""
    window = latest(parts, series, schedules=schedules)
    async with parts.store.unit() as unit:
        rows = await unit.pages.reports.of_period(series.name, end=window.end)
    return _issue(parts, rows, series=series.name, window=window)


def _issue(
    parts: Parts, rows: Sequence[SentReport], *, series: str | None = None, window: Window | None = None
) -> Issue:
    """A report of a period from its rows, and from what the settings want where nothing was tried yet."""
    name = series or rows[0].series
    start, end = (rows[0].period_start, rows[0].period_end) if rows else _bounds(window)
    held = {row.destination: row for row in rows}
    settings = next((one for one in parts.report.series if one.name == name), None)
    titles = {one.name: one.title for one in destinations_of(settings)} if settings else {}
    stands = tuple(
        _stand(parts, destination, title=titles.get(destination, destination), row=held.get(destination))
        for destination in dict.fromkeys((*titles, *held))
    )
    states = {one.state for one in stands if one.destination in titles}
    return Issue(
        name=name_of(name, end=end),
        series=name,
        start=start,
        end=end,
        span=words.span(Window(start=start, end=end, timezone=parts.report.timezone)),
        stands=stands,
        sendable=bool(states & {"not sent", "failed", "dry"}),
        repeatable=bool(states & {"done", "unknown"}),
    )


def _bounds(window: Window | None) -> tuple[datetime, datetime]:
    if window is None:
        raise NotFound("There is no such report.", hint="/reports lists those there are.")
    return window.start, window.end


def _stand(parts: Parts, destination: str, *, title: str, row: SentReport | None) -> Stand:
    state = "not sent" if row is None else row.state.value
    if (
        row is not None
        and row.state is SentState.SENDING
        and row.lease_until
        and row.lease_until < parts.clock.now()
    ):
        state = SentState.UNKNOWN.value
    hint = {
        "unknown": "It may have been sent. Look whether it arrived before you send it again.",
        "failed": "It did not arrive; sending it now tries again.",
    }.get(state, "")
    return Stand(destination=destination, title=title, row=row, state=state, hint=hint)
