"""Reading as a stream: many conversations under way at once, their readings saved in groups.

One slow answer holds up nothing but itself: what is read is saved while others are still under way. A killed
process loses the calls that were under way and the readings of the last tenth of a second.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

from earshot.domain.conversation import Conversation
from earshot.domain.model import Noun
from earshot.errors import EarshotError
from earshot.pipeline.clashes import restart_safe
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.holding import Holding
from earshot.pipeline.reading.keeping import Answered, Sorted, keep
from earshot.pipeline.reading.ledger import StoreLedger
from earshot.pipeline.reading.owing import debt_of
from earshot.ports.ledger import BudgetSpent, Debt
from earshot.ports.progress import Step
from earshot.ports.reader import Reader
from earshot.ports.store import Want

CHUNK = 400
"""Conversations fetched from the store at once, at most; twice what may be under way is enough."""
GROUP = 200
"""Readings that make a group worth saving at once."""
SAVE_EVERY = 0.1
"""Seconds after which a smaller group is saved."""
MOST_SILENCE = 100
"""Conversations in a row that nobody answered about, after which nobody is asked any more."""
POLL = 0.25
"""Seconds between two looks for more, while a sync brings conversations in or others hold some."""


class Classified(Noun):
    """What became of the conversations that were to be read.

    `unread` could not be read by anybody and wait for a person; `left` wait for the next run, for the reason in
    `stopped` if there is one. `provisional` were read by a stand-in. `cost_usd` sums the known costs.
    """

    read: int = 0
    unread: int = 0
    labelled: int = 0
    left: int = 0
    provisional: int = 0
    cost_usd: float = 0.0
    stopped: str | None = None


@dataclass
class Count:
    """What a reading of many conversations has brought so far."""

    read: int = 0
    unread: int = 0
    labelled: int = 0
    provisional: int = 0
    cost_usd: float = 0.0
    stopped: str | None = None
    left: set[str] = field(default_factory=set[str])

    def add(self, found: Sorted, answers: list[Answered]) -> None:
        """Count saved answers."""
        self.read += len(found.insights)
        self.labelled += len(found.labels)
        self.unread += len(found.unread)
        self.left.update(found.left)
        for _, answer in answers:
            self.cost_usd += answer.provenance.cost_usd or 0.0
            self.provisional += answer.provenance.provisional and answer.failure is None

    def told(self, *, left: int) -> Classified:
        """The result, with how many conversations wait for the next run."""
        return Classified(
            read=self.read,
            unread=self.unread,
            labelled=self.labelled,
            left=left,
            provisional=self.provisional,
            cost_usd=self.cost_usd,
            stopped=self.stopped,
        )


@dataclass
class Inflow:
    """Whether more conversations may still arrive. `halted`: stop reading, what brings them in has failed."""

    open: bool = False
    halted: bool = False


@dataclass(frozen=True)
class Course:
    """What is read and how far. `hold` says why reading must not go on now, None while it may.

    `ledger`: where the reader's calls are booked. `most`: conversations that are begun. `to_the_end`: what others
    read is waited for, and read if they give up.
    """

    want: Want
    hold: Callable[[int], str | None]
    inflow: Inflow = field(default_factory=Inflow)
    ledger: StoreLedger | None = None
    most: int | None = None
    to_the_end: bool = True


class Stream:
    """Reads all that is wanted, beside others who may read from the same store."""

    def __init__(self, parts: Parts, reader: Reader, *, course: Course, step: Step) -> None:
        self._parts = parts
        self._reader = reader
        self._course = course
        self._step = step
        self._holding = Holding(parts)
        self._busy: set[str] = set()
        self._ready: list[Answered] = []
        self._debts: list[Debt] = []
        self._full = asyncio.Event()
        self._room = asyncio.Semaphore(reader.parallel)
        self._error: EarshotError | None = None
        self._silence = 0
        self._over = False
        self.count = Count()

    async def run(self) -> Count:
        """Read until nothing is wanted, or reading has to stop; everything read is saved before this returns."""
        async with self._holding:
            return await self._run()

    async def _run(self) -> Count:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._saving())
                async with aclosing(self._batches()) as batches:
                    await self._start_all(tasks, batches)
                await self._all_done()
                self._over = True
                self._full.set()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            try:
                await self._save()
            finally:
                for debt in self._debts:
                    debt.lost()
        if self._error is not None:
            raise self._error
        return self.count

    async def _start_all(self, tasks: asyncio.TaskGroup, batches: AsyncIterator[list[Conversation]]) -> None:
        """Keep as many `read` under way as the reader allows, until there is no more to begin."""
        started = 0
        async for batch in batches:
            await self._room.acquire()
            if self._stops(started):
                self._room.release()
                return
            started += len(batch)
            tasks.create_task(self._read(batch))

    async def _all_done(self) -> None:
        for _ in range(self._reader.parallel):
            await self._room.acquire()

    def _stops(self, started: int) -> bool:
        if self._error is not None or self._course.inflow.halted:
            return True
        why = "Nobody answers." if self._silence >= MOST_SILENCE else self._course.hold(started)
        self.count.stopped = self.count.stopped or why
        return self.count.stopped is not None

    async def _batches(self) -> AsyncGenerator[list[Conversation]]:
        """What is wanted and not under way, in batches as large as the reader takes."""
        size, taken, inflow = self._reader.batch, 0, self._course.inflow
        while not inflow.halted and (left := self._left(taken)) > 0:
            last = not inflow.open
            found = await self._take(left)
            taken += len(found)
            for first in range(0, len(found), size):
                if batch := await self._still_ours(found[first : first + size]):
                    yield batch
            if not found:
                if last and not (self._course.to_the_end and self._holding.others):
                    return
                await self._parts.clock.sleep(POLL)

    def _left(self, taken: int) -> int:
        """How many may be taken next."""
        size = self._reader.batch
        chunk = max(size, min(CHUNK, 2 * size * self._reader.parallel))
        return chunk if self._course.most is None else min(chunk, self._course.most - taken)

    async def _take(self, limit: int) -> list[Conversation]:
        skip = tuple(sorted(self._busy | self.count.left))
        found = await self._holding.take(limit, want=self._course.want.model_copy(update={"skip": skip}))
        self._busy.update(conversation.id for conversation in found)
        return found

    async def _still_ours(self, batch: list[Conversation]) -> list[Conversation]:
        ours = await self._holding.still(batch)
        self._busy.difference_update({one.id for one in batch}.difference(one.id for one in ours))
        return ours

    async def _read(self, batch: list[Conversation]) -> None:
        """Read one batch. What stops all reading is noted; what is under way goes on to its end."""
        debt, answers = debt_of(self._course.ledger), None
        try:
            with debt:
                answers = await self._reader.read(batch)
        except BudgetSpent as error:
            self.count.stopped = self.count.stopped or f"{error} {error.hint}".strip()
            return
        except EarshotError as error:
            self._error = self._error or error
            return
        finally:
            self._room.release()
            if answers is None:
                debt.lost()
        self._debts.append(debt)
        self._ready += zip(batch, answers, strict=True)
        self._silence = self._silence + len(batch) if all(a.unanswered for a in answers) else 0
        self._step.advance(len(batch))
        if len(self._ready) >= GROUP:
            self._full.set()

    async def _saving(self) -> None:
        """Save what is ready, again and again, until reading is over."""
        while not self._over:
            self._full.clear()
            if len(self._ready) < GROUP:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._full.wait(), SAVE_EVERY)
            await self._save()

    async def _save(self) -> None:
        """Save what is ready; it counts as ready until it is saved."""
        group = list(self._ready)
        if not group:
            return
        debts = list(self._debts)
        found = await restart_safe(lambda: self._keep(group), clock=self._parts.clock)
        for debt in debts:
            debt.saved()
        del self._debts[: len(debts)]
        del self._ready[: len(group)]
        self.count.add(found, group)
        self._busy.difference_update(conversation.id for conversation, _ in group)

    async def _keep(self, group: Sequence[Answered]) -> Sorted:
        async with self._parts.store.unit() as unit:
            found = await keep(unit, group, now=self._parts.clock.now())
            await self._holding.release(unit, [conversation.id for conversation, _ in group])
            await unit.commit()
        return found
