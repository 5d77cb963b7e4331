"""Batches as such, whichever vendor's: when they are done, which of their requests ran, and what came out.

A request of a batch runs at its own moment between the batch's creation and its end; whoever looks at a batch after
its end finds the results. Requests that had run when a batch was cancelled or expired are answered and charged.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from earshot.sim.chance import fraction
from earshot.sim.llm.catalogue import Tokens, Vendor
from earshot.sim.llm.settings import LINES, WHOLE_BATCH, Fault, Pace
from earshot.sim.llm.wire import Json, encode
from earshot.sim.llm.world import World

DAY = 86_400.0
_PATIENCE = 0.5
"""Seconds of real time that a look waits for results under way."""


class Fate(StrEnum):
    """What becomes of one request of a batch."""

    RUN = "run"
    ERROR = "error"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Errand:
    """One request of a batch."""

    custom_id: str
    body: Json


@dataclass(frozen=True)
class Result:
    """What one request of a batch came to, in the vendor's own shape."""

    line: Json
    fate: str
    failed: bool = False
    tokens: Tokens | None = None


@dataclass
class Job:
    """A batch."""

    id: str
    vendor: Vendor
    created: float
    due: float
    errands: list[Errand]
    details: Json = field(default_factory=dict[str, object])
    ending: Fault | None = None
    cancelled: float | None = None
    ended: float | None = None
    counts: Counter[str] = field(default_factory=Counter[str])
    good: list[bytes] = field(default_factory=list[bytes])
    bad: list[bytes] = field(default_factory=list[bytes])
    tokens: list[Tokens] = field(default_factory=list[Tokens])
    working: "asyncio.Task[None] | None" = None

    @property
    def expires(self) -> float:
        """When it ends at the latest."""
        return self.created + DAY


class Answering(Protocol):
    """Answers one errand of a job."""

    def __call__(self, job: Job, errand: Errand, /, *, fate: Fate) -> Awaitable[Result]:
        """The line of the results."""
        ...


class Jobs:
    """All batches of a vendor, newest last."""

    def __init__(self, sim: World, vendor: Vendor, *, answering: Answering) -> None:
        self.sim = sim
        self.vendor: Vendor = vendor
        self.all: dict[str, Job] = {}
        self._answering = answering

    def create(self, job_id: str, errands: list[Errand], *, details: Json, path: str) -> Job:
        """A new batch, due after a drawn time."""
        now = self.sim.moment()
        middle = self.sim.settings.batch_seconds
        seconds = self.sim.seconds(Pace(median=middle, p95=middle * 2))
        ending = self.sim.faults.strike(WHOLE_BATCH, job_id, path=path)
        job = Job(job_id, self.vendor, now, now + seconds, errands, details, ending)
        if ending is Fault.BATCH_CANCELLED:
            job.cancelled = now + seconds / 2
        self.all[job_id] = job
        return job

    async def look(self, job: Job) -> Job:
        """The batch as it stands now: begins the work when it is due and waits a little for it."""
        now = self.sim.moment()
        stops = [job.due, job.expires, *([] if job.cancelled is None else [job.cancelled])]
        if job.ended is None and job.working is None and now >= min(stops):
            job.working = asyncio.ensure_future(self._work(job, now))
        if job.working is not None:
            await asyncio.wait({job.working}, timeout=_PATIENCE)
            if job.working.done():
                job.working.result()
        return job

    def cancel(self, job: Job) -> None:
        """Stop: what has run is kept."""
        if job.ended is None and job.cancelled is None:
            job.cancelled = self.sim.moment()

    def finish(self, job_id: str | None = None) -> None:
        """Make batches due now (all, or one)."""
        now = self.sim.moment()
        for job in self.all.values():
            if job_id in (None, job.id) and job.ended is None:
                job.due = min(job.due, now)

    def stop(self) -> None:
        """Give up work that is under way."""
        for job in self.all.values():
            if job.working is not None:
                job.working.cancel()

    async def _work(self, job: Job, now: float) -> None:
        rows: list[Result] = []
        for number, errand in enumerate(job.errands):
            fate, fault = self._fate(job, errand, number=number)
            result = await self._answering(job, errand, fate=fate)
            job.counts[result.fate] += 1
            if result.tokens is not None:
                job.tokens.append(result.tokens)
            rows += self._rows(result, fault)
            if number % 16 == 15:
                await asyncio.sleep(0)
        rows.sort(key=lambda row: fraction(self.sim.settings.seed, job.id, row.line["custom_id"]))
        job.good = [encode(row.line) for row in rows if not row.failed]
        job.bad = [encode(row.line) for row in rows if row.failed]
        job.ended = now

    def _fate(self, job: Job, errand: Errand, *, number: int) -> tuple[Fate, Fault | None]:
        ran_at = job.created + (job.due - job.created) * (number + 1) / len(job.errands)
        if job.cancelled is not None and _too_late(job, ran_at, cancelled=job.cancelled, number=number):
            return Fate.CANCELLED, None
        if ran_at > job.expires or (job.ending is Fault.BATCH_EXPIRED and number * 2 >= len(job.errands)):
            return Fate.EXPIRED, None
        fault = self.sim.faults.strike(LINES, f"{job.id} {errand.custom_id}", path=f"/batch/{errand.custom_id}")
        return (Fate.ERROR if fault is Fault.LINE_ERROR else Fate.RUN), fault

    def _rows(self, result: Result, fault: Fault | None) -> list[Result]:
        if fault is Fault.MISSING:
            return []
        if fault is Fault.DUPLICATED:
            return [result, result]
        if fault is Fault.UNKNOWN_ID:
            stranger = {**result.line, "custom_id": self.sim.new_id("unknown-")}
            return [result, Result(stranger, result.fate, result.failed)]
        return [result]


def _too_late(job: Job, ran_at: float, *, cancelled: float, number: int) -> bool:
    """Whether a request had not run when its batch was cancelled; of a batch without duration half had."""
    return number * 2 >= len(job.errands) if job.due == job.created else ran_at > cancelled


def page(jobs: Jobs, *, after: str | None, limit: int) -> tuple[list[Job], bool]:
    """Batches after a place, newest first, and whether there are more."""
    newest = list(reversed(jobs.all.values()))
    if after is not None:
        ids = [job.id for job in newest]
        newest = newest[ids.index(after) + 1 :] if after in ids else []
    return newest[:limit], len(newest) > limit
