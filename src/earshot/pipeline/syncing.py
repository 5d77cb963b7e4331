"""Use case: bring in what changed at the source, resumable at any moment, with a completeness statement.

Listing, fetching and storing overlap: while one page is stored, the next is fetched and the one after is listed.
Pages are stored in their order, each with its checkpoint in the same commit.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from earshot.domain.model import Noun
from earshot.domain.run import Completeness
from earshot.errors import NotFound, Rejected, Transient
from earshot.pipeline.parts import Parts
from earshot.pipeline.storing import Outcome, Storing
from earshot.ports.meter import Meter
from earshot.ports.progress import Step
from earshot.ports.source import Fetched, Page, Source
from earshot.ports.store import SyncState
from earshot.pull.choose import Chosen, to_fetch
from earshot.pull.estimate import estimate
from earshot.pull.window import Why, WindowPlan, finished, plan_window
from earshot.text.clean import one_line

log = logging.getLogger(__name__)


@runtime_checkable
class Paced(Protocol):
    """A source that says how fast it is asked."""

    @property
    def concurrency(self) -> int:
        """Conversations fetched at the same time."""
        ...

    @property
    def per_second(self) -> float | None:
        """Requests a second, None where only the network limits."""
        ...


class Preview(Noun):
    """What a sync would do, in numbers and words."""

    since: datetime
    until: datetime | None
    changed: int | None
    pending: int
    words: str


async def preview(parts: Parts, *, since: datetime | None, until: datetime | None) -> Preview:
    """Ask the source how much changed, and the store how much is unread. Nothing is fetched or stored."""
    source = parts.make_source()
    plan = plan_window(
        await _state(parts, source), now=parts.clock.now(), settings=parts.pull, since=since, until=until
    )
    changed = await source.count(plan.since, plan.until)
    async with parts.store.unit() as unit:
        pending = await unit.conversations.count_pending()
    words = f"{_estimate(source, changed, plan=plan)}\n{pending:,} conversations already here are to be read."
    return Preview(since=plan.since, until=plan.until, changed=changed, pending=pending, words=words)


async def sync(parts: Parts, *, since: datetime | None = None, until: datetime | None = None) -> Completeness:
    """Bring in everything that changed in the window; what is missing is named in the statement."""
    began = parts.clock.monotonic()
    try:
        with parts.meter.span("sync"):
            statement = await _sync(parts, since=since, until=until)
    except BaseException:
        parts.meter.count("earshot_syncs_total", outcome="failed")
        raise
    _measure(parts.meter, statement, seconds=parts.clock.monotonic() - began)
    return statement


def _measure(meter: Meter, statement: Completeness, *, seconds: float) -> None:
    meter.count("earshot_syncs_total", outcome="complete" if statement.complete else "incomplete")
    meter.observe("earshot_sync_seconds", seconds)
    for outcome in ("fetched", "unchanged", "filtered_out", "deleted", "failed"):
        meter.count("earshot_sync_conversations_total", getattr(statement, outcome), outcome=outcome)


async def _sync(parts: Parts, *, since: datetime | None, until: datetime | None) -> Completeness:
    source, began = parts.make_source(), parts.clock.now()
    workspace = await source.workspace()
    async with parts.store.unit() as unit:
        await unit.runs.bind(source.name, workspace)
        await unit.commit()
    state = await _state(parts, source)
    plan = plan_window(state, now=parts.clock.now(), settings=parts.pull, since=since, until=until)
    if plan.why in (Why.BACKFILL, Why.ASKED):
        parts.progress.say(_estimate(source, await source.count(plan.since, plan.until), plan=plan))
    storing = Storing(parts, source=source, plan=plan, state=state)
    step = parts.progress.step("Fetching conversations")
    await _walk(parts, source, storing=storing, step=step)
    newest_deletion = await _deletions(source, storing)
    await storing.close(finished(storing.state, plan, newest=storing.newest), newest_deletion=newest_deletion)
    step.done()
    statement = storing.tally.completeness()
    if statement.complete and until is None:
        await _settle(parts, source, began=began)
    for kind, count in statement.unknown_kinds.items():
        log.warning(
            "%s: %s is not known to this version, seen %d times", source.name, one_line(kind, limit=60), count
        )
    return statement


async def _settle(parts: Parts, source: Source, *, began: datetime) -> None:
    """What real time had given up before this sync began is here now."""
    async with parts.store.unit() as unit:
        await unit.inbox.caught_up(source.name, before=began, now=parts.clock.now())
        await unit.commit()


async def _walk(parts: Parts, source: Source, *, storing: Storing, step: Step) -> None:
    """List, fetch and store page after page, each a step ahead of the next."""
    pages = source.changed(storing.plan.since, storing.plan.until)

    async def listed() -> Page | None:
        return await anext(pages, None)

    upcoming = asyncio.create_task(listed())
    storage: asyncio.Task[None] | None = None
    try:
        while (page := await upcoming) is not None:
            upcoming = asyncio.create_task(listed())
            step.expect(page.total)
            chosen = await _choose(parts, source, page=page)
            outcomes = await _fetch_all(source, chosen.fetch, step=step)
            if storage is not None:
                await storage
            storage = asyncio.create_task(storing.page(page, chosen, outcomes=outcomes))
            step.advance(len(page.sightings) - len(chosen.fetch))
        if storage is not None:
            await storage
    finally:
        await _end(upcoming, storage)


async def _end(*tasks: asyncio.Task[Page | None] | asyncio.Task[None] | None) -> None:
    """Cancel what still runs and wait for it; what failed there is known already or hidden by a nearer error."""
    running = [task for task in tasks if task is not None and not task.done()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _choose(parts: Parts, source: Source, *, page: Page) -> Chosen:
    ids = [sighting.external_id for sighting in page.sightings]
    async with parts.store.unit() as unit:
        known = await unit.conversations.known(source.name, ids)
    return to_fetch(page.sightings, known)


async def _fetch_all(source: Source, external_ids: Sequence[str], *, step: Step) -> list[Outcome]:
    """Fetch concurrently, in the order given. What cannot be had becomes an outcome, never an exception."""
    gate = asyncio.Semaphore(source.concurrency if isinstance(source, Paced) else 10)

    async def one(external_id: str) -> Outcome:
        async with gate:
            outcome = await _fetch(source, external_id)
        step.advance()
        return outcome

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one(external_id)) for external_id in external_ids]
    return [task.result() for task in running]


async def _fetch(source: Source, external_id: str) -> Outcome:
    try:
        fetched: Fetched = await source.fetch(external_id)
    except NotFound:
        return Outcome(external_id=external_id, gone=True)
    except (Transient, Rejected) as error:
        return Outcome(external_id=external_id, failure=str(error))
    return Outcome(external_id=external_id, fetched=fetched)


async def _deletions(source: Source, storing: Storing) -> datetime | None:
    """Obey deletions at the source, newest first; the newest moment seen."""
    newest: datetime | None = None
    async for page in source.deleted(storing.plan.deletions_since):
        await storing.deletions(page)
        newest = max([d.deleted_at for d in page] + ([newest] if newest else []))
    return newest


async def _state(parts: Parts, source: Source) -> SyncState:
    async with parts.store.unit() as unit:
        return await unit.runs.sync_state(source.name)


def _estimate(source: Source, changed: int | None, *, plan: WindowPlan) -> str:
    paced = isinstance(source, Paced)
    expected = estimate(
        changed,
        per_second=source.per_second if paced else None,
        concurrency=source.concurrency if paced else 10,
    )
    return expected.text(plan.since)
