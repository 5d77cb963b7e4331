"""A store of doubts, verdicts and conversations in memory, and tasks over a scripted model."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from earshot.domain.call import Purpose
from earshot.domain.conversation import Conversation
from earshot.domain.grouping import Decider, Doubt, Verdict
from earshot.pipeline.parts import Parts
from earshot.pipeline.tasks import Tasks
from earshot.pipeline.tasks.tasks import Wording
from earshot.ports.progress import Silent
from earshot.ports.store import Store
from tests.unit.classify.llm.standins import Book, Scripted, Time, booked


@dataclass
class Memory:
    """What the store holds; also its own unit of work, whose changes count at once."""

    open: dict[str, Doubt] = field(default_factory=dict[str, Doubt])
    kept: dict[tuple[str, str], Verdict] = field(default_factory=dict[tuple[str, str], Verdict])
    talks: dict[str, Conversation] = field(default_factory=dict[str, Conversation])

    @asynccontextmanager
    async def unit(self) -> "AsyncGenerator[Memory]":
        yield self

    @property
    def themes(self) -> "Memory":
        return self

    @property
    def conversations(self) -> "Memory":
        return self

    async def commit(self) -> None:
        """Nothing is left to do."""

    async def get(self, ids: Sequence[str]) -> list[Conversation]:
        return [self.talks[name] for name in ids if name in self.talks]

    async def doubts(self, limit: int) -> list[Doubt]:
        return list(self.open.values())[:limit]

    async def verdicts(self, ones: Sequence[str] | None = None) -> list[Verdict]:
        return [v for v in self.kept.values() if ones is None or v.one in ones]

    async def judge(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            before = self.kept.get((verdict.one, verdict.other))
            if before is None or before.decided_by is not Decider.PERSON:
                self.kept[verdict.one, verdict.other] = verdict

    async def ask(self, doubts: Sequence[Doubt]) -> None:
        self.open.update({doubt.digest: doubt for doubt in doubts})

    async def settle(self, digests: Sequence[str]) -> None:
        for digest in digests:
            self.open.pop(digest, None)


class Heard(Silent):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


@dataclass
class Desk:
    """A memory, a scripted model, a ledger, and the tasks over them."""

    model: Scripted
    memory: Memory = field(default_factory=Memory)
    ledger: Book = field(default_factory=Book)
    clock: Time = field(default_factory=Time)
    heard: Heard = field(default_factory=Heard)
    wording: Wording = field(default_factory=Wording)

    def add(self, *doubts: Doubt) -> None:
        self.memory.open.update({doubt.digest: doubt for doubt in doubts})

    @property
    def store(self) -> Store:
        return cast("Store", self.memory)

    @property
    def tasks(self) -> Tasks:
        def booker(_: Purpose) -> Any:
            return booked(self.model, self.ledger, clock=self.clock, attempts=2)

        return Tasks(self.store, booker, self.clock, self.heard, wording=self.wording, concurrency=4)

    @property
    def parts(self) -> Parts:
        def never(*_: Any) -> Any:
            raise AssertionError("not needed here")

        return Parts(
            store=self.store,
            make_source=never,
            make_reader=never,
            make_rules=never,
            read_file=never,
            clock=self.clock,
            progress=self.heard,
        )
