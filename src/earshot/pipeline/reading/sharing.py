"""What a worker reads: one conversation that just came in, or a backlog, together with whoever began it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import cached_property, partial

from earshot.domain.conversation import Conversation
from earshot.errors import Transient
from earshot.pipeline.clashes import restart_safe
from earshot.pipeline.money.consent import agreed
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.classify import Accounted, keeping_to, ledger_of, waits
from earshot.pipeline.reading.holding import Holding
from earshot.pipeline.reading.inviting import BACKLOG
from earshot.pipeline.reading.keeping import keep
from earshot.pipeline.reading.ledger import StoreLedger
from earshot.pipeline.reading.owing import owing
from earshot.pipeline.reading.streaming import Count, Course, Stream
from earshot.ports.jobs import Later
from earshot.ports.ledger import BudgetSpent
from earshot.ports.progress import Silent
from earshot.ports.reader import Read, Reader
from earshot.ports.store import Want

log = logging.getLogger(__name__)
CONVERSATION = "conversation"
"""First word of the key of a job that reads one conversation; its id and anything else follow."""
BUSY = 0.5
"""Seconds until a job to read with others is offered again that came while this process does so already."""
HANDED_ON = 0.5
"""Seconds until a job is offered to others that this worker, which stops, did not end."""
STOPS = "The worker stops."

Judge = Callable[[Sequence[str]], Awaitable[None]]
"""What is done about conversations that were just read, by id."""


class Shares:
    """Reads for one worker process; its reader, breaker included, is one for all jobs. `stop` ends it early."""

    def __init__(self, parts: Parts, *, judge: Judge, stop: asyncio.Event) -> None:
        self._parts = parts
        self._judge = judge
        self._stop = stop
        self._reading = False

    async def serve(self, key: str) -> None:
        """Do one reading job: by key one conversation, a backlog with others, or, with any other, some that wait.

        Nobody is asked for money to which no person agreed; then it waits for a run.
        """
        kind, _, rest = key.partition("/")
        if not await self._may_spend():
            log.warning("Nobody agreed to spend money with the model provider yet: run `earshot run` once by hand.")
        elif kind == BACKLOG:
            await self._share(self._want(datetime.fromisoformat(rest.partition("/")[0])), most=None)
        elif kind == CONVERSATION:
            await self._one(rest.partition("/")[0])
        else:
            await self._share(self._want(self._parts.clock.now()), most=self._parts.workers.share)

    @cached_property
    def _reader(self) -> Reader:
        reader = self._parts.make_reader("auto")
        return reader if waits(reader) else _Aside(reader)

    @cached_property
    def _ledger(self) -> StoreLedger | None:
        return ledger_of(self._reader)

    async def _may_spend(self) -> bool:
        parts = self._parts
        return not isinstance(self._reader, Accounted) or (
            parts.make_llm is not None and await agreed(parts, parts.make_llm())
        )

    async def _share(self, want: Want, *, most: int | None) -> None:
        """Read beside others until nothing is left that nobody reads, or until this worker stops."""
        if self._reading:
            raise Later(BUSY, "this process reads already")
        self._reading = True
        try:
            count = await self._read(Course(want, self._hold, ledger=self._ledger, most=most, to_the_end=False))
        finally:
            self._reading = False
        if count.stopped is not None and self._stop.is_set():
            raise Later(HANDED_ON, STOPS)

    async def _read(self, course: Course) -> Count:
        step = Silent().step("Reading a share")
        try:
            return await Stream(self._parts, self._reader, course=course, step=step).run()
        finally:
            if self._ledger is not None:
                await self._ledger.flush()

    async def _one(self, conversation_id: str) -> None:
        """Read one conversation; nothing is to be done when it was read meanwhile, or somebody does just now."""
        if (why := self._hold(0)) is not None:
            log.info("A conversation waits for the next run: %s", why)
            return
        want = self._want(self._parts.clock.now()).model_copy(update={"only": (conversation_id,)})
        async with Holding(self._parts) as mine:
            found = await mine.take(1, want=want)
            read = bool(found) and await self._read_alone(mine, found)
        if read:
            await self._judge([conversation_id])

    async def _read_alone(self, mine: Holding, found: Sequence[Conversation]) -> bool:
        """Read and save; False when there is no money left. Raises Transient when nobody answers."""
        try:
            async with owing(self._ledger) as debt:
                answers = await self._reader.read(found)
                if answers[0].unanswered:
                    raise Transient("nobody answered about a conversation")
                save = partial(self._keep, mine, found, answers=answers)
                await restart_safe(save, clock=self._parts.clock)
                debt.saved()
        except BudgetSpent as error:
            log.info("A conversation waits for the next run: %s", error)
            return False
        return True

    async def _keep(self, mine: Holding, found: Sequence[Conversation], *, answers: Sequence[Read]) -> None:
        async with self._parts.store.unit() as unit:
            await keep(unit, list(zip(found, answers, strict=True)), now=self._parts.clock.now())
            await mine.release(unit, [conversation.id for conversation in found])
            await unit.commit()

    def _want(self, began: datetime) -> Want:
        before = began if isinstance(self._reader, Accounted) else None
        return Want(stage=self._reader.stage, provisional_before=before)

    def _hold(self, started: int) -> str | None:
        return STOPS if self._stop.is_set() else keeping_to(self._parts)(started)


class _Aside:
    """A reader that needs this machine's processor, in a thread, so that the event loop stays free."""

    parallel = 1

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.name, self.stage, self.batch = reader.name, reader.stage, reader.batch

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        """One answer per conversation, in order."""
        return await asyncio.to_thread(lambda: asyncio.run(_of(self._reader, conversations)))


async def _of(reader: Reader, conversations: Sequence[Conversation]) -> list[Read]:
    return await reader.read(conversations)
