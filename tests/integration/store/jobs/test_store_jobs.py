"""The queue in real PostgreSQL: a job is there exactly when the commit is, once, and what gave up can be seen."""

import asyncio
from datetime import UTC, datetime, timedelta

from jobs_samples import LEASE, NOW, SECOND, enqueue, keys, notification, read, take
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder

from earshot.domain.job import JobName, Lane, WorkerSign
from earshot.domain.notification import Concern
from earshot.store import PostgresStore
from earshot.store.jobs.adding import ADD
from earshot.store.jobs.engine import PostgresEngine, queries
from earshot.store.jobs.schema import SETTINGS
from earshot.store.jobs.wire import Wire

ROWS = """
    select priority, entrypoint, payload, dedupe_key, status, attempts, slot, queue_manager_id,
        execute_after - created as wait from earshot_jobs.pgqueuer order by id
"""
LOGGED = "select status, entrypoint, priority, traceback, aggregated from earshot_jobs.pgqueuer_log order by id"


async def test_a_job_comes_and_goes_with_its_transaction(store: PostgresStore) -> None:
    async with store.unit() as unit:
        assert await unit.jobs.enqueue([read("a")]) == 1
    assert await keys(store) == []
    assert await enqueue(store, read("a"), read("a"), read("b", priority=5)) == 2
    assert await keys(store) == ["read:b", "read:a"]
    async with store.unit() as unit:
        assert await unit.jobs.enqueue([read("a"), read("c")]) == 1
        assert await unit.jobs.enqueue([read("a")]) == 0
        await unit.schedules.forget([])
        await unit.commit()
    assert await keys(store) == ["read:b", "read:a", "read:c"]


async def test_jobs_are_added_as_the_engine_adds_them(store: PostgresStore) -> None:
    async def rows() -> list[list[dict[str, object]]]:
        async with store.unit() as unit:
            found = [[dict(row) for row in await unit.sql.rows(statement)] for statement in (ROWS, LOGGED)]
            await unit.sql.run("truncate earshot_jobs.pgqueuer, earshot_jobs.pgqueuer_log")
            await unit.commit()
        return found

    later = timedelta(hours=1)
    await enqueue(store, read("a", priority=7))
    ours = await rows()
    wire = Wire(store.address)
    engine = queries(wire)
    assert await engine.enqueue("read", b"a", 7, None, "read:a", on_conflict="skip")
    assert await rows() == ours
    assert await engine.enqueue("read", b"a", 7, later, "read:a", on_conflict="skip") != [None]
    await wire.close()
    assert await enqueue(store, read("a")) == 0
    assert (await rows())[0][0]["wait"] == later
    theirs = " ".join(QueryQueueBuilder(SETTINGS).build_enqueue_query("skip").lower().split())
    conflict = " ".join(ADD.lower().split())
    conflict = conflict[conflict.index("on conflict") : conflict.index("returning")].strip()
    assert conflict in theirs.replace("where ((", "where ((")


async def test_a_job_for_later_waits(store: PostgresStore) -> None:
    await enqueue(store, read("now"), read("later", run_at=datetime.now(UTC) + timedelta(hours=1)))
    async with store.unit() as unit:
        queues = {queue.name: queue for queue in await unit.jobs.queues()}
    assert set(queues) == set(JobName)
    assert (queues["read"].waiting, queues["read"].due, queues["read"].running) == (2, 1, 0)
    assert queues["act"].waiting == 0


async def test_nothing_is_to_be_upgraded(store: PostgresStore) -> None:
    assert await PostgresEngine(store.address).upgrade() == 0


async def test_an_older_schema_of_the_engine_is_brought_up_to_date(store: PostgresStore) -> None:
    await enqueue(store, read("a"))
    async with store.unit() as unit:
        await unit.sql.run("alter table earshot_jobs.pgqueuer drop column slot cascade")
        await unit.commit()
    assert await PostgresEngine(store.address).upgrade() > 0
    assert await PostgresEngine(store.address).upgrade() == 0
    assert await keys(store) == ["read:a"]


async def test_a_lost_queue_comes_back_from_the_rows(store: PostgresStore) -> None:
    await take(store, notification(1, "7"), notification(2, "8"))
    late = NOW + timedelta(minutes=5)
    async with store.unit() as unit:
        assert await unit.jobs.reconcile(now=late) == {}
        await unit.sql.run("truncate earshot_jobs.pgqueuer")
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.jobs.reconcile(now=NOW) == {}
        assert await unit.jobs.reconcile(now=late, limit=1) == {"hear": 1}
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.jobs.reconcile(now=late) == {"hear": 1}
        assert await unit.jobs.reconcile(now=late) == {}
        await unit.commit()
    assert await keys(store) == ["hear:intercom/conversation/7/0", "hear:intercom/conversation/8/0"]


async def test_signs_of_life(store: PostgresStore) -> None:
    sign = WorkerSign(
        id="w", host="h", pid=1, lane=Lane.LIVE, version="1", started_at=NOW, seen_at=NOW, doing={"hear": 2}
    )
    async with store.unit() as unit:
        await unit.jobs.sign(sign)
        later = sign.model_copy(update={"seen_at": NOW + timedelta(seconds=9), "doing": {}, "done": 5})
        await unit.jobs.sign(later)
        assert await unit.jobs.workers(seen_since=NOW) == [later]
        assert await unit.jobs.workers(seen_since=NOW + timedelta(minutes=1)) == []
        await unit.jobs.unsign("w")
        assert await unit.jobs.workers(seen_since=NOW) == []


async def test_two_who_reconcile_at_once_do_it_once(store: PostgresStore) -> None:
    await take(store, *(notification(n, str(n)) for n in range(50)))
    async with store.unit() as unit:
        await unit.sql.run("truncate earshot_jobs.pgqueuer")
        await unit.commit()

    async def go() -> int:
        async with store.unit() as unit:
            done = await unit.jobs.reconcile(now=NOW + timedelta(minutes=5))
            await unit.commit()
        return sum(done.values())

    assert sum(await asyncio.gather(go(), go(), go())) == 50
    assert len(await keys(store)) == 50


async def test_what_is_old_and_done_goes_what_waits_stays(store: PostgresStore) -> None:
    await take(store, notification(1, "settled"), notification(2, "waits"), notification(3, "given up"))
    sign = WorkerSign(id="w", host="h", pid=1, lane=Lane.LIVE, version="1", started_at=NOW, seen_at=NOW)
    async with store.unit() as unit:
        await unit.jobs.sign(sign)
        for thing in ("settled", "given up"):
            turn = await unit.inbox.claim("intercom", Concern.CONVERSATION, external_id=thing, lease=LEASE, now=NOW)
            assert turn is not None
            if thing == "settled":
                await unit.inbox.settle(turn, now=NOW)
            else:
                await unit.inbox.give_back(turn, reason="gone", again_at=None, now=NOW)
        assert await unit.jobs.prune(before=NOW) == 0
        assert await unit.jobs.prune(before=NOW + SECOND) == 5
        assert await unit.sql.column("select external_id from inbox") == ["waits"]
        assert await unit.sql.column("select external_id from live_turn") == ["waits"]
