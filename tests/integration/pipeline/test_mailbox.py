"""Group commit of notifications over a real PostgreSQL: nothing is told kept before it is, come what may."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from earshot.domain.notification import Notification
from earshot.errors import Transient
from earshot.pipeline.live import mailbox as boxes
from earshot.pipeline.live.mailbox import Full, Mailbox, NotKept
from earshot.ports.clock import SystemClock
from earshot.store import PostgresStore, open_store
from tests.conftest import settings_for
from tests.mailboxes import Sabotaged, about, parts_with, writing
from tests.processes import Postgres


async def ids(store: PostgresStore) -> list[str]:
    async with store.unit() as unit:
        return sorted(await unit.sql.column("select id from inbox"))


async def jobs(store: PostgresStore) -> int:
    async with store.unit() as unit:
        return int(await unit.sql.value("select count(*) from earshot_jobs.pgqueuer where entrypoint = 'hear'"))


async def test_what_is_told_kept_is_there_with_its_job(store: PostgresStore) -> None:
    async with writing(Mailbox(parts_with(store))) as box:
        await box.put(about(1))
        assert (await ids(store), await jobs(store), box.waiting) == (["notif_1"], 1, 0)


async def test_many_at_once_share_commits_and_duplicates_are_one(store: PostgresStore) -> None:
    async with writing(Mailbox(parts_with(store))) as box:
        await asyncio.gather(*(box.put(about(n % 150, talk=str(n % 7))) for n in range(300)))
    assert len(await ids(store)) == 150
    assert await jobs(store) == 7
    async with store.unit() as unit:
        transactions = int(await unit.sql.value("select count(distinct xmin::text) from inbox"))
    assert transactions < 20


async def test_order_does_not_matter_to_two_mailboxes(store: PostgresStore) -> None:
    """Two receivers with the same notifications in other orders neither block each other for ever nor double."""
    async with writing(Mailbox(parts_with(store))) as one, writing(Mailbox(parts_with(store))) as other:
        await asyncio.gather(
            *(one.put(about(n, talk=str(n % 11))) for n in range(200)),
            *(other.put(about(n, talk=str(n % 11))) for n in reversed(range(200))),
        )
    assert len(await ids(store)) == 200


async def test_closing_writes_what_waits(store: PostgresStore) -> None:
    async with writing(Mailbox(parts_with(store))) as box:
        putting = asyncio.gather(*(box.put(about(n)) for n in range(50)))
        await asyncio.sleep(0)
        await box.close()
        with pytest.raises(Full):
            await box.put(about(99))
        await putting
    assert len(await ids(store)) == 50


async def test_a_database_that_hangs_is_not_waited_for() -> None:
    async def hang(_: Sequence[Notification]) -> None:
        await asyncio.Event().wait()

    box = Mailbox(parts_with(Sabotaged(None, hang)), patience=0.1)
    async with writing(box):
        began = asyncio.get_running_loop().time()
        found = await asyncio.gather(*(box.put(about(n)) for n in range(5)), return_exceptions=True)
        assert asyncio.get_running_loop().time() - began < 2
    assert [type(one) for one in found] == [NotKept] * 5
    assert box.waiting == 0


async def test_a_full_mailbox_refuses_at_once() -> None:
    release = asyncio.Event()

    async def hold(_: Sequence[Notification]) -> None:
        await release.wait()

    box = Mailbox(parts_with(Sabotaged(None, hold)), most=3)
    async with writing(box):
        putting = [asyncio.create_task(box.put(about(n))) for n in range(3)]
        await asyncio.sleep(0)
        assert box.full
        with pytest.raises(Full) as caught:
            await box.put(about(9))
        assert caught.value.retry_after
        release.set()
        await asyncio.gather(*putting)
    assert not box.full


async def test_a_short_absence_costs_nobody_anything(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "PAUSE", 0.0)
    failures = iter([True, True, True, False])

    async def away(_: Sequence[Notification]) -> None:
        if next(failures, False):
            raise Transient("the connection to the database was lost")

    async with writing(Mailbox(parts_with(Sabotaged(store, away)))) as box:
        await asyncio.gather(*(box.put(about(n)) for n in range(10)))
    assert len(await ids(store)) == 10


async def test_one_that_cannot_be_kept_does_not_take_others_with_it(store: PostgresStore) -> None:
    async def poison(notifications: Sequence[Notification]) -> None:
        if any(one.id == "notif_3" for one in notifications):
            raise ValueError("the poison")

    async with writing(Mailbox(parts_with(Sabotaged(store, poison)))) as box:
        found = await asyncio.gather(*(box.put(about(n)) for n in range(10)), return_exceptions=True)
    assert [n for n, one in enumerate(found) if one is not None] == [3]
    assert isinstance(found[3], NotKept)
    assert "poison" not in str(found[3])
    assert len(await ids(store)) == 9


async def test_a_caller_who_leaves_does_not_disturb(store: PostgresStore) -> None:
    async with writing(Mailbox(parts_with(store))) as box:
        gone = asyncio.create_task(box.put(about(1)))
        await asyncio.sleep(0)
        gone.cancel()
        await box.put(about(2))
        with pytest.raises(asyncio.CancelledError):
            await gone
    assert "notif_2" in await ids(store)


async def test_a_killed_database_loses_nothing_that_was_told_kept(tmp_path: Path) -> None:
    """kill -9 of PostgreSQL in the middle of the stream, several times: what was told kept is there."""
    async with Postgres.started(tmp_path / "pg") as postgres:
        store = await open_store(settings_for(await postgres.create("one")), clock=SystemClock())
        told: list[str] = []

        async def put(box: Mailbox, number: int) -> None:
            try:
                await box.put(about(number, talk=str(number % 13)))
            except (NotKept, Full):
                return
            told.append(f"notif_{number}")

        async with writing(Mailbox(parts_with(store))) as box:
            for round_ in range(3):
                putting = [asyncio.create_task(put(box, round_ * 1000 + n)) for n in range(150)]
                for task in putting[: 20 * round_]:
                    await task
                await postgres.kill()
                await postgres.start()
                await asyncio.gather(*putting)
            await put(box, 9_999)
        held = await ids(store)
        await store.close()
    assert "notif_9999" in told
    assert set(told) <= set(held)
