"""What every part of batching works with, and what it counts."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from earshot.domain.batch import BatchEntry, EntryState, ReadingBatch
from earshot.domain.conversation import Conversation
from earshot.domain.model import Noun
from earshot.pipeline.llm_parts import LlmParts
from earshot.pipeline.parts import Parts
from earshot.ports.model import BatchModel

LOCK = "batches"
"""Only one process at a time sends or collects; it is another lock than the line's, which may be held already."""
GROUP = 500
"""Answers, or conversations, per transaction."""
GRACE = timedelta(seconds=60)
"""How long a provider may take to list a batch that it accepted, before we take it for not accepted."""
KEPT = timedelta(days=29)
"""How long providers keep results."""


class Submitted(Noun):
    """What a submission did. `unaffordable` conversations wait because a budget would be exceeded.

    `held`: conversations left out because somebody else holds them; one that was killed does so for seconds more.
    `online_only`: the chosen model takes no batches, so nothing was submitted.
    """

    batches: int = 0
    requests: int = 0
    unread: int = 0
    held: int = 0
    unaffordable: bool = False
    online_only: bool = False
    problem: str | None = None


class Collected(Noun):
    """What a collection brought. `open` batches are still under way, with so many `waiting` requests.

    `stuck`: one of the `problems` will not pass by itself.
    """

    batches: int = 0
    read: int = 0
    unread: int = 0
    released: int = 0
    changed: int = 0
    duplicates: int = 0
    unknown: int = 0
    open: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()
    stuck: bool = False


@dataclass
class Tally:
    """Counts while batches are collected."""

    batches: int = 0
    read: int = 0
    unread: int = 0
    released: int = 0
    changed: int = 0
    duplicates: int = 0
    unknown: int = 0
    problems: list[str] = field(default_factory=list[str])
    stuck: bool = False


@dataclass(frozen=True)
class Desk:
    """The parts, the model that takes batches, and what they both need."""

    parts: Parts
    llm: LlmParts
    model: BatchModel

    @property
    def now(self) -> datetime:
        """The current moment."""
        return self.parts.clock.now()

    @property
    def day(self) -> str:
        """The day whose budget is used."""
        return self.now.astimezone(ZoneInfo(self.llm.zone)).date().isoformat()

    async def save(self, batch: ReadingBatch) -> ReadingBatch:
        """Make durable how a batch stands."""
        async with self.parts.store.unit() as unit:
            await unit.batches.save(batch)
            await unit.commit()
        return batch

    async def waiting(self, batch: ReadingBatch) -> list[BatchEntry]:
        """The entries of a batch that are not settled."""
        async with self.parts.store.unit() as unit:
            entries = await unit.batches.entries(batch.id)
        return [entry for entry in entries if entry.state is EntryState.WAITING]

    async def conversations(self, entries: Sequence[BatchEntry]) -> dict[str, Conversation]:
        """The conversations of entries, those that exist, by id."""
        async with self.parts.store.unit() as unit:
            found = await unit.conversations.get([entry.conversation_id for entry in entries])
        return {conversation.id: conversation for conversation in found}

    async def breathe(self) -> None:
        """Let other work go on between two pieces of computing."""
        await asyncio.sleep(0)


def fresh_id() -> str:
    """An id that any provider takes as a custom id and that says nothing about anybody."""
    return uuid.uuid4().hex
