"""A worker beside a server, in its process and event loop: all of a small installation in one command."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

from earshot.domain.job import Lane
from earshot.pipeline.earshot import Earshot
from earshot.settings import Secrets, Settings
from earshot.worker.main import Post, Worker
from earshot.worker.stopping import Stopping

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds until a worker that failed works again: doubled each time."""


@asynccontextmanager
async def beside(
    earshot: Earshot,
    settings: Settings,
    secrets: Secrets,
    *,
    version: str = "",
    ready: Callable[[str], None] = lambda _: None,
) -> AsyncGenerator[None]:
    """Work while the block lasts: the live lane here, the background lane in a child. Leaving ends it well.

    Build `earshot` with `worker.main.for_workers(settings)`. The server takes the signals.
    """
    _ = secrets
    stopping = Stopping(earshot.parts.clock)
    worker = Worker(earshot, settings, post=Post(Lane.LIVE, child=True), stopping=stopping, version=version)
    task = asyncio.create_task(_go_on(worker, stopping, ready=ready))
    try:
        yield
    finally:
        stopping.ask()
        await task


async def _go_on(worker: Worker, stopping: Stopping, *, ready: Callable[[str], None]) -> None:
    """Work until told to stop; a fault ends neither the server nor the work."""
    wait = FIRST_WAIT
    while not stopping.soon.is_set():
        try:
            await worker.run(ready)
        except Exception:
            log.exception("The worker failed; it goes on in %.0f s.", wait)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.soon.wait(), wait)
            wait = min(2 * wait, LONGEST_WAIT)
