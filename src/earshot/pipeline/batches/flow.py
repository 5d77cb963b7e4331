"""Use case: read through a provider's batches, at half the price: submit, leave, collect in any later process.

PREPARED ─→ SUBMITTING ─→ RUNNING ─→ ENDED ─→ COLLECTED
   ↑            │            └──→ ABANDONED (results are kept 29 days)
   └─ the provider surely holds nothing

Every arrow is one commit. A batch is claimed and booked before it is sent, so that a killed process loses nothing.
One whose fate is unknown is looked up at the provider before it may be sent again, so that nothing is paid twice.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from earshot.domain.batch import BatchStatus, ReadingBatch
from earshot.domain.call import Mode
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Unread
from earshot.errors import BadInput, EarshotError, Misconfigured, NotFound, Rejected, Transient
from earshot.pipeline.batches.collecting import close, gather
from earshot.pipeline.batches.desk import LOCK, Collected, Desk, Submitted, Tally
from earshot.pipeline.batches.sample import sample_problem
from earshot.pipeline.batches.sending import Claimed, Priced, claim, recover, resume, send, withdraw
from earshot.pipeline.llm_parts import LlmParts
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.holding import Holding
from earshot.pipeline.reading.keeping import unread as unread_of
from earshot.ports.model import Request
from earshot.ports.store import DEFAULT_WANT, Want

PIECE = 5_000
"""Most requests in one batch of ours, however many the provider takes: so many are held in memory at once."""
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
"""Seconds between two looks at the provider while somebody waits."""
_LINE = 500
"""Bytes round one request in a batch file, with room to spare."""


async def submit(parts: Parts, llm: LlmParts, *, want: Want = DEFAULT_WANT, limit: int | None = None) -> Submitted:
    """Send what is to be read in batches, within the budgets. The answers come with `collect`, within a day."""
    if llm.batch is None:
        return Submitted(online_only=True)
    desk = Desk(parts, llm, llm.batch)
    async with parts.store.exclusive(LOCK):
        async with parts.store.unit() as unit:
            pending = await unit.conversations.count_pending(want=want)
        if not pending:
            return Submitted()
        if (problem := await sample_problem(desk)) is not None:
            return Submitted(problem=problem)
        most = min(pending, *(n for n in (limit, llm.most_per_run) if n is not None), pending)
        return await _Submission(desk, want, left=most, budget=llm.run_budget_usd).go()


@dataclass
class _Done:
    """`Submitted` while it grows."""

    batches: int = 0
    requests: int = 0
    unread: int = 0
    held: int = 0
    unaffordable: bool = False
    problem: str | None = None


@dataclass
class _Submission:
    """One run of submitting: so many conversations are `left`, and so much of the run's `budget`."""

    desk: Desk
    want: Want
    left: int
    budget: float | None
    done: _Done = field(default_factory=_Done)

    async def go(self) -> Submitted:
        step = self.desk.parts.progress.step("Submitting requests", self.left)
        while self.left > 0 and not self.done.unaffordable and self.done.problem is None:
            sent = await self._piece()
            if not sent:
                break
            step.advance(sent)
        step.done()
        return Submitted(**vars(self.done))

    async def _piece(self) -> int:
        """Claim and send one batch; how many conversations are dealt with, 0 when there is no more to do.

        What somebody reads at once just now is left out; nobody begins with these until they are claimed.
        """
        most = min(self.left, self.desk.model.most_requests, PIECE)
        async with Holding(self.desk.parts) as mine:
            taken = await mine.take(most, want=self.want)
            self.done.held = mine.others
            return await self._deal_with(taken)

    async def _deal_with(self, conversations: Sequence[Conversation]) -> int:
        chosen, unread = self._prepare(conversations)
        await self._save_unread(unread)
        affordable = self._affordable(chosen)
        claimed = await claim(self.desk, affordable) if affordable else Claimed(None, {})
        self._skip([one.conversation_id for one in unread])
        self._skip(claimed.held)
        dealt = len(unread) + len(claimed.held) + len(claimed.requests)
        self.left -= dealt
        self.done.unread += len(unread)
        self.done.unaffordable |= claimed.unaffordable or len(affordable) < len(chosen)
        if claimed.batch is not None:
            await self._send(claimed.batch, claimed.requests)
        return dealt

    def _skip(self, ids: Sequence[str]) -> None:
        """Do not meet these again in this run."""
        self.want = self.want.model_copy(update={"skip": (*self.want.skip, *ids)})

    def _prepare(self, conversations: Sequence[Conversation]) -> tuple[list[Priced], list[Unread]]:
        """Requests as far as they fit into one batch; conversations that cannot be asked about."""
        chosen: list[Priced] = []
        unread: list[Unread] = []
        room = self.desk.model.most_bytes
        for conversation in conversations:
            try:
                priced, size = self._priced(conversation)
            except BadInput as error:
                unread.append(unread_of(conversation, str(error), now=self.desk.now))
                continue
            room -= size
            if room < 0:
                break
            chosen.append(priced)
        return chosen, unread

    def _priced(self, conversation: Conversation) -> tuple[Priced, int]:
        prepared = self.desk.llm.prompter.prepare(conversation)
        size = _line_size(prepared.request)
        model = self.desk.model
        if size > model.most_bytes:
            raise BadInput("the conversation is too long for a batch")
        bound = self.desk.llm.prices.bound(model.provider, model.name, request=prepared.request, batch=True)
        if bound is None and (self.budget, self.desk.llm.day_budget_usd) != (None, None):
            raise Misconfigured(
                f"The price of {model.provider}:{model.name} in batches is not known, so no budget can be kept.",
                hint=f'Name it in the settings, [llm.prices."{model.provider}:{model.name}"], or drop the budgets.',
            )
        return Priced(prepared, bound), size

    async def _save_unread(self, unread: Sequence[Unread]) -> None:
        if unread:
            async with self.desk.parts.store.unit() as unit:
                await unit.insights.save([], unread)
                await unit.commit()

    def _affordable(self, chosen: Sequence[Priced]) -> list[Priced]:
        """As many as the rest of the run's budget certainly pays for."""
        if self.budget is None:
            return list(chosen)
        kept: list[Priced] = []
        for one in chosen:
            bound = one.bound_usd or 0.0
            if bound > self.budget:
                break
            self.budget -= bound
            kept.append(one)
        return kept

    async def _send(self, batch: ReadingBatch, requests: dict[str, Request]) -> None:
        try:
            sent = await send(self.desk, batch, requests=requests)
        except Rejected as error:
            self.done.problem = f"The provider refused a batch: {error}"
            return
        self.done.batches += 1
        self.done.requests += sent.entries
        if sent.status is not BatchStatus.RUNNING:
            self.done.problem = f"The provider did not confirm a batch ({sent.note}); the next run looks it up."


def _line_size(request: Request) -> int:
    """The most bytes that a request takes in a batch file, where every character may be escaped."""
    parts = [request.instructions, request.content, request.form.json_schema if request.form else ""]
    return len(json.dumps(parts)) + _LINE


async def collect(parts: Parts, llm: LlmParts) -> Collected:
    """Take in what was answered, and bring interrupted submissions to their end. Cheap when nothing is open."""
    async with parts.store.unit() as unit:
        if not await unit.batches.unsettled():
            return Collected()
    tally = Tally()
    async with parts.store.exclusive(LOCK):
        async with parts.store.unit() as unit:
            unsettled = await unit.batches.unsettled()
        for batch in unsettled:
            try:
                await _advance(parts, llm, batch=batch, tally=tally)
            except EarshotError as error:
                tally.problems.append(f"Batch {batch.id[:8]}: {error}")
                tally.stuck |= not isinstance(error, Transient)
        await llm.ledger.flush()
    return await _told(parts, tally)


async def _advance(parts: Parts, llm: LlmParts, *, batch: ReadingBatch, tally: Tally) -> None:
    desk = _desk(parts, llm, batch=batch)
    batch = await resume(desk, batch)
    if batch.status in {BatchStatus.RUNNING, BatchStatus.ENDED}:
        await gather(desk, batch, tally=tally)


def _desk(parts: Parts, llm: LlmParts, *, batch: ReadingBatch) -> Desk:
    if llm.batch is None or llm.batch.provider != batch.provider:
        raise Rejected(
            f"it is at {batch.provider}, which the settings do not name any more",
            hint=f'Set [llm] provider = "{batch.provider}" until it is collected.',
        )
    return Desk(parts, llm, llm.batch)


async def _told(parts: Parts, tally: Tally) -> Collected:
    async with parts.store.unit() as unit:
        left = await unit.batches.unsettled()
    return Collected(
        batches=tally.batches,
        read=tally.read,
        unread=tally.unread,
        released=tally.released,
        changed=tally.changed,
        duplicates=tally.duplicates,
        unknown=tally.unknown,
        open=len(left),
        waiting=sum(batch.entries for batch in left),
        problems=tuple(tally.problems),
        stuck=tally.stuck,
    )


async def wait(parts: Parts, llm: LlmParts) -> Collected:
    """Collect until no batch is open, with longer and longer pauses; a problem that stays ends it earlier."""
    total = await collect(parts, llm)
    step = parts.progress.step("Waiting for batches", total.waiting)
    pause, waiting = FIRST_WAIT, total.waiting
    while total.open and not total.stuck:
        await parts.clock.sleep(pause)
        pause = min(pause * 1.5, LONGEST_WAIT)
        total = added(total, await collect(parts, llm))
        step.advance(waiting - total.waiting)
        waiting = total.waiting
    step.done()
    return total


def added(one: Collected, other: Collected) -> Collected:
    """What two collections brought together; how things stand now is told by the other, later one."""
    sums = {
        name: getattr(one, name) + getattr(other, name)
        for name in ("batches", "read", "unread", "released", "changed", "duplicates", "unknown")
    }
    return other.model_copy(update=sums)


async def cancel(parts: Parts, llm: LlmParts, *, batch_id: str) -> ReadingBatch:
    """Stop a batch. What is done already is charged and still collected; the rest is read anew.

    `batch_id` may be the beginning of an id. One that the provider no longer has is given up.
    """
    async with parts.store.exclusive(LOCK):
        batch = await find(parts, batch_id)
        if not is_open(batch):
            return batch
        desk = _desk(parts, llm, batch=batch)
        if batch.status is BatchStatus.PREPARED:
            return await withdraw(desk, batch)
        batch = await recover(desk, batch) if batch.status is BatchStatus.SUBMITTING else batch
        if batch.status is BatchStatus.PREPARED:
            return await withdraw(desk, batch)
        if batch.handle is None:
            raise Rejected("It is not known yet whether the provider holds it.", hint="Try again in a minute.")
        return await _cancel(desk, batch, handle=batch.handle)


async def _cancel(desk: Desk, batch: ReadingBatch, *, handle: str) -> ReadingBatch:
    try:
        if (await desk.model.look(handle)).ended:
            return batch
        state = await desk.model.cancel(handle)
    except NotFound:
        note = "given up by a person: the provider no longer has it"
        return await close(desk, batch, note=note, tally=Tally(), status=BatchStatus.ABANDONED)
    return await desk.save(batch.model_copy(update={"handle": state.handle, "note": "cancelled by a person"}))


async def find(parts: Parts, batch_id: str) -> ReadingBatch:
    """The batch with that id, or the only one that begins so."""
    async with parts.store.unit() as unit:
        exact = await unit.batches.get(batch_id)
        recent = await unit.batches.latest(1000) if exact is None else []
    found = [exact] if exact else [batch for batch in recent if batch_id and batch.id.startswith(batch_id)]
    if len(found) != 1:
        raise NotFound(
            f"There is no batch {batch_id!r}." if not found else f"Several batches begin with {batch_id!r}.",
            hint="`earshot batches` lists them.",
        )
    return found[0]


def is_open(batch: ReadingBatch) -> bool:
    """Whether a provider's batch still holds conversations."""
    return batch.mode is Mode.BATCH and batch.status not in {BatchStatus.COLLECTED, BatchStatus.ABANDONED}
