"""Several readings over one backlog: each conversation is read by one of them, whatever happens to the others."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from earshot.domain.conversation import Conversation
from earshot.domain.insight import Stage
from earshot.domain.job import JobName, Lane, WorkerSign
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.classify import classify_with
from earshot.pipeline.reading.holding import Holding
from earshot.pipeline.reading.inviting import helpers, invite
from earshot.pipeline.reading.sharing import Shares
from earshot.pipeline.reading.streaming import Classified, Course, Stream
from earshot.pipeline.serving import WorkerSettings
from earshot.ports.jobs import Later
from earshot.ports.progress import Silent
from earshot.ports.reader import Read
from earshot.ports.store import Want
from earshot.store import PostgresStore
from tests.integration.store.store_samples import arrival, conversation, insight

NOW = datetime(2026, 3, 2, tzinfo=UTC)
COUNT = 60
TALKS = [conversation(number, f"The export stops half way, case {number}.") for number in range(1, COUNT + 1)]
IDS = sorted(one.id for one in TALKS)


class Slow:
    """Reads four at a time; `gate` holds its answers back. `seen` are the ids it was asked about."""

    name, stage, batch, parallel = "slow", Stage.FULL, 1, 4

    def __init__(self, *, gate: asyncio.Event | None = None) -> None:
        self.seen: list[str] = []
        self._gate = gate

    async def read(self, conversations: Sequence[Conversation]) -> list[Read]:
        self.seen += [one.id for one in conversations]
        await asyncio.sleep(0)
        if self._gate is not None:
            await self._gate.wait()
        found = [insight(one) for one in conversations]
        return [
            Read(conversation_id=one.conversation_id, reading=one.reading, provenance=one.provenance)
            for one in found
        ]


class Moved:
    """The system's clock, moved on by hand."""

    def __init__(self) -> None:
        self.by = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.by)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self.by

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))


def nothing(*_: object) -> Any:
    """Stands for parts that these tests do not need."""
    raise AssertionError("not needed here")


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something has happened."""
    for _ in range(3000):
        if happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def parts_of(store: PostgresStore, reader: Slow, *, clock: Moved | None = None, lease: float = 60.0) -> Parts:
    return Parts(
        store=store,
        make_source=nothing,
        make_reader=lambda _: reader,
        make_rules=nothing,
        read_file=nothing,
        workers=WorkerSettings(lease_seconds=lease, share=10),
        clock=clock or Moved(),
    )


@pytest.fixture
async def filled(store: PostgresStore) -> PostgresStore:
    """A store in which conversations wait."""
    async with store.unit() as unit:
        await unit.conversations.save([arrival(one) for one in TALKS], now=NOW)
        await unit.commit()
    return store


async def pending(store: PostgresStore) -> int:
    async with store.unit() as unit:
        return await unit.conversations.count_pending()


async def test_two_readings_at_once_read_each_conversation_once(filled: PostgresStore) -> None:
    readers = [Slow(), Slow()]
    done: list[Classified] = await asyncio.gather(*(classify_with(parts_of(filled, one), one) for one in readers))
    assert sorted(readers[0].seen + readers[1].seen) == IDS
    assert sum(one.read for one in done) == COUNT
    assert await pending(filled) == 0
    async with filled.unit() as unit:
        assert await unit.conversations.leased(now=NOW) == 0


async def test_a_run_waits_for_what_others_read(filled: PostgresStore) -> None:
    gate, own = asyncio.Event(), Slow()
    helper = Slow(gate=gate)
    other = asyncio.create_task(_help(parts_of(filled, helper), most=8))
    await until(lambda: len(helper.seen) >= helper.parallel)
    run = asyncio.create_task(classify_with(parts_of(filled, own), own))
    await until(lambda: len(own.seen) == COUNT - 8)
    assert not run.done()
    gate.set()
    await asyncio.gather(other, run)
    assert await pending(filled) == 0
    assert not set(own.seen) & set(helper.seen)


async def test_what_a_dead_reader_held_is_read_after_its_time(filled: PostgresStore) -> None:
    clock, own = Moved(), Slow()
    dead = Holding(parts_of(filled, own, clock=clock))
    held = await dead.take(5, want=Want())
    assert len(held) == 5
    run = asyncio.create_task(classify_with(parts_of(filled, own, clock=clock), own))
    await until(lambda: len(own.seen) == COUNT - 5)
    clock.by += 61
    assert (await run).read == COUNT


async def test_who_stood_still_begins_nothing_that_others_took(filled: PostgresStore) -> None:
    clock = Moved()
    parts = parts_of(filled, Slow(), clock=clock)
    async with Holding(parts) as frozen, Holding(parts) as other:
        held = await frozen.take(6, want=Want())
        clock.by += 61
        taken = await other.take(4, want=Want())
        assert [one.id for one in taken] == [one.id for one in held[:4]]
        assert [one.id for one in await frozen.still(held)] == [one.id for one in held[4:]]


async def _help(parts: Parts, *, most: int) -> None:
    course = Course(Want(), lambda _: None, most=most, to_the_end=False)
    await Stream(parts, parts.make_reader("auto"), course=course, step=Silent().step("")).run()


async def sign(store: PostgresStore, *lanes: Lane, now: datetime) -> None:
    async with store.unit() as unit:
        for number, lane in enumerate(lanes):
            await unit.jobs.sign(
                WorkerSign(
                    id=f"w{number}", host="h", pid=number, lane=lane, version="1", started_at=now, seen_at=now
                )
            )
        await unit.commit()


async def waiting_jobs(store: PostgresStore) -> int:
    async with store.unit() as unit:
        return {queue.name: queue.waiting for queue in await unit.jobs.queues()}[JobName.READ]


async def test_as_many_are_asked_as_work_in_the_background(filled: PostgresStore) -> None:
    parts = parts_of(filled, Slow())
    await sign(filled, Lane.LIVE, Lane.BACKGROUND, Lane.BACKGROUND, now=parts.clock.now())
    want = Want(provisional_before=NOW)
    for expected in (2, 0):
        async with filled.unit() as unit:
            assert await invite(unit, parts=parts, want=want) == expected, "nobody is asked twice"
            await unit.commit()
    async with helpers(parts, want=None):
        await asyncio.sleep(0)
    assert await waiting_jobs(filled) == 2


async def test_for_little_nobody_is_asked(filled: PostgresStore) -> None:
    reader = Slow()
    parts = parts_of(filled, reader)
    await sign(filled, Lane.BACKGROUND, now=parts.clock.now())
    async with Holding(parts) as mine:
        await mine.take(COUNT - 10, want=Want())
        async with filled.unit() as unit:
            assert await invite(unit, parts=parts, want=Want()) == 0


async def test_what_held_is_freed_without_a_look_for_garbage(filled: PostgresStore) -> None:
    """Workers look rarely, and hold something for each conversation."""
    parts = parts_of(filled, Slow())
    gc.disable()
    try:
        async with Holding(parts) as mine:
            await mine.take(1, want=Want())
            held = weakref.ref(mine)
        del mine
        await asyncio.sleep(0)
        assert held() is None
    finally:
        gc.enable()


async def test_a_worker_reads_one_conversation_and_has_it_judged(filled: PostgresStore) -> None:
    judged: list[str] = []

    async def judge(ids: Sequence[str]) -> None:
        judged.extend(ids)

    reader = Slow()
    shares = Shares(parts_of(filled, reader), judge=judge, stop=asyncio.Event())
    await shares.serve(f"conversation/{IDS[7]}/3")
    await shares.serve(f"conversation/{IDS[7]}/4")
    await shares.serve("conversation/unknown/1")
    assert reader.seen == judged == [IDS[7]]


async def test_a_worker_helps_until_nothing_is_left_or_it_stops(filled: PostgresStore) -> None:
    async def judge(_: Sequence[str]) -> None:
        raise AssertionError("the one who asked judges")

    gate, stop = asyncio.Event(), asyncio.Event()
    reader = Slow(gate=gate)
    shares = Shares(parts_of(filled, reader), judge=judge, stop=stop)
    key = f"backlog/{NOW.isoformat()}/1"
    first = asyncio.create_task(shares.serve(key))
    await until(lambda: len(reader.seen) >= reader.parallel)
    with pytest.raises(Later):
        await shares.serve(f"backlog/{NOW.isoformat()}/2")
    stop.set()
    gate.set()
    with pytest.raises(Later):
        await first
    begun = len(reader.seen)
    assert begun <= 2 * reader.parallel, "what was under way is finished, no more"
    assert await pending(filled) == COUNT - begun
    stop.clear()
    await shares.serve(key)
    assert await pending(filled) == 0
