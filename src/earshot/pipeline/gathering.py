"""The first half of a run: bring conversations in, and have them read, at once or in a provider's batches."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from earshot.domain.run import Completeness
from earshot.pipeline.batches.desk import Collected, Submitted
from earshot.pipeline.batches.flow import collect, submit
from earshot.pipeline.llm_parts import LlmParts
from earshot.pipeline.parts import Parts
from earshot.pipeline.people import retain
from earshot.pipeline.reading.classify import classify_with, waits
from earshot.pipeline.reading.streaming import Classified, Inflow
from earshot.pipeline.syncing import sync
from earshot.ports.clock import Clock
from earshot.ports.reader import Reader
from earshot.ports.store import Want

T = TypeVar("T")


class Stopwatch:
    """Seconds per stage."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.seconds: dict[str, float] = {}

    async def time(self, stage: str, work: Awaitable[T]) -> T:
        """Await the work and note how long it took."""
        began = self._clock.monotonic()
        try:
            return await work
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + self._clock.monotonic() - began


@dataclass(frozen=True)
class Asked:
    """What a run was asked to bring in, to keep and to read. `batch`: in a provider's batches, where it can."""

    since: datetime | None = None
    until: datetime | None = None
    retention_days: int | None = None
    classifier: str = "auto"
    with_sync: bool = True
    batch: bool = False


@dataclass(frozen=True)
class Gathered:
    """What came in and what became of it. `collected` and `submitted` are None where no batch was concerned."""

    completeness: Completeness | None
    reading: Classified
    collected: Collected | None = None
    submitted: Submitted | None = None

    @property
    def read(self) -> int:
        """Conversations with new readings or labels."""
        return self.reading.read + self.reading.labelled + (self.collected.read if self.collected else 0)

    @property
    def unread(self) -> int:
        """Conversations that a person has to look at."""
        more = sum(found.unread for found in (self.collected, self.submitted) if found is not None)
        return self.reading.unread + more


async def gather(parts: Parts, watch: Stopwatch, *, asked: Asked, run_id: str) -> Gathered:
    """Take in what open batches brought, sync, and read or submit what is to be read."""
    collected = await _collected(parts, watch)
    if asked.batch and parts.make_llm is not None:
        return await _in_batches(parts, watch, llm=parts.make_llm(), asked=asked, collected=collected)
    reader = parts.make_reader(asked.classifier)
    way = _together if asked.with_sync and waits(reader) else _in_turn
    completeness, reading = await way(parts, watch, reader=reader, asked=asked, run_id=run_id)
    return Gathered(completeness, reading, collected)


async def _collected(parts: Parts, watch: Stopwatch) -> Collected | None:
    if parts.make_llm is None:
        return None
    async with parts.store.unit() as unit:
        unsettled = await unit.batches.unsettled()
    if not unsettled:
        return None
    found = await watch.time("collect", collect(parts, parts.make_llm()))
    for problem in found.problems:
        parts.progress.say(problem)
    return found


async def _in_batches(
    parts: Parts, watch: Stopwatch, *, llm: LlmParts, asked: Asked, collected: Collected | None
) -> Gathered:
    """Submit what is to be read; where the provider takes no batches, it is read at once after all."""
    completeness = await _synced(parts, watch, asked=asked)
    want = Want(stage=llm.prompter.stage, provisional_before=parts.clock.now())
    submitted = await watch.time("submit", submit(parts, llm, want=want))
    if submitted.online_only:
        parts.progress.say("The model takes no batches, so it is asked at once.")
        reading = await watch.time("classify", classify_with(parts, parts.make_reader(asked.classifier)))
        return Gathered(completeness, reading, collected)
    if submitted.problem is not None:
        parts.progress.say(submitted.problem)
    return Gathered(completeness, Classified(), collected, submitted)


async def _in_turn(
    parts: Parts, watch: Stopwatch, *, reader: Reader, asked: Asked, run_id: str
) -> tuple[Completeness | None, Classified]:
    """Bring in, then read: for a reader that needs this machine for itself."""
    completeness = await _synced(parts, watch, asked=asked)
    return completeness, await watch.time(
        "classify", classify_with(parts, reader, run_id=run_id, shared=asked.classifier == "auto")
    )


async def _synced(parts: Parts, watch: Stopwatch, *, asked: Asked) -> Completeness | None:
    completeness = await watch.time("sync", _sync(parts, asked)) if asked.with_sync else None
    await watch.time("retain", retain(parts, days=asked.retention_days))
    return completeness


async def _together(
    parts: Parts, watch: Stopwatch, *, reader: Reader, asked: Asked, run_id: str
) -> tuple[Completeness, Classified]:
    """Read what a sync has stored while it goes on: both wait most of the time, for different things.

    When the sync fails, reading ends what is under way; when reading fails, the sync is cut off, as it resumes.
    """
    await watch.time("retain", retain(parts, days=asked.retention_days))
    inflow = Inflow(open=True)
    syncing = asyncio.create_task(watch.time("sync", _sync(parts, asked)))
    syncing.add_done_callback(partial(_end, inflow))
    reading = asyncio.create_task(
        watch.time("classify", _read(parts, reader, asked=asked, run_id=run_id, inflow=inflow))
    )
    try:
        await asyncio.wait({syncing, reading}, return_when=asyncio.FIRST_EXCEPTION)
        if reading.done():
            reading.result()
        done = await reading
        completeness = await syncing
    finally:
        for task in (syncing, reading):
            task.cancel()
        await asyncio.gather(syncing, reading, return_exceptions=True)
    await watch.time("retain", retain(parts, days=asked.retention_days))
    return completeness, done


def _read(
    parts: Parts, reader: Reader, *, asked: Asked, run_id: str, inflow: Inflow | None = None
) -> Awaitable[Classified]:
    """Workers help where they would read as this run does."""
    return classify_with(parts, reader, run_id=run_id, inflow=inflow, shared=asked.classifier == "auto")


def _end(inflow: Inflow, syncing: asyncio.Task[Completeness]) -> None:
    inflow.open = False
    inflow.halted = syncing.cancelled() or syncing.exception() is not None


async def _sync(parts: Parts, asked: Asked) -> Completeness:
    """What lies beyond the retention period would be dropped again at once, so it is not asked for."""
    since = asked.since
    if since is not None and asked.retention_days is not None:
        since = max(since, parts.clock.now() - timedelta(days=asked.retention_days))
    return await sync(parts, since=since, until=asked.until)
