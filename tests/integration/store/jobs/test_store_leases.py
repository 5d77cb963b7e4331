"""Leases of readings: several processes read one backlog, no two the same conversation."""

import asyncio
from datetime import timedelta

from jobs_samples import LEASE, NOW, SECOND
from tests.integration.store.store_samples import conversation, insight, keep, read

from earshot.store import PostgresStore


async def lease(store: PostgresStore, limit: int, worker: str, *, after: timedelta = 0 * SECOND) -> list[str]:
    async with store.unit() as unit:
        found = await unit.conversations.lease(limit, worker=worker, until=NOW + after + LEASE, now=NOW + after)
        await unit.commit()
    return [c.id for c in found]


async def test_no_two_get_the_same_in_the_order_of_pending(store: PostgresStore) -> None:
    await keep(store, *(conversation(n) for n in range(60)))
    shares = await asyncio.gather(*(lease(store, 9, f"w{n}") for n in range(8)))
    leased = [one for share in shares for one in share]
    assert sorted(leased) == sorted(set(leased)) == [str(1000 + n) for n in range(60)]
    assert all(share == sorted(share) for share in shares)
    assert await lease(store, 9, "late") == []


async def test_leases_end_by_time_by_release_and_by_reading(store: PostgresStore) -> None:
    await keep(store, *(conversation(n) for n in range(4)))
    assert await lease(store, 3, "one") == ["1000", "1001", "1002"]
    assert await lease(store, 3, "two") == ["1003"]
    await read(store, insight(conversation(0)))
    async with store.unit() as unit:
        assert await unit.conversations.release("two", ["1001", "1003"]) == 1
        assert await unit.conversations.renew("one", ["1002", "1003"], until=NOW + 3 * LEASE) == ["1002"]
        assert await unit.conversations.leased(now=NOW, without="one") == 0
        await unit.commit()
    assert await lease(store, 9, "two") == ["1003"]
    assert await lease(store, 9, "two", after=LEASE) == ["1001", "1003"]
    assert await lease(store, 9, "one", after=3 * LEASE) == ["1001", "1002", "1003"]
    async with store.unit() as unit:
        assert len(await unit.conversations.pending(9)) == 3
        await unit.jobs.unsign("one")
        assert await unit.conversations.leased(now=NOW) == 0
