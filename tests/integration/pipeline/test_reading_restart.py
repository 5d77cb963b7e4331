"""The database restarts between an answer and its saving: what was paid for is saved, not asked again."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from earshot.domain.conversation import Conversation
from earshot.errors import Transient
from earshot.pipeline.clashes import RESTARTS
from earshot.pipeline.reading import streaming
from earshot.pipeline.reading.classify import classify_with
from earshot.pipeline.reading.keeping import Answered, Sorted, keep
from earshot.pipeline.reading.sharing import Shares
from earshot.ports.reader import Read
from earshot.ports.store import Unit
from earshot.store import PostgresStore
from tests.away import Restarting
from tests.integration.pipeline.test_reading_together import COUNT, IDS, Slow, filled, parts_of, pending

__all__ = ["filled"]
TRIES = len(RESTARTS) + 1


class Outage(Slow):
    """Answers, and then the database is away for some transactions, once."""

    def __init__(self, store: Restarting, *, length: int) -> None:
        super().__init__()
        self._database, self._length = store, length

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        found = await super().read(conversations)
        self._database.away, self._length = self._length, 0
        return found


async def judged(ids: Sequence[str]) -> None:
    """Nothing is decided here."""


@pytest.mark.parametrize("length", [1, TRIES - 1])
async def test_one_conversation_is_asked_about_once(filled: PostgresStore, length: int) -> None:
    database: Any = Restarting(filled)
    reader = Outage(database, length=length)
    shares = Shares(parts_of(database, reader), judge=judged, stop=asyncio.Event())
    await shares.serve(f"conversation/{IDS[7]}/1")
    assert reader.seen == [IDS[7]]
    assert await pending(filled) == COUNT - 1
    async with filled.unit() as unit:
        assert await unit.conversations.leased(now=parts_of(filled, reader).clock.now()) == 0


async def test_a_database_that_stays_away_is_told(filled: PostgresStore) -> None:
    database: Any = Restarting(filled)
    reader = Outage(database, length=TRIES)
    shares = Shares(parts_of(database, reader), judge=judged, stop=asyncio.Event())
    with pytest.raises(Transient):
        await shares.serve(f"conversation/{IDS[7]}/1")
    assert await pending(filled) == COUNT


async def test_a_backlog_is_asked_about_once(filled: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter(range(3))

    async def lost(unit: Unit, answers: Sequence[Answered], *, now: datetime) -> Sorted:
        if next(failures, None) is not None:
            raise Transient("the connection to the database was lost")
        return await keep(unit, answers, now=now)

    monkeypatch.setattr(streaming, "keep", lost)
    reader = Slow()
    done = await classify_with(parts_of(filled, reader), reader)
    assert sorted(reader.seen) == IDS
    assert done.read == COUNT
    assert next(failures, None) is None, "the database was away"
