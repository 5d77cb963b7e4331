"""Locks across processes: one connection serves one after the other, and whatever breaks frees its lock."""

import asyncio

import pytest
from store_samples import query

from earshot.store import PostgresStore

HOLDERS = "select pid from pg_locks where locktype = 'advisory' and granted"
CUT = "select pg_terminate_backend(pid, 10000) from pg_locks where locktype = 'advisory' and granted"


async def holder(store: PostgresStore) -> int:
    (row,) = await query(store, HOLDERS)
    return int(row["pid"])


async def test_one_connection_serves_one_after_the_other(store: PostgresStore) -> None:
    async with store.exclusive("line"):
        first = await holder(store)
    assert await query(store, HOLDERS) == []
    async with store.exclusive("another"):
        assert await holder(store) == first


async def raise_inside(store: PostgresStore) -> None:
    async with store.exclusive("line"):
        raise KeyError("what went wrong")


async def break_off(store: PostgresStore) -> None:
    async with store.exclusive("line"), asyncio.timeout(0.01):
        await asyncio.Event().wait()


async def test_what_goes_wrong_inside_frees_the_lock(store: PostgresStore) -> None:
    with pytest.raises(KeyError, match="what went wrong"):
        await raise_inside(store)
    with pytest.raises(TimeoutError):
        await break_off(store)
    assert await query(store, HOLDERS) == []
    async with store.exclusive("line") as waited:
        assert not waited


async def lose_it(store: PostgresStore) -> None:
    async with store.exclusive("line"):
        await query(store, CUT)
        raise KeyError("what went wrong")


async def test_a_connection_that_was_lost_is_not_kept(store: PostgresStore) -> None:
    with pytest.raises(KeyError, match="what went wrong"):
        await lose_it(store)
    async with store.exclusive("line"):
        kept = await holder(store)
    await query(store, f"select pg_terminate_backend({kept}, 10000)")
    async with store.exclusive("line") as waited:
        assert not waited
        assert await holder(store) != kept


async def wait_for(store: PostgresStore) -> None:
    async with store.exclusive("line"):
        pass


async def test_who_stops_waiting_gets_nothing(store: PostgresStore) -> None:
    async with store.exclusive("line"):
        held = await holder(store)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wait_for(store), 0.2)
        assert await holder(store) == held
    async with store.exclusive("line") as waited:
        assert not waited
