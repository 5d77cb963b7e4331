"""The chore REPORT: the report of the period before, as files. The same time gives the same files."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from earshot.domain.report import Report
from earshot.errors import Misconfigured
from earshot.pipeline.parts import Parts
from earshot.pipeline.reporting import report
from earshot.pipeline.scheduling.arguments import formats_of
from earshot.pipeline.scheduling.order import Done, Order
from earshot.pipeline.scheduling.periods import period
from earshot.report import to_html, to_json, to_markdown

_RENDERERS: dict[str, Callable[[Report], str]] = {"html": to_html, "md": to_markdown, "json": to_json}
_EACH = "html,md"


async def write_report(parts: Parts, order: Order) -> Done:
    """Gather the figures of the period and write them."""
    zone = parts.report.timezone
    window = period(order.schedule, order.tick, zone=zone, since=order.since)
    figures = await report(parts, since=window.start, until=window.end)
    paths = write(figures, order, formats=formats_of(order.argument("formats", _EACH)), zone=zone)
    local = ZoneInfo(zone)
    span = (
        f"{window.start.astimezone(local):%Y-%m-%d %H:%M} to {window.end.astimezone(local):%Y-%m-%d %H:%M} ({zone})"
    )
    count = figures.totals.conversations
    return Done(ok=True, words=f"Report of {span}, {count:,} conversations: {', '.join(map(str, paths))}.")


def write(figures: Report, order: Order, *, formats: Sequence[str], zone: str) -> list[Path]:
    """Write a report's files, named after the schedule and its time; where they are."""
    local = order.tick.astimezone(ZoneInfo(zone))
    name = f"{order.schedule.name}-{local:%Y-%m-%d-%H%M}"
    paths = [order.conditions.folder / f"{name}.{form}" for form in formats]
    for form, path in zip(formats, paths, strict=True):
        _appear(path, _RENDERERS[form](figures))
    return paths


def _appear(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise Misconfigured(
            f"Cannot write {path}: {error.strerror or error}.",
            hint="Free some space, or name another place: [schedule] folder.",
        ) from None
