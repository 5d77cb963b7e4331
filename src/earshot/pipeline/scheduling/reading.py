"""The chores that bring in and read: RUN and SYNC. They never spend what nobody agreed to."""

from earshot.domain.call import Mode
from earshot.domain.run import Completeness
from earshot.errors import EarshotError
from earshot.pipeline.acting.tally import Acted
from earshot.pipeline.acting_on import act_on
from earshot.pipeline.daily import DailyRun, line, run
from earshot.pipeline.embedding.consent import ensure as ensure_embedding
from earshot.pipeline.locks import LINE
from earshot.pipeline.money.consent import agreed, ensure
from earshot.pipeline.parts import Parts
from earshot.pipeline.people import retain
from earshot.pipeline.scheduling.arguments import formats_of, is_yes
from earshot.pipeline.scheduling.order import Done, Order
from earshot.pipeline.scheduling.reports import and_sent, write
from earshot.pipeline.syncing import sync

_AUTO, _LOCAL = "auto", "local"


async def run_daily(parts: Parts, order: Order) -> Done:
    """The whole batch, its report as a file. Without consent to spend, what changed is brought in all the same."""
    classifier, batch = order.argument("classifier", _AUTO), is_yes(order.argument("batch"))
    mode = Mode.BATCH if batch else Mode.ONLINE
    if await _refusal(parts, classifier, mode=mode):
        brought = await _brought_in(parts, order)
        refusal = await _refusal(parts, classifier, mode=mode)  # now with the price of what came in
        return Done(ok=False, words=f"{_statement(brought)} Nothing was read. {refusal}")
    done = await run(
        parts,
        since=order.since,
        classifier=classifier,
        batch=batch,
        retention_days=order.conditions.retention_days,
    )
    files = write(
        done.report, order, formats=formats_of(order.argument("formats", "html")), zone=parts.report.timezone
    )
    acted = await act_on(parts) if done.acted.cut_short else done.acted
    told = Done(ok=done.run.ok is True, words=_told(done, acted) + f" Report: {files[0]}.")
    return await and_sent(parts, order, done=told)


async def sync_up(parts: Parts, order: Order) -> Done:
    """Bring in what changed, read, group, decide and act."""
    classifier = order.argument("classifier", _AUTO)
    brought = await _brought_in(parts, order)
    if refusal := await _refusal(parts, classifier):
        return Done(ok=False, words=f"{_statement(brought)} Nothing was read. {refusal}")
    found = await line(parts, classifier=classifier)
    read = found.read + found.labelled
    return Done(
        ok=brought.complete,
        words=f"{_statement(brought)} Read {read:,}, unread {found.unread:,}.",
        idle=not (brought.fetched or read or found.unread),
    )


async def _refusal(parts: Parts, classifier: str, *, mode: Mode = Mode.ONLINE) -> str:
    """Why nothing may be read, "" when it may: a schedule cannot be asked, so somebody must have agreed before."""
    try:
        if parts.make_llm is not None and classifier != _LOCAL:
            llm = parts.make_llm()
            if not await agreed(parts, llm):
                await ensure(parts, llm, yes=False, ask=None, mode=mode)
        await ensure_embedding(parts, yes=False, ask=None)
    except EarshotError as error:
        return " ".join(filter(None, (str(error), error.hint)))
    return ""


async def _brought_in(parts: Parts, order: Order) -> Completeness:
    async with parts.store.exclusive(LINE):
        done = await sync(parts, since=order.since, until=None)
        await retain(parts, days=order.conditions.retention_days)
    return done


def _statement(brought: Completeness) -> str:
    missing = "" if brought.complete else f" INCOMPLETE: {len(brought.gaps):,} gaps, the next run tries them again."
    return f"Seen {brought.seen:,}, fetched {brought.fetched:,}.{missing}"


def _told(done: DailyRun, acted: Acted) -> str:
    statement = "" if done.run.completeness is None else f"{_statement(done.run.completeness)} "
    read = f"Read {done.run.classified:,}, unread {done.run.unread:,}, new actions {done.run.actions:,}."
    return f"{statement}{read} {acted.words}"
