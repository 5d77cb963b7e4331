"""Collecting batches: look, stream the answers, settle a group of entries in each transaction."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from earshot.domain.batch import BatchEntry, BatchStatus, EntryState, ReadingBatch
from earshot.domain.call import Call, Outcome
from earshot.errors import BadInput, NotFound
from earshot.pipeline.batches.desk import GROUP, KEPT, Desk, Tally
from earshot.pipeline.batches.verdicts import CHANGED, FAILED, Judge, Verdict, call_of, keep, release
from earshot.ports.model import BatchAnswer, Request

_LOOK_BACK = 50
"""How many batches are looked through for earlier failures of a text."""
_MISSING = "the provider gave no answer"
_TOO_OLD = "abandoned: providers keep results for 29 days only"


class SameRequest(Mapping[str, Request]):
    """Every entry's request without its text: what decoding needs, without holding thousands of conversations."""

    def __init__(self, ids: Sequence[str], request: Request) -> None:
        self._ids = dict.fromkeys(ids)
        self._request = request

    def __getitem__(self, custom_id: str) -> Request:
        if custom_id not in self._ids:
            raise KeyError(custom_id)
        return self._request

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


async def gather(desk: Desk, batch: ReadingBatch, *, tally: Tally) -> ReadingBatch:
    """Look at a batch that the provider holds; when it ended, store its answers and close it."""
    try:
        return await _gather(desk, batch, tally=tally)
    except NotFound:
        if not _is_old(desk, batch):
            raise
        return await close(desk, batch, note=_TOO_OLD, tally=tally, status=BatchStatus.ABANDONED)


async def _gather(desk: Desk, batch: ReadingBatch, *, tally: Tally) -> ReadingBatch:
    if batch.status is BatchStatus.RUNNING:
        batch = await _look(desk, batch)
    if batch.status is not BatchStatus.ENDED:
        if not _is_old(desk, batch):
            return batch
        return await close(desk, batch, note=_TOO_OLD, tally=tally, status=BatchStatus.ABANDONED)
    entries = {entry.id: entry for entry in await _entries(desk, batch)}
    step = desk.parts.progress.step("Collecting answers", len(entries))
    for _ in range(2):  # a second look before an answer counts as missing: reading again costs more
        if not any(map(_waits, entries.values())):
            break
        await _stream(desk, batch, entries=entries, tally=tally)
    step.advance(len(entries))
    step.done()
    return await close(desk, batch, note=_MISSING, tally=tally, status=BatchStatus.COLLECTED)


async def _look(desk: Desk, batch: ReadingBatch) -> ReadingBatch:
    if batch.handle is None:
        raise BadInput(f"batch {batch.id} is under way without a handle")
    state = await desk.model.look(batch.handle)
    update: dict[str, object] = {"handle": state.handle, "note": state.note}
    if state.ended:
        update |= {"status": BatchStatus.ENDED, "ended_at": desk.now}
    looked = batch.model_copy(update=update)
    return batch if looked == batch else await desk.save(looked)


async def _entries(desk: Desk, batch: ReadingBatch) -> list[BatchEntry]:
    async with desk.parts.store.unit() as unit:
        return await unit.batches.entries(batch.id)


def _waits(entry: BatchEntry) -> bool:
    return entry.state is EntryState.WAITING


async def _stream(desk: Desk, batch: ReadingBatch, *, entries: dict[str, BatchEntry], tally: Tally) -> None:
    """Store the answers of waiting entries. `entries` is brought up to date; the rest is counted."""
    group: dict[str, BatchAnswer] = {}
    requests = SameRequest(list(entries), await _bare_request(desk, entries))
    async for given in desk.model.results(batch.handle or "", requests):
        entry = entries.get(given.custom_id)
        if entry is None:
            tally.unknown += 1
        elif given.custom_id in group or not _waits(entry):
            tally.duplicates += 1
        else:
            group[given.custom_id] = given
        if len(group) >= GROUP:
            await _settle(desk, batch, entries=entries, group=group, tally=tally)
            group = {}
    if group:
        await _settle(desk, batch, entries=entries, group=group, tally=tally)


async def _bare_request(desk: Desk, entries: Mapping[str, BatchEntry]) -> Request:
    """The form and limits that all requests of a prompt share, from any text that can still be prepared."""
    waiting = [entry for entry in entries.values() if _waits(entry)]
    for start in range(0, len(waiting), GROUP):
        for conversation in (await desk.conversations(waiting[start : start + GROUP])).values():
            try:
                prepared = desk.llm.prompter.prepare(conversation)
            except BadInput:
                continue
            return prepared.request.model_copy(update={"content": "-"})
    return Request(instructions="-", content="-")


async def _settle(
    desk: Desk,
    batch: ReadingBatch,
    *,
    entries: dict[str, BatchEntry],
    group: Mapping[str, BatchAnswer],
    tally: Tally,
) -> None:
    """Judge a group of answers and store all that follows from it in one transaction."""
    asked = [entries[custom_id] for custom_id in group]
    conversations = await desk.conversations(asked)
    judge = Judge(prompter=desk.llm.prompter, batch=batch, prices=desk.llm.prices, now=desk.now, name=desk.llm.name)
    verdicts = [
        judge.verdict(entry, group[entry.id], conversation=conversations.get(entry.conversation_id))
        for entry in asked
    ]
    verdicts = await _with_patience(desk, judge, verdicts=verdicts)
    async with desk.parts.store.unit() as unit:
        kept = await keep(unit, verdicts)
        await unit.commit()
    entries.update({verdict.entry.id: verdict.entry for verdict in verdicts})
    count(tally, kept)
    await desk.breathe()


async def _with_patience(desk: Desk, judge: Judge, *, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Give up the texts that failed as often as the settings allow; the other failures are tried again."""
    failed = [verdict.entry for verdict in verdicts if verdict.failed]
    if not failed:
        return list(verdicts)
    before = await _earlier_failures(desk, failed)
    most = desk.llm.attempts
    return [
        judge.final(verdict) if verdict.failed and before[_text(verdict.entry)] + 1 >= most else verdict
        for verdict in verdicts
    ]


def _text(entry: BatchEntry) -> tuple[str, str]:
    return entry.conversation_id, entry.content_hash


async def _earlier_failures(desk: Desk, failed: Sequence[BatchEntry]) -> Counter[tuple[str, str]]:
    """How often these texts failed in the newest batches."""
    wanted = {_text(entry) for entry in failed}
    found: Counter[tuple[str, str]] = Counter()
    async with desk.parts.store.unit() as unit:
        for batch in await unit.batches.latest(_LOOK_BACK):
            for entry in await unit.batches.entries(batch.id):
                if entry.state is EntryState.RELEASED and (entry.note or "").startswith(FAILED):
                    found[_text(entry)] += _text(entry) in wanted
    return found


def count(tally: Tally, kept: Sequence[Verdict]) -> None:
    """Add what was stored."""
    for verdict in kept:
        tally.read += verdict.insight is not None or verdict.labels is not None
        tally.unread += verdict.unread is not None
        given_up = verdict.entry.state is EntryState.RELEASED and verdict.unread is None
        tally.changed += given_up and verdict.entry.note == CHANGED
        tally.released += given_up and verdict.entry.note != CHANGED


def _is_old(desk: Desk, batch: ReadingBatch) -> bool:
    return desk.now - (batch.submitted_at or batch.created_at) >= KEPT


async def close(desk: Desk, batch: ReadingBatch, *, note: str, tally: Tally, status: BatchStatus) -> ReadingBatch:
    """End a batch; entries that still wait are given up, and what they may have cost stays booked as the bound."""
    left = await desk.waiting(batch)
    closed = batch.model_copy(update={"status": status, "note": note if left else batch.note})
    async with desk.parts.store.unit() as unit:
        await unit.batches.settle([release(entry, note) for entry in left])
        await unit.calls.close([_lost(batch, entry) for entry in left])
        await unit.batches.save(closed)
        await unit.commit()
    tally.released += len(left)
    tally.batches += 1
    return closed


def _lost(batch: ReadingBatch, entry: BatchEntry) -> Call:
    return call_of(batch, entry).model_copy(update={"outcome": Outcome.LOST})
