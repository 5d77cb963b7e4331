"""The part of the database's socket that language models need: what is to be read, calls, batches, summaries."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from earshot.domain.batch import BatchEntry, ReadingBatch
from earshot.domain.call import Call
from earshot.domain.insight import Stage
from earshot.domain.model import Noun


class Want(Noun):
    """Which conversations are to be read. Without more: those whose present text nobody has read.

    `stage`: labels are wanted (a full reading also counts) or full readings (labels do not count).
    `provisional_before`: also those read by a stand-in before that moment, but where the real reader has tried in
    vain. `again_before`: also those whose insight is older than that moment, whoever read them, narrowed by
    `only_classifier` and `not_prompt` (read with another prompt hash). `unread_before`: also those that nobody, or
    only a stand-in, could read then. `skip`: never these ids (under way).
    `only`: none but these ids (empty: any).
    Conversations that wait in an open batch are never given.
    """

    stage: Stage = Stage.FULL
    provisional_before: datetime | None = None
    unread_before: datetime | None = None
    again_before: datetime | None = None
    only_classifier: str | None = None
    not_prompt: str | None = None
    skip: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


DEFAULT_WANT = Want()


class Pace(Noun):
    """A provider's limits for one model, shared by all processes; None is no limit."""

    key: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class Opening(Noun):
    """A call about to be made, and the tokens it counts for in the rate limit."""

    call: Call
    tokens: int


class Spending(Noun):
    """What calls cost in one group. `usd` sums known costs, `bound_usd` the bounds of calls whose answer was lost.

    `unpriced` counts calls with usage but without a price. `conversations` are distinct; `read` are those whose
    first reading of the day is in this group, so that its sum over groups counts a conversation once a day, however
    many models read it. `latency_ms` is the median of answered calls, where the store computes it. `under_way` ones
    have not ended yet and are in no other figure but `calls`; `under_way_usd` is what they can cost at most.
    """

    day: str
    provider: str
    model: str
    tier: str
    purpose: str
    mode: str
    calls: int
    failed: int
    lost: int
    unpriced: int
    conversations: int
    read: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    usd: float
    bound_usd: float
    latency_ms: int | None = None
    under_way: int = 0
    under_way_usd: float = 0.0


class Calls(Protocol):
    """The ledger's rows, the budget that is spent and the pace that is kept; every process sees the same."""

    async def open(
        self, openings: Sequence[Opening], *, pace: Pace, day: str, day_budget: float | None
    ) -> list[float | None]:
        """Book calls as started; for each the seconds to wait for its turn, None when the day's budget refuses it.

        A refused call is not booked. What is reserved is the call's bound.
        """
        ...

    async def close(self, calls: Sequence[Call]) -> None:
        """Book how calls ended, by id (a call not opened before is inserted); reserves become costs.

        Closing a call again changes nothing.
        """
        ...

    async def pause(self, key: str, *, seconds: float) -> None:
        """Let nothing of this pace start earlier than so many seconds from now."""
        ...

    async def turns(self, key: str, count: int, *, interval: float, slack: float) -> float:
        """Take so many turns of a pace, one per interval, at most `slack` seconds early; seconds to the first."""
        ...

    async def spent(self, day: str) -> float:
        """What the day's calls cost, with the bounds of those that are under way or lost."""
        ...

    async def consented(self, provider: str) -> bool:
        """Whether a person agreed to spend money with a provider."""
        ...

    async def consent(self, provider: str, *, now: datetime) -> None:
        """Note that a person agreed."""
        ...

    async def spending(self, since: datetime | None, until: datetime | None, *, zone: str) -> list[Spending]:
        """What was spent, by day (in a time zone), provider, model, tier, purpose and mode."""
        ...

    async def per_conversation(self, ids: Sequence[str]) -> dict[str, float]:
        """What the calls for these conversations cost, US dollars; unknown prices are left out."""
        ...

    async def dearest(self, since: datetime | None, *, limit: int) -> list[tuple[str, int, float]]:
        """The conversations that cost most: id, calls, US dollars."""
        ...

    def export(self) -> AsyncIterator[Sequence[Call]]:
        """All calls in batches, oldest first."""
        ...


class Batches(Protocol):
    """Batches at providers and in files, and their entries."""

    async def claim(self, batch: ReadingBatch, entries: Sequence[BatchEntry]) -> list[BatchEntry]:
        """Store a batch with those entries whose conversation no other open batch holds; the entries kept.

        A batch of mode FILE claims nothing and keeps all; an entry that is there already becomes its own, waiting.
        """
        ...

    async def save(self, batch: ReadingBatch) -> None:
        """Store how a batch stands."""
        ...

    async def unsettled(self) -> list[ReadingBatch]:
        """Batches of mode BATCH that are neither collected nor abandoned, oldest first."""
        ...

    async def get(self, batch_id: str) -> ReadingBatch | None:
        """One batch."""
        ...

    async def latest(self, limit: int) -> list[ReadingBatch]:
        """The newest batches of any state."""
        ...

    async def entries(self, batch_id: str) -> list[BatchEntry]:
        """The entries of a batch, by id."""
        ...

    async def find(self, entry_ids: Sequence[str]) -> dict[str, BatchEntry]:
        """Entries of any batch by their ids."""
        ...

    async def settle(self, entries: Sequence[BatchEntry]) -> list[str]:
        """Store the new states of waiting entries; the ids that were waiting until now (others are left)."""
        ...


class Summaries(Protocol):
    """Summaries of long conversations by the key of what they summarise."""

    async def get(self, key: str) -> str | None:
        """A stored summary."""
        ...

    async def save(
        self, key: str, conversation_id: str, *, text: str, now: datetime, content_hash: str | None = None
    ) -> None:
        """Keep a summary; it goes away with its conversation, and with any change of its text.

        Nothing is kept when the conversation is not held, or when its text is no longer that of `content_hash`.
        """
        ...
