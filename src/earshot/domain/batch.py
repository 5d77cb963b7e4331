"""A batch of requests that a provider answers within a day, and its entries; both are rows that survive us."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.call import Mode, Tier
from earshot.domain.model import Noun


class BatchStatus(StrEnum):
    """Where a batch stands. SUBMITTING: it was about to be sent; the provider may or may not hold it."""

    PREPARED = "prepared"
    SUBMITTING = "submitting"
    RUNNING = "running"
    ENDED = "ended"
    COLLECTED = "collected"
    ABANDONED = "abandoned"


class EntryState(StrEnum):
    """Where one request of a batch stands. RELEASED: not answered, its conversation is to be read anew."""

    WAITING = "waiting"
    ANSWERED = "answered"
    RELEASED = "released"


class ReadingBatch(Noun):
    """Requests that travel together. `handle` is the provider's, as JSON, None until it is known.

    Batches of mode FILE are written to a file for somebody else to answer; they claim nothing.
    """

    id: str
    mode: Mode = Mode.BATCH
    provider: str
    model: str
    tier: Tier
    status: BatchStatus = BatchStatus.PREPARED
    handle: str | None = None
    entries: int = 0
    created_at: datetime
    submitting_at: datetime | None = None
    submitted_at: datetime | None = None
    ended_at: datetime | None = None
    note: str | None = None


class BatchEntry(Noun):
    """One request of a batch. `id` is its custom id at the provider and its call's id in the ledger.

    The request itself is not kept: it is built again from the stored conversation, whose `content_hash` tells
    whether it is still the same text.
    """

    id: str
    batch_id: str
    conversation_id: str
    content_hash: str
    prompt_version: str
    prompt_hash: str
    state: EntryState = EntryState.WAITING
    note: str | None = None
