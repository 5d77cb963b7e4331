"""Use case: read what is new or changed, idempotently; what is read is durable soon after.

A reader that works on this machine gets batch after batch, each saved before the next begins. One that waits for
somebody else reads many conversations at once (`streaming`), within the budgets, the quota and the hours.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.holding import Holding
from earshot.pipeline.reading.inviting import helpers
from earshot.pipeline.reading.keeping import keep
from earshot.pipeline.reading.ledger import StoreLedger
from earshot.pipeline.reading.streaming import POLL, Classified, Count, Course, Inflow, Stream
from earshot.ports.ledger import Ledger
from earshot.ports.progress import Step
from earshot.ports.reader import Reader
from earshot.ports.store import Want

__all__ = ["Classified", "classify", "waits"]


@runtime_checkable
class Accounted(Protocol):
    """A reader whose calls are booked in a ledger."""

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        ...


def waits(reader: Reader) -> bool:
    """Whether a reader waits for somebody else, so that other work fits in between."""
    return reader.parallel > 1 or isinstance(reader, Accounted)


def ledger_of(reader: Reader) -> StoreLedger | None:
    """Where a reader's calls are booked; None for one that calls nobody."""
    ledger = reader.ledger if isinstance(reader, Accounted) else None
    return ledger if isinstance(ledger, StoreLedger) else None


async def classify(
    parts: Parts,
    *,
    classifier: str = "auto",
    want: Want | None = None,
    urgent: bool = False,
    run_id: str | None = None,
) -> Classified:
    """Read every pending conversation. Idempotent: what has an insight for its content is not read again.

    `want` names others to be read (again) too; `urgent` reading keeps to budgets, but not to quota and hours.
    """
    reader = parts.make_reader(classifier)
    shared = classifier == "auto" and want is None and not urgent
    return await classify_with(parts, reader, want=want, urgent=urgent, run_id=run_id, shared=shared)


async def classify_with(
    parts: Parts,
    reader: Reader,
    *,
    want: Want | None = None,
    urgent: bool = False,
    run_id: str | None = None,
    inflow: Inflow | None = None,
    shared: bool = False,
) -> Classified:
    """The same with a reader that is there already, while `inflow` may bring more conversations.

    `shared`: workers are asked to help, where there are any and much waits.
    """
    inflow = inflow or Inflow()
    wanted = want or _usual(parts, reader)
    async with parts.store.unit() as unit:
        pending = await unit.conversations.count_pending(want=wanted)
    if not pending and not inflow.open:
        return Classified()
    step = parts.progress.step("Reading conversations", None if inflow.open else pending)
    ledger = ledger_of(reader)
    if ledger is not None:
        ledger.begin(run_id)
    course = Course(wanted, _free if urgent else keeping_to(parts), inflow=inflow, ledger=ledger)
    try:
        async with helpers(parts, want=wanted if shared and waits(reader) else None):
            count = await _read(parts, reader, course=course, step=step)
    finally:
        if ledger is not None:
            await ledger.flush()
    step.done()
    return await _told(parts, count, want=wanted)


def _usual(parts: Parts, reader: Reader) -> Want:
    """What nobody has read; a reader that others stand in for also reads what they read meanwhile."""
    before = parts.clock.now() if isinstance(reader, Accounted) else None
    return Want(stage=reader.stage, provisional_before=before)


async def _read(parts: Parts, reader: Reader, *, course: Course, step: Step) -> Count:
    if not waits(reader):
        return await _in_turn(parts, reader, course=course, step=step)
    return await Stream(parts, reader, course=course, step=step).run()


async def _in_turn(parts: Parts, reader: Reader, *, course: Course, step: Step) -> Count:
    """One batch after the other, each in a transaction of its own."""
    count, want = Count(), course.want
    async with Holding(parts) as mine:
        while True:
            skip = (*want.skip, *sorted(count.left))
            batch = await mine.take(reader.batch, want=want.model_copy(update={"skip": skip}))
            if not batch:
                if not mine.others:
                    return count
                await parts.clock.sleep(POLL)
                continue
            answers = list(zip(batch, await reader.read(batch), strict=True))
            async with parts.store.unit() as unit:
                found = await keep(unit, answers, now=parts.clock.now())
                await mine.release(unit, [conversation.id for conversation in batch])
                await unit.commit()
            count.add(found, answers)
            step.advance(len(batch))


def keeping_to(parts: Parts) -> Callable[[int], str | None]:
    """Why reading that is not urgent must not go on after so many conversations; None while it may."""
    quota = parts.quota

    def hold(started: int) -> str | None:
        if quota.most is not None and started >= quota.most:
            return f"A run reads at most {quota.most:,} conversations ([llm] most_per_run)."
        if not quota.open_at(parts.clock.now()):
            return "It is outside the hours of reading ([llm] windows)."
        return None

    return hold


def _free(_: int) -> str | None:
    return None


async def _told(parts: Parts, count: Count, *, want: Want) -> Classified:
    """The result. What is left is counted only where something stopped the reading or was not answered."""
    if count.stopped is None and not count.left:
        return count.told(left=0)
    async with parts.store.unit() as unit:
        left = await unit.conversations.count_pending(want=want)
    result = count.told(left=left)
    why = result.stopped or "Nobody answered."
    parts.progress.say(f"{left:,} conversations wait for the next run. {why}")
    return result.model_copy(update={"stopped": why})
