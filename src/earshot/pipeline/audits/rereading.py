"""Reading conversations afresh, beside the insights: for audits, experiments and estimates of quality."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from earshot.domain.conversation import Conversation
from earshot.errors import EarshotError
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.classify import Accounted
from earshot.ports.ledger import BudgetSpent
from earshot.ports.progress import Step
from earshot.ports.reader import Read, Reader


@dataclass
class Rereading:
    """Answers by the id that was asked for. `stopped` says why the rest was not read (the budget is spent).

    `failed` keeps the first error of several workers, so that one error and no group of them reaches the caller.
    """

    reads: dict[str, Read] = field(default_factory=dict[str, Read])
    stopped: str | None = None
    failed: EarshotError | None = None


async def reread(parts: Parts, reader: Reader, *, wanted: Mapping[str, Conversation]) -> Rereading:
    """One answer per conversation, nothing saved; as many `read` at once as the reader allows."""
    found = Rereading()
    step = parts.progress.step(f"Reading with {reader.name}", len(wanted))
    batches = _batches(list(wanted.items()), size=reader.batch)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, min(reader.parallel, len(wanted)))):
                group.create_task(_work(reader, batches, found=found, step=step))
    finally:
        if isinstance(reader, Accounted):
            await reader.ledger.flush()
    step.done()
    if found.failed is not None:
        raise found.failed
    return found


async def _work(
    reader: Reader, batches: Iterator[Sequence[tuple[str, Conversation]]], *, found: Rereading, step: Step
) -> None:
    """Take batches until there is none, or nothing more may be spent."""
    for batch in batches:
        if found.stopped or found.failed:
            return
        try:
            answers = await reader.read([conversation for _, conversation in batch])
        except BudgetSpent as error:
            found.stopped = str(error)
            return
        except EarshotError as error:
            found.failed = error
            return
        found.reads.update({name: answer for (name, _), answer in zip(batch, answers, strict=True)})
        step.advance(len(batch))


def _batches(
    items: Sequence[tuple[str, Conversation]], *, size: int
) -> Iterator[Sequence[tuple[str, Conversation]]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
