"""A store in memory that dies where a test says so: a transaction is there after its commit, or not at all."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from earshot.domain.batch import BatchEntry, BatchStatus, EntryState, ReadingBatch
from earshot.domain.call import Call, Mode, Outcome
from earshot.domain.conversation import Conversation
from earshot.domain.insight import FirstLabels, Insight, Unread
from earshot.ports.store import DEFAULT_WANT, Opening, Pace, Want

_CLOSED = {BatchStatus.COLLECTED, BatchStatus.ABANDONED}


class Killed(BaseException):
    """kill -9."""


@dataclass
class Fate:
    """Counts the moments of a process and ends it at the one that is set."""

    at: int | None = None
    passed: int = 0

    def moment(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed


@dataclass
class Rows:
    conversations: dict[str, Conversation] = field(default_factory=dict[str, Conversation])
    insights: dict[str, Insight] = field(default_factory=dict[str, Insight])
    labels: dict[str, FirstLabels] = field(default_factory=dict[str, FirstLabels])
    unread: dict[str, Unread] = field(default_factory=dict[str, Unread])
    calls: dict[str, Call] = field(default_factory=dict[str, Call])
    batches: dict[str, ReadingBatch] = field(default_factory=dict[str, ReadingBatch])
    entries: dict[str, BatchEntry] = field(default_factory=dict[str, BatchEntry])
    leases: dict[str, tuple[str, datetime]] = field(default_factory=dict[str, tuple[str, datetime]])
    read_twice: int = 0

    def fork(self) -> "Rows":
        other = copy(self)
        for name, value in vars(self).items():
            setattr(other, name, copy(value))
        return other

    def held(self, conversation_id: str) -> str | None:
        """The content hash that an open batch holds of a conversation."""
        for entry in self.entries.values():
            batch = self.batches[entry.batch_id]
            is_open = batch.mode is Mode.BATCH and batch.status not in _CLOSED
            if entry.conversation_id == conversation_id and entry.state is EntryState.WAITING and is_open:
                return entry.content_hash
        return None


class MemoryConversations:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def pending(self, limit: int, *, want: Want = DEFAULT_WANT) -> list[Conversation]:
        rows = self._rows
        found = [
            c
            for c in rows.conversations.values()
            if c.id not in want.skip and rows.held(c.id) != c.content_hash and self._to_read(c, want)
        ]
        return found[:limit]

    def _to_read(self, conversation: Conversation, want: Want) -> bool:
        rows, key = self._rows, conversation.id
        known = {
            one.content_hash for one in (rows.insights.get(key), rows.labels.get(key), rows.unread.get(key)) if one
        }
        return conversation.content_hash not in known or want.again_before is not None

    async def count_pending(self, *, want: Want = DEFAULT_WANT) -> int:
        return len(await self.pending(10**9, want=want))

    async def lease(
        self, limit: int, *, want: Want = DEFAULT_WANT, worker: str, until: datetime, now: datetime
    ) -> list[Conversation]:
        leases = self._rows.leases
        taken = {key for key, (_, ends) in leases.items() if ends > now}
        found = [one for one in await self.pending(10**9, want=want) if one.id not in taken][:limit]
        leases |= {one.id: (worker, until) for one in found}
        return found

    async def renew(self, worker: str, ids: Sequence[str], *, until: datetime) -> list[str]:
        mine = [key for key in ids if self._rows.leases.get(key, ("", until))[0] == worker]
        self._rows.leases |= dict.fromkeys(mine, (worker, until))
        return mine

    async def release(self, worker: str, ids: Sequence[str]) -> int:
        mine = [key for key in ids if self._rows.leases.get(key, ("", None))[0] == worker]
        for key in mine:
            del self._rows.leases[key]
        return len(mine)

    async def leased(self, *, now: datetime, without: str = "") -> int:
        return sum(worker != without and ends > now for worker, ends in self._rows.leases.values())

    async def get(self, ids: Sequence[str]) -> list[Conversation]:
        return [self._rows.conversations[key] for key in ids if key in self._rows.conversations]


class MemoryInsights:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def save(
        self, insights: Sequence[Insight], unread: Sequence[Unread], *, labels: Sequence[FirstLabels] = ()
    ) -> None:
        for one in insights:
            before = self._rows.insights.get(one.conversation_id)
            self._rows.read_twice += before is not None and before.content_hash == one.content_hash
            self._rows.insights[one.conversation_id] = one
            self._rows.unread.pop(one.conversation_id, None)
        self._rows.unread |= {one.conversation_id: one for one in unread}
        self._rows.labels |= {one.conversation_id: one for one in labels}


class MemoryCalls:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def open(
        self, openings: Sequence[Opening], *, pace: Pace, day: str, day_budget: float | None
    ) -> list[float | None]:
        answers: list[float | None] = []
        for opening in openings:
            bound = opening.call.bound_usd or 0.0
            if day_budget is not None and self.spent_now() + bound > day_budget:
                answers.append(None)
                continue
            assert opening.call.id not in self._rows.calls, "booked twice"
            self._rows.calls[opening.call.id] = opening.call
            answers.append(0.0)
        return answers

    def spent_now(self) -> float:
        return sum(map(counts, self._rows.calls.values()))

    async def close(self, calls: Sequence[Call]) -> None:
        for call in calls:
            opened = self._rows.calls.get(call.id)
            if opened is None:
                self._rows.calls[call.id] = call
            elif opened.outcome is Outcome.STARTED:
                self._rows.calls[call.id] = call.model_copy(update={"bound_usd": opened.bound_usd})


def counts(call: Call) -> float:
    """What a call counts for in a budget: its cost, or its bound while that is not known."""
    if call.cost_usd is not None:
        return call.cost_usd
    return (call.bound_usd or 0.0) if call.outcome in {Outcome.STARTED, Outcome.LOST} else 0.0


class MemoryBatches:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def claim(self, batch: ReadingBatch, entries: Sequence[BatchEntry]) -> list[BatchEntry]:
        claims = batch.mode is Mode.BATCH
        kept = [e for e in entries if not (claims and self._rows.held(e.conversation_id))]
        self._rows.batches[batch.id] = batch
        self._rows.entries |= {entry.id: entry for entry in kept}
        return kept

    async def save(self, batch: ReadingBatch) -> None:
        self._rows.batches[batch.id] = batch

    async def unsettled(self) -> list[ReadingBatch]:
        return [b for b in self._rows.batches.values() if b.mode is Mode.BATCH and b.status not in _CLOSED]

    async def get(self, batch_id: str) -> ReadingBatch | None:
        return self._rows.batches.get(batch_id)

    async def latest(self, limit: int) -> list[ReadingBatch]:
        return list(self._rows.batches.values())[::-1][:limit]

    async def entries(self, batch_id: str) -> list[BatchEntry]:
        return [entry for entry in self._rows.entries.values() if entry.batch_id == batch_id]

    async def find(self, entry_ids: Sequence[str]) -> dict[str, BatchEntry]:
        return {key: self._rows.entries[key] for key in entry_ids if key in self._rows.entries}

    async def settle(self, entries: Sequence[BatchEntry]) -> list[str]:
        waited = [e for e in entries if self._rows.entries[e.id].state is EntryState.WAITING]
        self._rows.entries |= {entry.id: entry for entry in waited}
        return [entry.id for entry in waited]


class MemoryUnit:
    """One transaction on a copy of the rows."""

    def __init__(self, store: "MemoryStore") -> None:
        self._store = store
        self._rows = store.rows.fork()
        self.conversations = MemoryConversations(self._rows)
        self.insights = MemoryInsights(self._rows)
        self.calls = MemoryCalls(self._rows)
        self.batches = MemoryBatches(self._rows)

    async def commit(self) -> None:
        self._store.fate.moment()
        self._store.rows = self._rows
        self._store.fate.moment()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass


@dataclass
class MemoryStore:
    fate: Fate
    rows: Rows = field(default_factory=Rows)
    locked: bool = False

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self)

    @asynccontextmanager
    async def exclusive(self, name: str) -> AsyncGenerator[bool]:
        assert name == "batches"
        assert not self.locked, "two at once"
        self.locked = True
        try:
            yield False
        finally:
            self.locked = False


@dataclass
class Hands:
    """A clock that a test moves."""

    moment: datetime
    slept: float = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
