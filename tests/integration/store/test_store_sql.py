"""The connection under a transaction: what is half done never counts, and what broke never comes back."""

import asyncio
import json

import pytest
from store_samples import query

from earshot.errors import Transient
from earshot.store import PostgresStore
from earshot.store.sql import Stage
from earshot.store.unit import PostgresUnit

NOTES = Stage("some_note", {"n": "integer", "word": "text"})
CUT = """select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()"""


async def backend(unit: PostgresUnit) -> int:
    return int(await unit.sql.value("select pg_backend_pid()"))


async def lose_and_go_on(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.sql.run("create table half_done (n integer)")
        await query(store, CUT)
        for _ in range(3):
            with pytest.raises(Exception, match=r".+"):
                await unit.sql.value("select 1")
        await unit.commit()


async def test_nothing_goes_on_where_a_connection_was_lost(store: PostgresStore) -> None:
    with pytest.raises(Transient):
        await lose_and_go_on(store)
    assert await query(store, "select 1 from pg_tables where tablename = 'half_done'") == []


async def write_alone(store: PostgresStore, *statements: str) -> None:
    async with store.single() as unit:
        for statement in statements:
            await unit.sql.run(statement)


async def stage_alone(store: PostgresStore) -> None:
    async with store.single() as unit:
        await unit.sql.stage(NOTES, [(1, "x")])


async def test_a_single_statement_is_durable_when_it_returns(store: PostgresStore) -> None:
    await query(store, "create table lone (n integer)")
    with pytest.raises(RuntimeError, match="second statement"):
        await write_alone(store, "insert into lone values (1)", "insert into lone values (2)")
    with pytest.raises(RuntimeError, match="stage"):
        await stage_alone(store)
    with pytest.raises(Exception, match="division by zero"):
        await write_alone(store, "insert into lone select 1 / (n - 1) from lone")
    async with store.unit() as unit:
        await unit.sql.run("insert into lone values (3)")
    assert [row["n"] for row in await query(store, "select n from lone")] == [1]


async def test_a_single_statement_on_a_connection_that_was_lost(store: PostgresStore) -> None:
    lone = store.apart(connections=1)
    try:
        async with lone.single() as unit:
            first = await backend(unit)
        await query(store, CUT)
        await asyncio.sleep(0.1)
        async with lone.single() as unit:
            assert await backend(unit) != first
    finally:
        await lone.close()


async def wait_too_long(store: PostgresStore) -> None:
    async with store.unit() as unit, asyncio.timeout(0.1):
        await unit.sql.run("select pg_sleep(60)")


async def test_a_connection_that_was_left_in_the_middle_is_not_used_again(store: PostgresStore) -> None:
    async with store.unit() as unit:
        first = await backend(unit)
    with pytest.raises(TimeoutError):
        await wait_too_long(store)
    async with store.unit() as unit:
        assert await unit.sql.value("select 1") == 1
        assert await backend(unit) != first


async def test_what_breaks_does_not_use_up_the_pool(store: PostgresStore) -> None:
    small = store.apart(connections=1)
    try:
        for _ in range(3):
            with pytest.raises(Transient):
                await lose_and_go_on(small)
            with pytest.raises(TimeoutError):
                await wait_too_long(small)
        async with small.unit() as unit:
            assert await unit.sql.value("select 1") == 1
        await query(store, CUT)
        async with small.unit() as unit:
            assert await unit.sql.value("select 2") == 2, "one that was lost in the pool is replaced"
    finally:
        await small.close()


async def test_what_is_not_committed_is_undone_and_its_connection_is_used_again(store: PostgresStore) -> None:
    async with store.unit() as unit:
        first = await backend(unit)
        await unit.sql.stage(NOTES, [(1, "one")])
    async with store.unit() as unit:
        assert await backend(unit) == first
        await unit.sql.stage(NOTES, [(2, "two"), (3, "three")])
        assert await unit.sql.run("delete from some_note where n = :n", n=3) == 1
        await unit.sql.stage(NOTES, [(4, "four")])
        assert await unit.sql.column("select word from some_note") == ["four"]
        await unit.commit()
        assert await unit.sql.column("select word from some_note") == [], (
            "each transaction begins with an empty one"
        )


async def fail(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.sql.stage(NOTES, [(1, "one")])
        await unit.sql.run("select * from nowhere where n = :n", n=1)


async def test_what_a_mistake_in_a_statement_leaves_is_undone(store: PostgresStore) -> None:
    async with store.unit() as unit:
        first = await backend(unit)
    with pytest.raises(Exception, match="does not exist"):
        await fail(store)
    async with store.unit() as unit:
        assert await backend(unit) == first
        await unit.sql.stage(NOTES, [(1, "one")])
        assert [dict(row) for row in await unit.sql.rows("select * from some_note")] == [{"n": 1, "word": "one"}]


async def test_rows_come_in_batches_and_statements_survive_a_change_of_the_schema(store: PostgresStore) -> None:
    async with store.unit() as unit:
        found = [len(b) async for b in unit.sql.batches("select generate_series(1, :n) as n", size=4, n=10)]
        assert found == [4, 4, 2]
        await unit.sql.run("create table changing (a integer)")
        assert await unit.sql.rows("select * from changing") == []
        await unit.commit()
    await query(store, "alter table changing add column b text")
    async with store.unit() as unit:
        with pytest.raises(Exception, match="cached statement plan"):
            await unit.sql.rows("select * from changing")
    async with store.unit() as unit:
        assert await unit.sql.rows("select * from changing") == []
        await unit.sql.run("drop table changing")
        await unit.commit()


async def test_more_statements_than_a_connection_keeps(store: PostgresStore) -> None:
    async with store.unit() as unit:
        assert [await unit.sql.value(f"select {n}") for n in range(900)] == list(range(900))


async def test_a_stage_that_is_used_for_ever_does_not_grow(store: PostgresStore) -> None:
    small = store.apart(connections=1)
    try:
        for _ in range(12):
            async with small.unit() as unit:
                await unit.sql.stage(NOTES, [(n, "x" * 500) for n in range(300)])
                assert await unit.sql.value("select count(*) from some_note") == 300
                await unit.commit()
        async with small.unit() as unit:
            assert await unit.sql.value("select count(*) from some_note") == 0
            assert await unit.sql.value("select pg_relation_size('some_note')") < 1_000_000
    finally:
        await small.close()


async def expected(unit: PostgresUnit) -> int:
    """How many rows the planner expects in the stage."""
    plan = await unit.sql.value("explain (format json) select n from some_note")
    return int(json.loads(plan)[0]["Plan"]["Plan Rows"])


async def test_plans_are_made_for_as_many_rows_as_are_staged(store: PostgresStore) -> None:
    """Uncounted or full of dead rows, a stage of one row was planned for like hundreds: by reading whole tables."""
    lone = store.apart(connections=1)
    try:
        for n in range(150):
            async with lone.unit() as unit:
                await unit.sql.stage(NOTES, [(n, "x" * 1500)])
                await unit.commit()
        async with lone.unit() as unit:
            await unit.sql.stage(NOTES, [(1, "x" * 1500)])
            assert await expected(unit) < 200
            await unit.commit()
        for rows in (5000, 150, 1000):
            async with lone.unit() as unit:
                await unit.sql.stage(NOTES, [(n, "x") for n in range(rows)])
                assert await expected(unit) == rows
                await unit.commit()
        async with lone.unit() as unit:
            await unit.sql.stage(NOTES, [(1, "x")])
            assert await expected(unit) == 1
    finally:
        await lone.close()


async def test_a_stage_that_was_undone_is_counted_anew(store: PostgresStore) -> None:
    lone = store.apart(connections=1)
    try:
        for _ in range(2):
            async with lone.unit() as unit:
                await unit.sql.stage(NOTES, [(1, "x")])
                assert await expected(unit) == 1
    finally:
        await lone.close()
