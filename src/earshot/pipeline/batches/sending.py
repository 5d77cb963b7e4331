"""Sending batches: claimed and booked, then sent; what was interrupted is looked up before it is sent again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from earshot.domain.batch import BatchEntry, BatchStatus, ReadingBatch
from earshot.domain.call import Call, Outcome
from earshot.domain.conversation import Conversation
from earshot.errors import BadInput, EarshotError
from earshot.pipeline.batches.desk import GRACE, GROUP, Desk, fresh_id
from earshot.pipeline.batches.verdicts import CHANGED, call_of, release
from earshot.ports.model import Remote, Request, Unanswered
from earshot.ports.store import Opening, Pace

if TYPE_CHECKING:  # prompts cost time to import, and only their types are named here
    from earshot.classify.llm.prompter import Prepared

_MARGIN = timedelta(minutes=10)
"""How far the provider's clock may be behind ours."""


@dataclass(frozen=True)
class Priced:
    """A request that is ready, and what it can cost at most."""

    prepared: "Prepared"
    bound_usd: float | None


@dataclass(frozen=True)
class Claimed:
    """A batch ready to be sent, None when nothing could be claimed.

    `held` conversations wait in another batch with an older text; `unaffordable`: the day's budget refused some.
    """

    batch: ReadingBatch | None
    requests: dict[str, Request]
    held: tuple[str, ...] = ()
    unaffordable: bool = False


async def claim(desk: Desk, chosen: Sequence[Priced]) -> Claimed:
    """Store a batch of these requests and book their calls, in one transaction."""
    batch = ReadingBatch(
        id=fresh_id(),
        provider=desk.model.provider,
        model=desk.model.name,
        tier=desk.llm.tier,
        created_at=desk.now,
    )
    made = [(_entry(batch, one.prepared), one) for one in chosen]
    async with desk.parts.store.unit() as unit:
        kept = {entry.id for entry in await unit.batches.claim(batch, [entry for entry, _ in made])}
        held = tuple(entry.conversation_id for entry, _ in made if entry.id not in kept)
        mine = [(entry, one) for entry, one in made if entry.id in kept]
        turns = await unit.calls.open(
            [_opening(batch, entry, priced=one) for entry, one in mine],
            pace=Pace(key=f"{batch.provider}:{batch.model}:batch"),
            day=desk.day,
            day_budget=desk.llm.day_budget_usd,
        )
        paid = [pair for pair, turn in zip(mine, turns, strict=True) if turn is not None]
        refused = [entry for (entry, _), turn in zip(mine, turns, strict=True) if turn is None]
        if not paid:
            return Claimed(None, {}, held=held, unaffordable=bool(refused))
        await unit.batches.settle([release(entry, "the day's budget is spent") for entry in refused])
        batch = batch.model_copy(update={"entries": len(paid)})
        await unit.batches.save(batch)
        await unit.commit()
    requests = {entry.id: one.prepared.request for entry, one in paid}
    return Claimed(batch, requests, held=held, unaffordable=bool(refused))


def _entry(batch: ReadingBatch, prepared: "Prepared") -> BatchEntry:
    return BatchEntry(
        id=fresh_id(),
        batch_id=batch.id,
        conversation_id=prepared.conversation.id,
        content_hash=prepared.conversation.content_hash,
        prompt_version=prepared.prompt_version,
        prompt_hash=prepared.prompt_hash,
    )


def _opening(batch: ReadingBatch, entry: BatchEntry, *, priced: Priced) -> Opening:
    call = call_of(batch, entry).model_copy(update={"bound_usd": priced.bound_usd})
    return Opening(call=call, tokens=priced.prepared.tokens)


async def send(
    desk: Desk, batch: ReadingBatch, *, requests: Mapping[str, Request], stale: Sequence[BatchEntry] = ()
) -> ReadingBatch:
    """Send a batch whose entries wait for exactly these requests; `stale` ones are given up beforehand.

    From the commit on until the answer is stored, nobody knows whether the provider holds it: `recover` finds out.
    """
    marks = {"status": BatchStatus.SUBMITTING, "submitting_at": desk.now, "entries": len(requests), "note": None}
    sending = batch.model_copy(update=marks)
    if not requests:
        return await _give_up(desk, batch, entries=stale, note=CHANGED)
    async with desk.parts.store.unit() as unit:
        await unit.batches.settle(stale)
        await unit.calls.close([_unmade(batch, entry) for entry in stale])
        await unit.batches.save(sending)
        await unit.commit()
    try:
        handle = await desk.model.submit(requests, reference=batch.id)
    except Unanswered as error:
        status = BatchStatus.SUBMITTING if error.lost else BatchStatus.PREPARED
        return await desk.save(sending.model_copy(update={"status": status, "note": str(error)}))
    except EarshotError as error:
        await _give_up(desk, batch, entries=await desk.waiting(batch), note=f"not accepted: {error}")
        raise
    return await desk.save(
        sending.model_copy(update={"status": BatchStatus.RUNNING, "handle": handle, "submitted_at": desk.now})
    )


async def _give_up(desk: Desk, batch: ReadingBatch, *, entries: Sequence[BatchEntry], note: str) -> ReadingBatch:
    """Nothing was sent and nothing is owed: the conversations are to be read anew."""
    given_up = batch.model_copy(update={"status": BatchStatus.ABANDONED, "ended_at": desk.now, "note": note[:300]})
    async with desk.parts.store.unit() as unit:
        await unit.batches.settle([release(entry, note) for entry in entries])
        await unit.calls.close([_unmade(batch, entry) for entry in entries])
        await unit.batches.save(given_up)
        await unit.commit()
    return given_up


async def withdraw(desk: Desk, batch: ReadingBatch) -> ReadingBatch:
    """Give up a batch that was never sent."""
    return await _give_up(desk, batch, entries=await desk.waiting(batch), note="cancelled")


def _unmade(batch: ReadingBatch, entry: BatchEntry) -> Call:
    return call_of(batch, entry).model_copy(update={"outcome": Outcome.CANCELLED})


async def resume(desk: Desk, batch: ReadingBatch) -> ReadingBatch:
    """Bring a batch that was prepared, or sent with unknown outcome, as far as it can get now."""
    if batch.status is BatchStatus.SUBMITTING:
        batch = await recover(desk, batch)
    if batch.status is not BatchStatus.PREPARED:
        return batch
    requests, stale = await rebuild(desk, batch)
    return await send(desk, batch, requests=requests, stale=stale)


async def recover(desk: Desk, batch: ReadingBatch) -> ReadingBatch:
    """Find out whether the provider holds the batch; only when it surely does not, it may be sent again."""
    began = batch.submitting_at or batch.created_at
    ids = [entry.id for entry in await desk.waiting(batch)]
    known = await _known_handles(desk)
    undecided = False
    for remote in await desk.model.recent(began - _MARGIN):
        if identity(remote.handle) in known:
            continue
        ours = await _ours(desk, batch, remote=remote, ids=ids)
        if ours:
            update = {"status": BatchStatus.RUNNING, "handle": remote.handle, "submitted_at": remote.created_at}
            return await desk.save(batch.model_copy(update={**update, "note": None}))
        undecided = undecided or ours is None
    if undecided or desk.now - began < GRACE:
        return batch
    return batch.model_copy(update={"status": BatchStatus.PREPARED})


async def _ours(desk: Desk, batch: ReadingBatch, *, remote: Remote, ids: Sequence[str]) -> bool | None:
    """Whether a batch at the provider is this one; None while that cannot be told."""
    if remote.reference is not None:
        return remote.reference == batch.id
    if remote.requests not in {0, batch.entries}:
        return False
    return await desk.model.holds(remote.handle, ids)


async def _known_handles(desk: Desk) -> set[str]:
    async with desk.parts.store.unit() as unit:
        batches = await unit.batches.latest(1000)
    return {identity(batch.handle) for batch in batches if batch.handle}


def identity(handle: str) -> str:
    """What stays the same of a provider's handle while its batch moves on: its id, where it has one."""
    try:
        read = json.loads(handle)
    except ValueError:
        return handle
    fields = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
    return str(fields.get("id", handle))


async def rebuild(desk: Desk, batch: ReadingBatch) -> tuple[dict[str, Request], list[BatchEntry]]:
    """The requests of a batch's waiting entries, built again, and the entries whose text or prompt changed."""
    requests: dict[str, Request] = {}
    stale: list[BatchEntry] = []
    entries = await desk.waiting(batch)
    for start in range(0, len(entries), GROUP):
        group = entries[start : start + GROUP]
        found = await desk.conversations(group)
        for entry in group:
            request = _again(desk, entry, conversation=found.get(entry.conversation_id))
            if request is None:
                stale.append(release(entry, CHANGED))
            else:
                requests[entry.id] = request
        await desk.breathe()
    return requests, stale


def _again(desk: Desk, entry: BatchEntry, *, conversation: Conversation | None) -> Request | None:
    if conversation is None or conversation.deleted or conversation.content_hash != entry.content_hash:
        return None
    if desk.llm.prompter.prompt_hash != entry.prompt_hash:
        return None
    try:
        return desk.llm.prompter.prepare(conversation).request
    except BadInput:
        return None
