"""Use case: the whole daily batch, from the source to the report, in one idempotent run."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import TypeVar

from earshot.domain.model import Noun
from earshot.domain.report import Report
from earshot.domain.run import Completeness, Run
from earshot.pipeline.classify import Classified, classify
from earshot.pipeline.deciding import decide
from earshot.pipeline.grouping import group
from earshot.pipeline.parts import Parts
from earshot.pipeline.people import retain
from earshot.pipeline.reporting import report
from earshot.pipeline.syncing import sync

T = TypeVar("T")

LOCK = "line"
"""Only one process at a time moves the line on one database; the others wait for it."""


class DailyRun(Noun):
    """What a run did. `seconds` is the time of each stage, in order."""

    run: Run
    report: Report
    seconds: dict[str, float]


class Stopwatch:
    """Seconds per stage."""

    def __init__(self, parts: Parts) -> None:
        self._clock = parts.clock
        self.seconds: dict[str, float] = {}

    async def time(self, stage: str, work: Awaitable[T]) -> T:
        """Await the work and note how long it took."""
        began = self._clock.monotonic()
        try:
            return await work
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + self._clock.monotonic() - began


async def run(
    parts: Parts,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    classifier: str = "auto",
    with_sync: bool = True,
    retention_days: int | None = None,
) -> DailyRun:
    """Sync, read, group, decide and report. Safe to repeat, to kill, and to start twice at once."""
    async with parts.store.exclusive(LOCK) as waited:
        if waited:
            parts.progress.say("Another run was at work on this database; it has ended, going on.")
        record = Run(id=parts.ids.new(), kind="run", started_at=parts.clock.now())
        await _start(parts, record)
        watch = Stopwatch(parts)
        try:
            reach = _within_retention(since, record.started_at, days=retention_days)
            completeness = await watch.time("sync", sync(parts, since=reach, until=until)) if with_sync else None
            await watch.time("retain", retain(parts, days=retention_days))
            record, figures = await _judge(
                parts, watch, record=record, classifier=classifier, since=since, until=until
            )
        except BaseException:
            await _finish(parts, record, ok=False)
            raise
        record = await _finish(
            parts, record, completeness=completeness, ok=completeness is None or completeness.complete
        )
        if completeness is not None:
            figures = figures.model_copy(update={"completeness": completeness, "completeness_at": record.ended_at})
        return DailyRun(run=record, report=figures, seconds=watch.seconds)


async def line(parts: Parts, *, classifier: str = "auto") -> Classified:
    """The part of the line after the source: read, group, decide. For commands that bring no report."""
    async with parts.store.exclusive(LOCK):
        done = await classify(parts, classifier=classifier)
        await group(parts)
        await decide(parts)
    return done


async def _judge(
    parts: Parts,
    watch: Stopwatch,
    *,
    record: Run,
    classifier: str,
    since: datetime | None,
    until: datetime | None,
) -> tuple[Run, Report]:
    done = await watch.time("classify", classify(parts, classifier=classifier))
    await watch.time("group", group(parts))
    actions = await watch.time("decide", decide(parts))
    figures = await watch.time("report", report(parts, since=since, until=until))
    update = {"classified": done.read, "unread": done.unread, "actions": actions}
    return record.model_copy(update=update), figures


def _within_retention(since: datetime | None, now: datetime, *, days: int | None) -> datetime | None:
    """What lies beyond the retention period would be dropped again at once, so it is not asked for."""
    if since is None or days is None:
        return since
    return max(since, now - timedelta(days=days))


async def _start(parts: Parts, record: Run) -> None:
    async with parts.store.unit() as unit:
        await unit.runs.start(record)
        await unit.commit()


async def _finish(parts: Parts, record: Run, *, ok: bool, completeness: Completeness | None = None) -> Run:
    ended = record.model_copy(update={"ended_at": parts.clock.now(), "ok": ok, "completeness": completeness})
    async with parts.store.unit() as unit:
        await unit.runs.finish(ended)
        await unit.commit()
    return ended
