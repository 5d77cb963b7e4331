"""Use case: requests as a file that anybody may answer, and the answers taken back. Nothing is spent by us."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from earshot.domain.batch import BatchEntry, BatchStatus, EntryState, ReadingBatch
from earshot.domain.call import Mode, Tier
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Unread
from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.pipeline.batches.desk import fresh_id
from earshot.pipeline.batches.exchange_lines import Line, read_lines, request_line
from earshot.pipeline.batches.verdicts import CHANGED, Judge, Verdict, keep
from earshot.pipeline.files import appearing
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.keeping import unread as unread_of
from earshot.ports.model import BatchAnswer, Prices
from earshot.ports.store import DEFAULT_WANT, Want

if TYPE_CHECKING:  # prompts cost time to import, and only their types are named here
    from earshot.classify.llm.prompter import Prepared, Prompter

PROVIDER = "compatible"
"""What stands for the provider where somebody else answers; the settings can price it: "compatible:NAME"."""
NAME = "llm"
"""The classifier's name in insights."""
PAGE = 500
"""Conversations or answers per transaction."""
MOST_MISTAKES = 20
"""So many bad lines are named; the rest is counted."""


class Written(Noun):
    """What a request file holds, and how many conversations could not be asked about."""

    batch_id: str
    requests: int
    unread: int = 0


class Mistake(Noun):
    """A line of an answer file that is no good."""

    line: int
    text: str


class Answers(Noun):
    """What an answer file brought.

    `settled` answers were taken in before (or stand in the file twice), `changed` are about a text that is no
    longer there, `failed` lines hold an error instead of an answer: they can be answered again.
    """

    read: int = 0
    unread: int = 0
    settled: int = 0
    unknown: int = 0
    changed: int = 0
    failed: int = 0
    bad: int = 0
    mistakes: tuple[Mistake, ...] = ()


async def write_requests(
    parts: Parts,
    file: Path,
    *,
    prompter: "Prompter",
    model: str,
    tier: Tier = Tier.CHEAP,
    want: Want = DEFAULT_WANT,
    limit: int | None = None,
) -> Written:
    """Write the requests for what is to be read. The file appears complete or not at all; it claims nothing.

    Nothing in it names anybody: custom ids are digests, personal data is masked unless the settings say otherwise.
    The same text asked about in the same way has the same id in every file, so that answers to an older file fit.
    """
    batch = ReadingBatch(
        id=fresh_id(), mode=Mode.FILE, provider=PROVIDER, model=model, tier=tier, created_at=parts.clock.now()
    )
    entries: list[BatchEntry] = []
    unread: list[Unread] = []
    with appearing(file) as (handle, publish):
        async for page in _pages(parts, want=want, limit=limit):
            for conversation in page:
                made = _entry(parts, prompter, batch=batch, conversation=conversation, handle=handle)
                entries.append(made) if isinstance(made, BatchEntry) else unread.append(made)
        running = batch.model_copy(
            update={"entries": len(entries), "status": BatchStatus.RUNNING, "submitted_at": parts.clock.now()}
        )
        async with parts.store.unit() as unit:
            await unit.insights.save([], unread)
            if entries:
                await unit.batches.claim(running, entries)
            await unit.commit()
        publish()
    return Written(batch_id=batch.id, requests=len(entries), unread=len(unread))


def _entry(
    parts: Parts, prompter: "Prompter", *, batch: ReadingBatch, conversation: Conversation, handle: IO[str]
) -> BatchEntry | Unread:
    try:
        prepared = prompter.prepare(conversation)
    except BadInput as error:
        return unread_of(conversation, str(error), now=parts.clock.now())
    entry = BatchEntry(
        id=_custom_id(prepared),
        batch_id=batch.id,
        conversation_id=conversation.id,
        content_hash=conversation.content_hash,
        prompt_version=prepared.prompt_version,
        prompt_hash=prepared.prompt_hash,
    )
    handle.write(request_line(entry.id, prepared.request, model=batch.model))
    return entry


def _custom_id(prepared: "Prepared") -> str:
    """The request's id: the same for the same conversation, text and prompt, on any machine."""
    conversation = prepared.conversation
    what = "\x1f".join((conversation.id, conversation.content_hash, prepared.prompt_hash))
    return hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:32]


async def _pages(parts: Parts, *, want: Want, limit: int | None) -> AsyncIterator[Sequence[Conversation]]:
    async with parts.store.unit() as unit:
        left = await unit.conversations.count_pending(want=want)
    left = left if limit is None else min(left, limit)
    step = parts.progress.step("Writing requests", left)
    seen: tuple[str, ...] = want.skip
    while left > 0:
        async with parts.store.unit() as unit:
            page = await unit.conversations.pending(min(PAGE, left), want=want.model_copy(update={"skip": seen}))
        if not page:
            break
        yield page
        seen += tuple(conversation.id for conversation in page)
        left -= len(page)
        step.advance(len(page))
    step.done()


async def read_answers(
    parts: Parts, file: Path, *, prompter: "Prompter", prices: Prices | None = None, model: str = ""
) -> Answers:
    """Take answers in, in any order; a page in each transaction. Taking a file in again changes nothing.

    `model` names the reader where the answers do not. The cost is booked only where the settings give a price.
    """
    reading = _Reading(parts, prompter, prices, model=model)
    step = parts.progress.step(f"Taking in {file.name}")
    lines = read_lines(file)
    while page := list(islice(lines, PAGE)):
        await reading.page(page)
        step.advance(len(page))
    await reading.close()
    step.done()
    return reading.answers


@dataclass
class _Reading:
    """One answer file being taken in."""

    parts: Parts
    prompter: "Prompter"
    prices: Prices | None
    model: str
    answers: Answers = field(default_factory=Answers)
    batches: dict[str, ReadingBatch] = field(default_factory=dict[str, ReadingBatch])

    async def page(self, page: Sequence[Line]) -> None:
        given = self._given(page)
        entries = await self._entries(list(given))
        waiting = {key: entry for key, entry in entries.items() if entry.state is EntryState.WAITING}
        self._add(unknown=len(given) - len(entries), settled=len(entries) - len(waiting))
        self._add(failed=sum(given[key].answer is None for key in waiting))
        answered = [entry for key, entry in waiting.items() if given[key].answer is not None]
        if not answered:
            return
        async with self.parts.store.unit() as unit:
            found = await unit.conversations.get([entry.conversation_id for entry in answered])
        conversations = {conversation.id: conversation for conversation in found}
        verdicts = [
            self._verdict(entry, given[entry.id], conversation=conversations.get(entry.conversation_id))
            for entry in answered
        ]
        async with self.parts.store.unit() as unit:
            kept = await keep(unit, verdicts)
            await unit.commit()
        self._count(kept, offered=len(verdicts))

    def _given(self, page: Sequence[Line]) -> dict[str, BatchAnswer]:
        """The page's answers by custom id; the first of several wins."""
        given: dict[str, BatchAnswer] = {}
        for line in page:
            if line.given is None:
                self._bad(line)
            elif line.given.custom_id in given:
                self._add(settled=1)
            else:
                given[line.given.custom_id] = line.given
        return given

    def _bad(self, line: Line) -> None:
        mistakes = self.answers.mistakes
        if len(mistakes) < MOST_MISTAKES:
            mistakes = (*mistakes, Mistake(line=line.number, text=line.mistake or ""))
        self.answers = self.answers.model_copy(update={"mistakes": mistakes})
        self._add(bad=1)

    async def _entries(self, custom_ids: Sequence[str]) -> dict[str, BatchEntry]:
        """The entries of files that we wrote; ids of a provider's batch are none of them."""
        async with self.parts.store.unit() as unit:
            found = await unit.batches.find(custom_ids)
            for batch_id in {entry.batch_id for entry in found.values()} - self.batches.keys():
                if (batch := await unit.batches.get(batch_id)) is not None:
                    self.batches[batch_id] = batch
        return {key: entry for key, entry in found.items() if self._is_ours(entry)}

    def _is_ours(self, entry: BatchEntry) -> bool:
        batch = self.batches.get(entry.batch_id)
        return batch is not None and batch.mode is Mode.FILE

    def _verdict(self, entry: BatchEntry, given: BatchAnswer, *, conversation: Conversation | None) -> Verdict:
        batch = self.batches[entry.batch_id]
        named = (given.answer.model if given.answer else "") or self.model or batch.model
        judge = Judge(
            prompter=self.prompter,
            batch=batch.model_copy(update={"model": named}),
            prices=self.prices,
            now=self.parts.clock.now(),
            name=NAME,
        )
        verdict = judge.verdict(entry, given, conversation=conversation)
        return judge.final(verdict) if verdict.failed else verdict

    def _count(self, kept: Sequence[Verdict], *, offered: int) -> None:
        self._add(
            read=sum(verdict.insight is not None or verdict.labels is not None for verdict in kept),
            unread=sum(verdict.unread is not None for verdict in kept),
            changed=sum(verdict.entry.note == CHANGED for verdict in kept),
            settled=offered - len(kept),
        )

    def _add(self, **counts: int) -> None:
        added = {name: getattr(self.answers, name) + count for name, count in counts.items()}
        self.answers = self.answers.model_copy(update=added)

    async def close(self) -> None:
        """Mark the batches of which no answer is missing any more."""
        for batch in self.batches.values():
            async with self.parts.store.unit() as unit:
                entries = await unit.batches.entries(batch.id)
                open_ = any(entry.state is EntryState.WAITING for entry in entries)
                if batch.mode is Mode.FILE and not open_ and batch.status is not BatchStatus.COLLECTED:
                    ended = {"status": BatchStatus.COLLECTED, "ended_at": self.parts.clock.now()}
                    await unit.batches.save(batch.model_copy(update=ended))
                    await unit.commit()
