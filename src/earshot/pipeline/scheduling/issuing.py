"""Use case: send a series of reports for the latest time of its schedule, or for a given one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.report import Window
from earshot.domain.schedule import Schedule
from earshot.errors import NotFound
from earshot.pipeline.parts import Parts
from earshot.pipeline.reports.sending import Told, send
from earshot.pipeline.scheduling.periods import period
from earshot.pipeline.scheduling.schedules import find
from earshot.pipeline.scheduling.times import last_time
from earshot.report.settings import ReportSeries


@dataclass(frozen=True)
class Issued:
    """What became of one series: its period, and how it went at each destination."""

    series: str
    window: Window
    told: tuple[Told, ...]


async def issue(
    parts: Parts,
    schedules: Sequence[Schedule],
    *,
    name: str | None = None,
    again: bool = False,
    rehearse: bool = False,
) -> list[Issued]:
    """Send one series, or all of them, for the period that ended last. Raises NotFound."""
    wanted = [series_of(parts, name)] if name else parts.report.series
    if not wanted:
        raise NotFound(
            "No report is to be sent to anybody.",
            hint='Name who gets it in the settings: [[report.series]] name = "weekly", mail = ["you@example.com"].',
        )
    done: list[Issued] = []
    for series in wanted:
        window = latest(parts, series, schedules=schedules)
        told = await send(parts, series, window=window, again=again, rehearse=rehearse)
        done.append(Issued(series.name, window, tuple(told)))
    return done


async def issue_at(parts: Parts, schedule: Schedule, *, tick: datetime) -> list[Told]:
    """Send the series of a schedule's name for one of its times; nothing where there is none."""
    for series in parts.report.series:
        if series.name == schedule.name:
            return await send(parts, series, window=window_of(parts, series, schedule=schedule, tick=tick))
    return []


def series_of(parts: Parts, name: str) -> ReportSeries:
    """The series of that name. Raises NotFound, naming those there are."""
    for series in parts.report.series:
        if series.name == name:
            return series
    known = ", ".join(series.name for series in parts.report.series) or "none"
    raise NotFound(f"There is no series of reports {name!r}.", hint=f"There are: {known} ([[report.series]]).")


def latest(parts: Parts, series: ReportSeries, *, schedules: Sequence[Schedule]) -> Window:
    """The period of a series that ended last."""
    schedule = find(tuple(schedules), series.name)
    now = parts.clock.now()
    tick = last_time(schedule.cron, schedule.timezone, until=now) or now
    return window_of(parts, series, schedule=schedule, tick=tick)


def window_of(parts: Parts, series: ReportSeries, *, schedule: Schedule, tick: datetime) -> Window:
    """The period of a series that ends with one time of its schedule."""
    zone = parts.report.timezone
    # on the zone's clock: days in which clocks change have 23 or 25 hours
    since = tick.astimezone(ZoneInfo(zone)) - timedelta(days=series.days) if series.days else None
    return period(schedule, tick, zone=zone, since=since)
