"""The worker's side of the queue: pgqueuer, so that nothing is lost when a worker or the database stops."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.core.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job

from earshot.domain.job import LANES, JobName, Lane
from earshot.errors import Transient
from earshot.ports.jobs import Serve
from earshot.store import driver
from earshot.store.address import Address
from earshot.store.jobs.executing import Desk, Durable, Rows, said
from earshot.store.jobs.schema import SETTINGS
from earshot.store.jobs.wire import Wire

_log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=30)
"""After so long without a sign a job is taken from its worker. Less gives jobs of a slow worker to two."""
_LOOK = timedelta(seconds=5)
"""How often a worker looks for jobs that nobody announced."""
_GATHER = {Lane.LIVE: 0.005, Lane.BACKGROUND: 0.1}
"""Seconds within which it is looked once for what was announced: all lanes hear of every job."""
_MOST_AT_ONCE = 10
"""Jobs that are fetched with one statement."""
_LAST_WORDS = 5.0
"""Seconds that handing back may take."""
_PAUSE = 1.0
"""Seconds until the engine begins anew after an error of the database."""
_LONG = 3600.0
"""Seconds that a change of the engine's tables may take."""


def queries(wire: Wire) -> Rows:
    """The engine's statements on our schema."""
    return Rows(
        wire, QueryBuilderEnvironment(SETTINGS), QueryQueueBuilder(SETTINGS), QuerySchedulerBuilder(SETTINGS)
    )


class PostgresEngine:
    """`ports.jobs.Engine`. `grace` is how long jobs may go on when told to stop; then they are handed back."""

    def __init__(
        self,
        address: Address,
        *,
        grace: timedelta = timedelta(seconds=25),
        heartbeat: timedelta = HEARTBEAT,
        attempts: int = 8,
    ) -> None:
        self._address = address
        self._grace = grace
        self._heartbeat = heartbeat
        self._attempts = attempts

    async def serve(
        self,
        serving: Mapping[JobName, Serve],
        *,
        lane: Lane,
        concurrency: int,
        stop: asyncio.Event,
        doing: Callable[[Mapping[str, int]], None] = lambda _: None,
    ) -> None:
        """Serve these jobs of a lane until `stop`; then finish what runs within the grace time, hand back the rest.

        Survives a restart of the database. `doing` hears how many jobs of each name are under way. When cancelled,
        it hands back at once.
        """
        desk = Desk(concurrency=concurrency, attempts=self._attempts, doing=doing)
        does = {name: serve for name, serve in serving.items() if LANES[name] is lane}
        while not stop.is_set():
            try:
                await self._session(does, desk, lane=lane, concurrency=concurrency, stop=stop)
            except (driver.PostgresError, driver.InterfaceError, OSError, Transient) as error:
                _log.warning("the job engine begins anew: %s", said(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _PAUSE)

    async def upgrade(self) -> int:
        """Bring the engine's own tables to what this version of it wants; how many statements that took."""
        wire = Wire(self._address, size=1, patience=_LONG)
        try:
            plan = await queries(wire).plan_upgrade()
            return len((await queries(wire).apply_upgrade()).statements) if plan.statements else 0
        finally:
            await wire.close()

    async def _session(
        self, does: Mapping[JobName, Serve], desk: Desk, *, lane: Lane, concurrency: int, stop: asyncio.Event
    ) -> None:
        """Serve until told to stop, or until something is wrong that a new connection does not heal."""
        wire = Wire(self._address, gather=_GATHER[lane])
        desk.stopping = False
        manager = QueueManager(queries(wire), channel=SETTINGS.channel)
        for name, serve in does.items():
            _register(manager, name, serve=serve, desk=desk)
        running = asyncio.create_task(self._run(manager, concurrency))
        told = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
            manager.shutdown.set()
            grace = self._grace.total_seconds() if desk.busy else _LAST_WORDS
            await asyncio.wait({running}, timeout=grace)
        finally:
            told.cancel()
            manager.shutdown.set()
            try:
                await _end(running, desk)
            finally:
                await wire.close()

    async def _run(self, manager: QueueManager, concurrency: int) -> None:
        await self.upgrade()
        batch = max(1, min(_MOST_AT_ONCE, concurrency // 2))
        await manager.run(
            dequeue_timeout=_LOOK,
            batch_size=batch,
            max_concurrent_tasks=max(concurrency, 2 * batch),
            heartbeat_timeout=self._heartbeat,
            log_aggregation_interval=timedelta(0),
        )


async def _end(running: asyncio.Task[None], desk: Desk) -> None:
    """Hand back what still runs and let the engine say its last words."""
    handed = desk.hand_back()
    if handed:
        _log.warning("%d jobs did not end in time and are handed back", handed)
    done, _ = await asyncio.wait({running}, timeout=_LAST_WORDS)
    if not done:
        running.cancel()
        await asyncio.wait({running}, timeout=_LAST_WORDS)
    if running.done() and not running.cancelled():
        running.result()


def _register(manager: QueueManager, name: JobName, *, serve: Serve, desk: Desk) -> None:
    def executor(parameters: EntrypointExecutorParameters) -> AbstractEntrypointExecutor:
        return Durable(parameters, name=name, serve=serve, desk=desk)

    async def unused(job: Job) -> None:
        """What the engine would call; `Durable` calls `serve`."""

    manager.entrypoint(name.value, on_failure="hold", executor_factory=executor)(unused)
