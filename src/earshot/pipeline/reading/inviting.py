"""Asking workers to help with a reading: as many jobs as there are workers that do not help yet."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from earshot.domain.job import Job, JobName, Lane
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit, Want

log = logging.getLogger(__name__)
BACKLOG = "backlog"
"""First word of the key of a job that helps; the moment when the reading began and an id follow."""
EVERY = 10.0
"""Seconds between two looks for workers that could help."""
SEEN = timedelta(seconds=60)
"""A worker without a sign of life for so long is not counted on."""


@asynccontextmanager
async def helpers(parts: Parts, *, want: Want | None) -> AsyncGenerator[None]:
    """While this lasts, workers are asked to help with what is to be read (None: nobody is).

    A budget or a quota of one run can only be kept by one process, so with one nobody is asked.
    """
    if want is None or parts.quota.most is not None or _has_run_budget(parts):
        yield
        return
    asking = asyncio.create_task(_ask_again(parts, want))
    try:
        yield
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def invite(unit: Unit, *, parts: Parts, want: Want) -> int:
    """Enqueue jobs for workers that nothing was enqueued for yet, if more than a share waits; how many."""
    now = parts.clock.now()
    waiting = await unit.conversations.count_pending(want=want) - await unit.conversations.leased(now=now)
    if waiting <= parts.workers.share:
        return 0
    workers = sum(one.lane is Lane.BACKGROUND for one in await unit.jobs.workers(seen_since=now - SEEN))
    asked = sum(queue.waiting + queue.running for queue in await unit.jobs.queues() if queue.name == JobName.READ)
    missing = min(workers, -(-waiting // parts.workers.share)) - asked
    if missing <= 0:
        return 0
    return await unit.jobs.enqueue([helping_job(parts, want) for _ in range(missing)])


def helping_job(parts: Parts, want: Want) -> Job:
    """A job that helps with a reading; it means the same stand-ins' readings, those from before it began."""
    began = want.provisional_before or parts.clock.now()
    return Job(name=JobName.READ, key=f"{BACKLOG}/{began.isoformat()}/{parts.ids.new()}")


def _has_run_budget(parts: Parts) -> bool:
    return parts.make_llm is not None and parts.make_llm().run_budget_usd is not None


async def _ask_again(parts: Parts, want: Want) -> None:
    """Ask now and then: more may come in, and more workers may start. Reading goes on whatever becomes of it."""
    while True:
        try:
            async with parts.store.unit() as unit:
                if await invite(unit, parts=parts, want=want):
                    await unit.commit()
        except Exception as error:  # noqa: BLE001 (help is not needed)
            log.warning("Workers could not be asked to help (%s).", type(error).__name__)
        await parts.clock.sleep(EVERY)
