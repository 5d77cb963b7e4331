"""A worker: serves a lane of the job engine's queues until it is told to stop."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from earshot.app import build
from earshot.domain.job import JobName, Lane
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.live.judging import judge_read
from earshot.pipeline.live.serving import live_serving
from earshot.pipeline.reading.sharing import Shares
from earshot.pipeline.scheduling.schedules import schedules_of
from earshot.pipeline.watching.pages import pages_of
from earshot.ports.jobs import Serve
from earshot.settings import Secrets, Settings
from earshot.telemetry.exposing import expose
from earshot.telemetry.meter import PrometheusMeter
from earshot.worker.children import Kept
from earshot.worker.chores import Chores
from earshot.worker.serving import Tally, counted, of_lane
from earshot.worker.signs import Signs
from earshot.worker.stopping import Stopping
from earshot.worker.upkeep import Upkeep
from earshot.worker.warming import warm

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT, HEALTHY = 0.5, 15.0, 60.0
"""Seconds until serving goes on after a fault: doubled each time, unless it went well for so long."""
READINGS = 32
"""Conversations that just came in and are read at once, besides the background jobs that the settings allow."""
BACKGROUND = ("worker", "--lane", Lane.BACKGROUND.value, "--leashed")
"""The command of the child that serves the background lane."""
_LOOK = 0.1


@dataclass(frozen=True)
class Post:
    """What a worker process does. `child`: it starts another one for the background lane. `upkeep`: it also keeps
    schedules, and rows and jobs in step; a child leaves that to the process that started it.
    """

    lane: Lane
    child: bool = False
    upkeep: bool = True


def for_workers(settings: Settings) -> Settings:
    """The settings of a process that runs for ever: a budget of one run has no meaning in it, the day's has."""
    return settings.model_copy(update={"llm": settings.llm.model_copy(update={"run_budget_usd": None})})


async def work(
    settings: Settings,
    secrets: Secrets,
    *,
    post: Post,
    stopping: Stopping,
    version: str,
    meter: PrometheusMeter,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Work until told to stop; `ready` is told in a line when it serves."""
    async with AsyncExitStack() as stack:
        earshot = await stack.enter_async_context(await build(for_workers(settings), secrets=secrets, meter=meter))
        if settings.telemetry.metrics_port is not None and post.upkeep:
            await stack.enter_async_context(_exposed(earshot, settings, secrets, meter=meter, stopping=stopping))
        await Worker(earshot, settings, post=post, stopping=stopping, version=version).run(ready)


def _exposed(
    earshot: Earshot, settings: Settings, secrets: Secrets, *, meter: PrometheusMeter, stopping: Stopping
) -> AbstractAsyncContextManager[int]:
    """The pages of this machine's worker; its child hands its numbers over."""
    pages = pages_of(earshot.parts, meter, hindrance=lambda: "stopping" if stopping.soon.is_set() else "")
    token = secrets.web_token.get_secret_value() if secrets.web_token else None
    return expose(settings.telemetry.metrics_host, settings.telemetry.metrics_port or 0, pages=pages, token=token)


class Worker:
    """One worker process, or the part of a server that works."""

    def __init__(
        self, earshot: Earshot, settings: Settings, *, post: Post, stopping: Stopping, version: str
    ) -> None:
        self._parts = earshot.parts
        self._settings = settings
        self._post = post
        self._stopping = stopping
        self._tally = Tally()
        self._warm = asyncio.Event()
        self._signs = Signs(self._parts, post.lane, version=version, tally=self._tally)
        of = self._parts.workers
        command = (*BACKGROUND, "--background", str(of.background))
        self._child = Kept(command, grace=of.grace_seconds, clock=self._parts.clock)

    async def run(self, ready: Callable[[str], None] = lambda _: None) -> None:
        """Serve until told to stop; then end what runs, or hand it back."""
        await self._signs.give()
        try:
            async with self._loops(ready):
                await self._until_over()
        finally:
            await self._signs.end()

    async def _until_over(self) -> None:
        """Until all is served and handed back; cancelled when it is to be over at once."""
        work = asyncio.gather(self._serve(), self._keep_child())
        now = asyncio.create_task(self._stopping.now.wait())
        try:
            await asyncio.wait({work, now}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            now.cancel()
            work.cancel()
            await asyncio.gather(work, now, return_exceptions=True)

    @asynccontextmanager
    async def _loops(self, ready: Callable[[str], None]) -> AsyncGenerator[None]:
        """What goes on beside the jobs."""
        going = [self._signs.go_on(), self._signs.feel_pulse(), self._announce(ready)]
        if self._post.upkeep:
            zone = self._settings.report.timezone
            going.append(Upkeep(self._parts, schedules_of(self._settings.schedule, zone=zone)).go_on())
        loops = [asyncio.create_task(one) for one in going]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    async def _serve(self) -> None:
        """Serve the lane; a fault of engine or database only interrupts it."""
        stop, wait = self._stopping.soon, FIRST_WAIT
        if self._post.lane is Lane.LIVE:
            await warm(self._parts)
        self._warm.set()
        serving = counted(self._serving(), tally=self._tally, meter=self._parts.meter, clock=self._parts.clock)
        while not stop.is_set():
            began = self._parts.clock.monotonic()
            try:
                await self._serve_once(of_lane(serving, self._post.lane))
            except Exception as error:
                wait = (
                    FIRST_WAIT if self._parts.clock.monotonic() - began > HEALTHY else min(2 * wait, LONGEST_WAIT)
                )
                log.warning("Serving was interrupted (%s); it goes on in %.0f s.", type(error).__name__, wait)
                log.debug("How serving was interrupted.", exc_info=error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), wait)

    async def _serve_once(self, serving: Mapping[JobName, Serve]) -> None:
        of = self._parts.workers
        grace, heartbeat = timedelta(seconds=of.grace_seconds), timedelta(seconds=of.heartbeat_seconds)
        engine = self._parts.store.engine(grace=grace, heartbeat=heartbeat)
        await engine.serve(
            serving,
            lane=self._post.lane,
            concurrency=of.live if self._post.lane is Lane.LIVE else of.background + READINGS,
            stop=self._stopping.soon,
            doing=self._signs.doing,
        )

    async def _keep_child(self) -> None:
        if self._post.child:
            await self._child.run(self._stopping.soon, at_once=self._stopping.now.is_set)

    async def _announce(self, ready: Callable[[str], None]) -> None:
        """Tell when everything serves: the child too, which is known by its sign of life."""
        await self._warm.wait()
        while self._post.child and not await self._child_signed():
            await self._parts.clock.sleep(_LOOK)
        lanes = f"{self._post.lane.value}, {Lane.BACKGROUND.value}" if self._post.child else self._post.lane.value
        ready(f"earshot worker {self._signs.own.id} is ready ({lanes}).")

    async def _child_signed(self) -> bool:
        own = self._signs.own
        try:
            async with self._parts.store.unit() as unit:
                workers = await unit.jobs.workers(seen_since=own.started_at)
        except Exception as error:  # noqa: BLE001 (asked again)
            log.info("Whether the other lane serves cannot be seen (%s).", type(error).__name__)
            return False
        return any((one.host, one.pid) == (own.host, self._child.pid) for one in workers)

    def _serving(self) -> dict[JobName, Serve]:
        parts, stop = self._parts, self._stopping.soon
        shares = Shares(parts, judge=partial(judge_read, parts), stop=stop)
        chores = Chores(most=parts.workers.background, stop=stop, grace=parts.workers.grace_seconds)
        return {
            **live_serving(parts),
            JobName.READ: shares.serve,
            JobName.TASK: chores.serve,
        }
