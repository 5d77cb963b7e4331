"""The inbox in real PostgreSQL: nothing twice, one turn at a time, nothing forgotten."""

import asyncio
from contextlib import suppress
from datetime import datetime

import pytest
from jobs_samples import LEASE, NOW, SECOND, notification, take

from earshot.domain.notification import Concern, Effect, Notification, Turn
from earshot.ports.jobs import Later
from earshot.store import PostgresStore


async def claim(store: PostgresStore, thing: str = "7", *, now: datetime = NOW) -> Turn | None:
    async with store.unit() as unit:
        turn = await unit.inbox.claim("intercom", Concern.CONVERSATION, external_id=thing, lease=LEASE, now=now)
        await unit.commit()
    return turn


async def settle(store: PostgresStore, turn: Turn, *, now: datetime = NOW) -> bool:
    async with store.unit() as unit:
        done = await unit.inbox.settle(turn, now=now)
        await unit.commit()
    return done


async def give_back(store: PostgresStore, turn: Turn, *, again_at: datetime | None, now: datetime = NOW) -> None:
    async with store.unit() as unit:
        await unit.inbox.give_back(turn, reason="the source is down", again_at=again_at, now=now)
        await unit.commit()


async def jobs(store: PostgresStore) -> dict[str, float]:
    """The waiting jobs' keys, and in how many seconds of the moment they were made they are due."""
    async with store.unit() as unit:
        rows = await unit.sql.rows(
            """select dedupe_key, extract(epoch from execute_after - created) as wait
            from earshot_jobs.pgqueuer order by id"""
        )
    return {row["dedupe_key"]: float(row["wait"]) for row in rows}


async def test_the_first_message_is_due_at_once_and_the_rest_joins_it(store: PostgresStore) -> None:
    assert await take(store, notification(1)) == 1
    assert await take(store, notification(2), notification(3), now=NOW + SECOND) == 2
    assert await jobs(store) == {"hear:intercom/conversation/7/0": 0}
    turn = await claim(store)
    assert turn is not None
    assert (turn.version, turn.attempts, turn.asked_at, turn.effect) == (3, 1, NOW, Effect.CHANGED)
    assert await settle(store, turn)
    assert await claim(store) is None


async def test_what_comes_during_a_turn_gets_a_turn_of_its_own_after_the_debounce(store: PostgresStore) -> None:
    await take(store, notification(1))
    turn = await claim(store)
    assert turn is not None
    await take(store, notification(2, at=NOW + SECOND), now=NOW + SECOND)
    await take(store, notification(3, at=NOW + 2 * SECOND), now=NOW + 2 * SECOND)
    assert await jobs(store) == {"hear:intercom/conversation/7/0": 0, "hear:intercom/conversation/7/1": 2}
    with pytest.raises(Later):
        await claim(store, now=NOW + SECOND)
    assert await settle(store, turn)
    later = await claim(store, now=NOW + 3 * SECOND)
    assert later is not None
    assert (later.version, later.asked_at) == (3, NOW + SECOND)
    assert await settle(store, later, now=NOW + 4 * SECOND)
    await take(store, notification(4), now=NOW + 99 * SECOND)
    assert (await jobs(store))["hear:intercom/conversation/7/2"] == 0


async def test_a_delivery_is_kept_once(store: PostgresStore) -> None:
    assert await take(store, notification(1), notification(1)) == 1
    assert await take(store, notification(1), notification(2), notification(1)) == 1
    async with store.unit() as unit:
        figures = await unit.inbox.figures(now=NOW)
    assert (figures.received_24h, figures.duplicates_24h, figures.waiting, figures.oldest) == (2, 3, 1, NOW)
    assert figures.topics_24h == {"conversation.user.replied": 2}
    turn = await claim(store)
    assert turn is not None
    assert turn.version == 2


async def test_a_lost_turn_settles_nothing(store: PostgresStore) -> None:
    await take(store, notification(1))
    lost = await claim(store)
    assert lost is not None
    taken = await claim(store, now=NOW + LEASE)
    assert taken is not None
    assert taken.attempts == 2
    assert not await settle(store, lost)
    assert await settle(store, taken)


async def test_a_deletion_waits_for_nothing(store: PostgresStore) -> None:
    await take(store, notification(1))
    turn = await claim(store)
    assert turn is not None
    await take(store, notification(2), now=NOW + SECOND)
    await take(store, notification(3, effect=Effect.DELETED), notification(4), now=NOW + SECOND)
    assert (await jobs(store))["hear:intercom/conversation/7/1!"] == 0
    await settle(store, turn)
    gone = await claim(store, now=NOW + SECOND)
    assert gone is not None
    assert gone.effect is Effect.DELETED


async def test_what_failed_is_tried_again_then_given_up_until_something_new_comes(store: PostgresStore) -> None:
    await take(store, notification(1))
    turn = await claim(store)
    assert turn is not None
    await give_back(store, turn, again_at=NOW + 9 * SECOND)
    assert (await jobs(store))["hear:intercom/conversation/7/1"] == 9
    await take(store, notification(2), now=NOW + SECOND)
    assert len(await jobs(store)) == 2
    turn = await claim(store, now=NOW + 9 * SECOND)
    assert turn is not None
    assert turn.attempts == 2
    await give_back(store, turn, again_at=None)
    assert await claim(store, now=NOW + 9 * SECOND) is None
    async with store.unit() as unit:
        figures = await unit.inbox.figures(now=NOW)
    assert (figures.waiting, figures.failed) == (0, 1)
    await take(store, notification(3), now=NOW + 30 * SECOND)
    turn = await claim(store, now=NOW + 30 * SECOND)
    assert turn is not None
    assert (turn.attempts, turn.version) == (1, 3)
    assert await settle(store, turn)
    async with store.unit() as unit:
        assert await unit.sql.value("select count(*) from inbox where decided_at is null") == 0


async def test_a_ping_asks_for_nothing(store: PostgresStore) -> None:
    assert await take(store, notification(1, effect=Effect.NOTHING, concern=Concern.WORKSPACE)) == 1
    assert await jobs(store) == {}


async def test_receivers_that_bring_the_same_things_in_other_orders_do_not_block_each_other(
    store: PostgresStore,
) -> None:
    batch = [notification(n, str(n % 10)) for n in range(200)]

    async def receive(part: list[Notification]) -> int:
        return sum([await take(store, *part[n : n + 20]) for n in range(0, 200, 20)])

    parts = [batch, batch[::-1], batch[100:] + batch[:100], batch[50:150] + batch[150:] + batch[:50]]
    assert sum(await asyncio.gather(*map(receive, parts))) == 200
    turns = [await claim(store, str(n)) for n in range(10)]
    assert [turn.version for turn in turns if turn] == [20] * 10


async def work(store: PostgresStore, things: list[str], received: asyncio.Event) -> int:
    """Deal with whatever is there, at least once after all has come; how many turns."""
    settled, over = 0, False
    while not over:
        over = received.is_set()
        for thing in things:
            with suppress(Later):
                turn = await claim(store, thing)
                settled += turn is not None and await settle(store, turn)
    return settled


async def test_receivers_and_workers_at_once_lose_nothing(store: PostgresStore) -> None:
    things, received = [str(n) for n in range(4)], asyncio.Event()
    batch = [notification(n, things[n % 4]) for n in range(120)]

    async def receive() -> int:
        parts = [way[n : n + 12] for way in (batch, batch[::-1]) for n in range(0, 120, 6)]
        new = sum(await asyncio.gather(*(take(store, *part) for part in parts)))
        received.set()
        return new

    found = await asyncio.gather(receive(), work(store, things, received), work(store, things[::-1], received))
    await work(store, things, received)
    assert found[0] == 120
    assert found[1] + found[2] > 0
    async with store.unit() as unit:
        assert await unit.sql.value("select count(*) from inbox where decided_at is null") == 0
        assert await unit.sql.value("select sum(settled_version) from live_turn") == 120


async def test_many_turns_are_claimed_and_settled_in_one_statement(store: PostgresStore) -> None:
    things = [("intercom", Concern.CONVERSATION, thing) for thing in ("9", "7", "8", "7", "none")]
    for n, thing in enumerate(("7", "8", "9")):
        await take(store, notification(n, thing))
    held = await claim(store, "8")
    assert held is not None
    async with store.unit() as unit:
        nine, seven, eight, again, none = await unit.inbox.claim_all(things, lease=LEASE, now=NOW)
        await unit.commit()
    assert isinstance(nine, Turn)
    assert isinstance(seven, Turn)
    assert (nine.external_id, seven.external_id) == ("9", "7")
    assert isinstance(eight, Later), "another one holds it"
    assert isinstance(again, Later), "it is named twice"
    assert none is None
    lost = nine.model_copy(update={"token": "another"})
    async with store.unit() as unit:
        assert await unit.inbox.settle_all([seven, lost, held], now=NOW) == [True, False, True]
        assert await unit.inbox.settle_all([], now=NOW) == []
        await unit.commit()
        assert await unit.sql.column("select external_id from inbox where decided_at is null") == ["9"]
    assert await settle(store, nine)
