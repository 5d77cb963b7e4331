"""Announcements of jobs: the first at once, those that come thick and fast once."""

import asyncio

from earshot.store.jobs.polling import Gathering

CHANGED = '{"type": "table_changed_event"}'


async def test_what_comes_thick_and_fast_is_told_once_more() -> None:
    told: list[str] = []
    again = asyncio.Event()

    def tell(news: str | bytes | bytearray) -> None:
        told.append(str(news))
        if len(told) == 2:
            again.set()

    gathering = Gathering(tell, seconds=0.05)
    gathering.hear(CHANGED)
    assert told == [CHANGED], "the first one is told at once"
    for _ in range(9):
        gathering.hear(CHANGED)
    assert told == [CHANGED]
    async with asyncio.timeout(10):
        await again.wait()
    assert told == [CHANGED, CHANGED], "none is swallowed for good"


async def test_what_tells_more_than_that_something_changed_is_told_at_once() -> None:
    told: list[str | bytes | bytearray] = []
    gathering = Gathering(told.append, seconds=3600)
    gathering.hear(CHANGED)
    gathering.hear('{"type": "cancellation_event"}')
    assert told == [CHANGED, '{"type": "cancellation_event"}']
