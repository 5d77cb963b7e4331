"""What one answer of a batch or a file means: for its entry, its call in the ledger, and its conversation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from earshot.domain.batch import BatchEntry, EntryState, ReadingBatch
from earshot.domain.call import Call, Mode, Outcome
from earshot.domain.conversation import Conversation
from earshot.domain.insight import FirstLabels, Insight, Provenance, Unread
from earshot.errors import BadInput
from earshot.ports.model import Answer, BatchAnswer, Prices
from earshot.ports.store import Unit

if TYPE_CHECKING:  # prompts cost time to import, and only their types are named here
    from earshot.classify.llm.prompter import Prepared, Prompter, Understood

FAILED = "failed: "
"""How the note of an entry begins whose request or answer was no good; each such entry is one attempt."""
CHANGED = "the text changed or went away"
"""The note of an entry whose answer is about a text that is no longer there."""
_UNDONE = {Outcome.EXPIRED, Outcome.CANCELLED}
_LONGEST_NOTE = 300


@dataclass(frozen=True)
class Verdict:
    """What became of one entry. All of it is stored in one transaction, or nothing."""

    entry: BatchEntry
    call: Call
    insight: Insight | None = None
    labels: FirstLabels | None = None
    unread: Unread | None = None
    failed: bool = False


@dataclass(frozen=True)
class Judge:
    """Judges the answers of one batch. `name` is the classifier's name in insights."""

    prompter: "Prompter"
    batch: ReadingBatch
    prices: Prices | None
    now: datetime
    name: str

    def verdict(self, entry: BatchEntry, given: BatchAnswer, *, conversation: Conversation | None) -> Verdict:
        """What the answer to an entry means; a failed entry is given up, so that its text is tried again."""
        call = self._call(entry, given)
        answer = given.answer
        if answer is None and given.outcome in _UNDONE:
            return Verdict(entry=release(entry, given.outcome.value), call=call)
        if conversation is None or conversation.deleted or conversation.content_hash != entry.content_hash:
            return Verdict(entry=release(entry, CHANGED), call=call)
        if answer is None:
            return _failed(entry, call, reason=given.reason or given.outcome.value)
        try:
            prepared = self.prompter.prepare(conversation)
            understood = prepared.understand(answer)
        except BadInput as error:
            return _failed(entry, call, reason=str(error))
        call = call.model_copy(update={"outcome": understood.outcome})
        if understood.outcome is not Outcome.OK:
            return _failed(entry, call, reason=understood.reason or understood.outcome.value)
        return self._read(entry, call, prepared=prepared, answer=answer, understood=understood)

    def final(self, verdict: Verdict) -> Verdict:
        """The verdict on a failed entry whose text is not tried again: a person has to look at it."""
        entry = verdict.entry
        unread = Unread(
            conversation_id=entry.conversation_id,
            content_hash=entry.content_hash,
            reason=(entry.note or "").removeprefix(FAILED),
            attempted_at=self.now,
        )
        return replace(verdict, unread=unread)

    def _read(
        self,
        entry: BatchEntry,
        call: Call,
        *,
        prepared: "Prepared",
        answer: Answer,
        understood: "Understood",
    ) -> Verdict:
        conversation = prepared.conversation
        provenance = self._provenance(entry, call, answer=answer, shortened=prepared.shortened)
        entry = entry.model_copy(update={"state": EntryState.ANSWERED})
        known = {
            "conversation_id": conversation.id,
            "provenance": provenance,
            "customer_segment": conversation.customer.segment if conversation.customer else None,
            "content_hash": conversation.content_hash,
            "classified_at": self.now,
            "conversation_at": conversation.spoken_at,
            "times_known": conversation.times_known,
        }
        if understood.reading is None:
            return Verdict(
                entry=entry, call=call, labels=FirstLabels.model_validate({"labels": understood.labels, **known})
            )
        found = {
            "reading": understood.reading,
            "injection": understood.injection,
            "dropped_quotes": understood.dropped_quotes,
        }
        return Verdict(entry=entry, call=call, insight=Insight.model_validate({**found, **known}))

    def _provenance(self, entry: BatchEntry, call: Call, *, answer: Answer, shortened: bool) -> Provenance:
        usage = call.usage
        return Provenance(
            classifier=self.name,
            model=self.batch.model if self.batch.mode is Mode.BATCH else answer.model or self.batch.model,
            prompt_version=entry.prompt_version,
            prompt_hash=entry.prompt_hash,
            tier=self.batch.tier,
            shortened=shortened,
            input_tokens=usage.input_tokens if usage else None,
            output_tokens=usage.output_tokens if usage else None,
            cost_usd=call.cost_usd,
        )

    def _call(self, entry: BatchEntry, given: BatchAnswer) -> Call:
        usage = given.answer.usage if given.answer else None
        cost = None
        if usage is not None and self.prices is not None:
            batched = self.batch.mode is Mode.BATCH
            cost = self.prices.cost(self.batch.provider, self.batch.model, usage=usage, batch=batched)
        return call_of(self.batch, entry).model_copy(
            update={
                "outcome": given.outcome,
                "usage": usage,
                "cost_usd": cost.usd if cost else None,
                "price_date": cost.price_date if cost else None,
            }
        )


def _failed(entry: BatchEntry, call: Call, *, reason: str) -> Verdict:
    return Verdict(entry=release(entry, FAILED + reason), call=call, failed=True)


def call_of(batch: ReadingBatch, entry: BatchEntry) -> Call:
    """The call that an entry is in the ledger."""
    return Call(
        id=entry.id,
        provider=batch.provider,
        model=batch.model,
        tier=batch.tier,
        mode=batch.mode,
        conversation_id=entry.conversation_id,
        batch_id=batch.id,
        started_at=batch.submitting_at or batch.created_at,
    )


def release(entry: BatchEntry, note: str) -> BatchEntry:
    """The entry, given up: its conversation is to be read anew."""
    return entry.model_copy(update={"state": EntryState.RELEASED, "note": note[:_LONGEST_NOTE]})


async def keep(unit: Unit, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Store verdicts in a transaction that the caller commits; those whose entry was waiting until now.

    The others were settled before: their reading and their call are there already.
    """
    fresh = set(await unit.batches.settle([verdict.entry for verdict in verdicts]))
    kept = [verdict for verdict in verdicts if verdict.entry.id in fresh]
    await unit.insights.save(
        [verdict.insight for verdict in kept if verdict.insight],
        [verdict.unread for verdict in kept if verdict.unread],
        labels=[verdict.labels for verdict in kept if verdict.labels],
    )
    await unit.calls.close([verdict.call for verdict in kept])
    return kept
