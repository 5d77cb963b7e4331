"""Runs one job of the engine: what stops it never loses it, what fails is tried again and in the end held."""

import asyncio
import logging
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from pgqueuer.core.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Context, Job, TracebackRecord
from pgqueuer.domain.types import JOB_STATUS

from earshot.domain.job import JobName
from earshot.errors import EarshotError
from earshot.ports.jobs import Later, Serve
from earshot.store.jobs.adding import LOG, QUEUE, WAKE
from earshot.store.jobs.polling import Polled

_log = logging.getLogger(__name__)

FIRST_DELAY = timedelta(seconds=1)
"""The wait after a first failure, doubled with each further one."""
LONGEST_DELAY = timedelta(minutes=5)
"""The longest wait after a failure."""
_UNCOUNTED = "not counted"
"""The reason of a retry that is no failure."""
_LONGEST = 300
_RETRY = f"""
    with retry as (
        update {QUEUE} set status = 'queued', execute_after = now() + $2::interval,
            attempts = attempts + $3::integer, updated = now(), queue_manager_id = null, slot = null
        where id = $1::bigint and status = 'picked' and queue_manager_id = $4::uuid
        returning id, entrypoint, priority
    ), noted as (
        insert into {LOG} (job_id, status, entrypoint, priority, traceback)
        select id, 'queued', entrypoint, priority, $5::jsonb from retry where $3::integer > 0
    )
    select {WAKE} from retry
"""  # noqa: S608 (constant names)


_END = f"""
    delete from {QUEUE} q using unnest($1::bigint[], $2::uuid[]) as e (id, worker)
    where q.id = e.id and q.queue_manager_id = e.worker
"""  # noqa: S608 (constant names)


class Failed(Exception):
    """A job gave up; the message says why without any text of a customer."""


class Desk:
    """The jobs under way in this process."""

    def __init__(self, *, concurrency: int, attempts: int, doing: Callable[[Mapping[str, int]], None]) -> None:
        self.attempts = attempts
        self.room = asyncio.Semaphore(concurrency)
        self.stopping = False
        self._doing = doing
        self._tasks = dict[asyncio.Task[None], str]()

    @property
    def busy(self) -> bool:
        """Whether any job is under way."""
        return bool(self._tasks)

    def begin(self, name: str) -> asyncio.Task[None]:
        """A job begins; the task that does it."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a job runs outside a task")
        self._tasks[task] = name
        self._doing(Counter(self._tasks.values()))
        return task

    def end(self, task: asyncio.Task[None]) -> None:
        """A job ended."""
        self._tasks.pop(task, None)
        self._doing(Counter(self._tasks.values()))

    def check(self) -> None:
        """Nothing is begun any more when jobs are handed back."""
        if self.stopping:
            raise asyncio.CancelledError

    def hand_back(self) -> int:
        """Stop everything under way; each job goes back to the queue. How many."""
        self.stopping = True
        for task in list(self._tasks):
            task.cancel()
        return len(self._tasks)


class Durable(AbstractEntrypointExecutor):
    """Serves the jobs of one name."""

    def __init__(
        self, parameters: EntrypointExecutorParameters, *, name: JobName, serve: Serve, desk: Desk
    ) -> None:
        super().__init__(parameters)
        self._name = name
        self._serve = serve
        self._desk = desk

    async def execute(self, job: Job, context: Context) -> None:
        """Do it. Nothing but success, a purposeful cancel or the last failure lets the job leave the queue."""
        key = (job.payload or b"").decode()
        task = self._desk.begin(self._name.value)
        try:
            async with self._desk.room:
                self._desk.check()
                await self._serve(key)
        except Later as later:
            raise RetryRequested(timedelta(seconds=max(0.0, later.seconds)), _UNCOUNTED) from None
        except asyncio.CancelledError:
            if context.cancellation.cancel_called:
                raise
            raise RetryRequested(timedelta(0), _UNCOUNTED) from None
        except Exception as error:  # noqa: BLE001 (whatever it is, the engine has to know)
            raise self._failure(job, error, key=key) from None
        finally:
            self._desk.end(task)

    def _failure(self, job: Job, error: Exception, *, key: str) -> Exception:
        reason, tries = said(error), job.attempts + 1
        last = tries >= self._desk.attempts
        _log.warning(
            "job %s:%s failed (%d of %d tries): %s", self._name.value, key, tries, self._desk.attempts, reason
        )
        if last:
            return Failed(reason)
        return RetryRequested(min(FIRST_DELAY * 2**job.attempts, LONGEST_DELAY), reason)


class Rows(Polled):
    """pgqueuer's statements, but that going on later is no failure, that nobody ends or gives back what another one
    took meanwhile, and that only failures are logged: of a webhook nothing is to stay but its row in the inbox.
    """

    async def log_jobs(self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]) -> None:
        """Take jobs that ended out of the queue, hold or note those that failed."""
        ended = [job for job, status, _ in job_status if status == "successful"]
        if ended:
            await self.driver.execute(_END, [job.id for job in ended], [job.queue_manager_id for job in ended])
        failed = [entry for entry in job_status if entry[1] != "successful"]
        if failed:
            await super().log_jobs(failed)

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        """Put a job back into the queue after a delay, if it is still ours."""
        told = (traceback_record.additional_context or {}) if traceback_record else {}
        counted = int(told.get("reason") != _UNCOUNTED)
        record = traceback_record.model_dump_json() if traceback_record and counted else None
        await self.driver.execute(_RETRY, job.id, delay, counted, job.queue_manager_id, record)


def said(error: Exception) -> str:
    """An error in words that hold no customer's text: ours as they are, others as their kind and place."""
    if isinstance(error, EarshotError):
        return f"{type(error).__name__}: {error}"[:_LONGEST]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "site-packages" not in f.filename and "/lib/python" not in f.filename]
    last = (ours or frames)[-1]
    return f"{type(error).__name__} in {last.name}, {Path(last.filename).name}:{last.lineno}"[:_LONGEST]
