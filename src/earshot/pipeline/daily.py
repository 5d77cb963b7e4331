"""Use case: the whole daily batch, from the source to the report, in one idempotent run."""

from datetime import datetime

from earshot.domain.model import Noun
from earshot.domain.report import Report
from earshot.domain.run import Completeness, Run
from earshot.pipeline.accounts.reckoning import reckon
from earshot.pipeline.acting.tally import Acted
from earshot.pipeline.acting_on import BEFORE_REPORT, act_on
from earshot.pipeline.backlog.refreshing import refresh
from earshot.pipeline.batches.desk import Collected, Submitted
from earshot.pipeline.deciding import decide
from earshot.pipeline.gathering import Asked, Gathered, Stopwatch, gather
from earshot.pipeline.locks import LINE
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.classify import Classified, classify
from earshot.pipeline.reporting import report
from earshot.pipeline.theming.group import group
from earshot.ports.store import Want


class DailyRun(Noun):
    """What a run did. `seconds` is the time of each stage; with a language model, sync and classify overlap.

    `collected` and `submitted` are None where no provider's batch was concerned; `acted` is what became of actions
    until the report; `act_on` does the rest.
    """

    run: Run
    report: Report
    seconds: dict[str, float]
    reading: Classified = Classified()
    collected: Collected | None = None
    submitted: Submitted | None = None
    acted: Acted = Acted()


async def run(
    parts: Parts,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    classifier: str = "auto",
    batch: bool = False,
    with_sync: bool = True,
    retention_days: int | None = None,
) -> DailyRun:
    """From the source to the report. Safe to repeat, to kill, and to start twice at once."""
    async with parts.store.exclusive(LINE) as waited:
        if waited:
            parts.progress.say("Another run was at work on this database; it has ended, going on.")
        record = Run(id=parts.ids.new(), kind="run", started_at=parts.clock.now())
        await _start(parts, record)
        watch = Stopwatch(parts.clock)
        asked = Asked(since, until, retention_days, classifier=classifier, with_sync=with_sync, batch=batch)
        try:
            gathered = await gather(parts, watch, asked=asked, run_id=record.id)
            record, figures, acted = await _judge(
                parts, watch, record=record, gathered=gathered, since=since, until=until
            )
        except BaseException:
            await _finish(parts, record, ok=False)
            raise
        completeness = gathered.completeness
        record = await _finish(
            parts, record, completeness=completeness, ok=completeness is None or completeness.complete
        )
        if completeness is not None:
            figures = figures.model_copy(update={"completeness": completeness, "completeness_at": record.ended_at})
        return DailyRun(
            run=record,
            report=figures,
            seconds=watch.seconds,
            reading=gathered.reading,
            collected=gathered.collected,
            submitted=gathered.submitted,
            acted=acted,
        )


async def line(
    parts: Parts, *, classifier: str = "auto", want: Want | None = None, urgent: bool = False
) -> Classified:
    """The line after the source: read, group, backlog, decide, act. For commands that bring no report.

    `want` names conversations to be read (again) besides; `urgent` reading keeps to budgets only.
    """
    async with parts.store.exclusive(LINE):
        done = await classify(parts, classifier=classifier, want=want, urgent=urgent)
        await group(parts)
        await refresh(parts)
        await decide(parts)
    await act_on(parts)
    return done


async def _judge(
    parts: Parts,
    watch: Stopwatch,
    *,
    record: Run,
    gathered: Gathered,
    since: datetime | None,
    until: datetime | None,
) -> tuple[Run, Report, Acted]:
    await watch.time("group", group(parts))
    await watch.time("backlog", refresh(parts))
    actions = await watch.time("decide", decide(parts))
    acted = await watch.time("act", act_on(parts, within=BEFORE_REPORT))
    await watch.time("accounts", reckon(parts))
    figures = await watch.time("report", report(parts, since=since, until=until))
    update = {"classified": gathered.read, "unread": gathered.unread, "actions": actions}
    return record.model_copy(update=update), figures, acted


async def _start(parts: Parts, record: Run) -> None:
    async with parts.store.unit() as unit:
        await unit.runs.start(record)
        await unit.commit()


async def _finish(parts: Parts, record: Run, *, ok: bool, completeness: Completeness | None = None) -> Run:
    ended = record.model_copy(update={"ended_at": parts.clock.now(), "ok": ok, "completeness": completeness})
    async with parts.store.unit() as unit:
        await unit.runs.finish(ended)
        await unit.commit()
    parts.meter.count("earshot_runs_total", outcome="ok" if ok else "failed")
    return ended
