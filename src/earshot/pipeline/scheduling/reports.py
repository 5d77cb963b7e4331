"""The chore REPORT: the report of the period before, as files and to whom its series sends it.

The same time gives the same files, and sends nothing twice.
"""

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from earshot.domain.report import Report
from earshot.pipeline.parts import Parts
from earshot.pipeline.reporting import report
from earshot.pipeline.reports.filing import RENDERERS, appear
from earshot.pipeline.scheduling.arguments import formats_of
from earshot.pipeline.scheduling.issuing import issue_at
from earshot.pipeline.scheduling.order import Done, Order
from earshot.pipeline.scheduling.periods import period

_EACH = "html,md"


async def write_report(parts: Parts, order: Order) -> Done:
    """Gather the figures of the period, write them, and send them where the schedule's series goes."""
    zone = parts.report.timezone
    window = period(order.schedule, order.tick, zone=zone, since=order.since)
    figures = await report(parts, since=window.start, until=window.end)
    paths = write(figures, order, formats=formats_of(order.argument("formats", _EACH)), zone=zone)
    local = ZoneInfo(zone)
    span = (
        f"{window.start.astimezone(local):%Y-%m-%d %H:%M} to {window.end.astimezone(local):%Y-%m-%d %H:%M} ({zone})"
    )
    count = figures.totals.conversations
    done = Done(ok=True, words=f"Report of {span}, {count:,} conversations: {', '.join(map(str, paths))}.")
    return await and_sent(parts, order, done=done)


async def and_sent(parts: Parts, order: Order, *, done: Done) -> Done:
    """The same, once the series of the schedule's name was sent, where there is one."""
    told = await issue_at(parts, order.schedule, tick=order.tick)
    if not told:
        return done
    words = " ".join([done.words, *(f"{one.destination}: {one.words}." for one in told)])
    ok = done.ok and all(one.ok for one in told)
    return Done(ok=ok, words=words, again=done.again or any(one.again for one in told))


def write(figures: Report, order: Order, *, formats: Sequence[str], zone: str) -> list[Path]:
    """Write a report's files, named after the schedule and its time; where they are."""
    local = order.tick.astimezone(ZoneInfo(zone))
    name = f"{order.schedule.name}-{local:%Y-%m-%d-%H%M}"
    paths = [order.conditions.folder / f"{name}.{form}" for form in formats]
    for form, path in zip(formats, paths, strict=True):
        appear(path, RENDERERS[form](figures))
    return paths
