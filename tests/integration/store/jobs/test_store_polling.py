"""Looking for jobs: no look in vain, and yet no job overlooked."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from jobs_samples import enqueue, read
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from earshot.store import PostgresStore
from earshot.store.jobs.engine import queries
from earshot.store.jobs.executing import Rows
from earshot.store.jobs.wire import Wire

READ = QueueEntrypoint("read")
WORKER = QueueManagerId(uuid4())


@pytest.fixture
async def rows(store: PostgresStore) -> AsyncGenerator[Rows]:
    wire = Wire(store.address, size=1)
    yield queries(wire)
    await wire.close()


async def taken(rows: Rows, *, most: int = 10) -> list[str]:
    jobs: list[Job] = await rows.dequeue(
        batch_size=most,
        entrypoints={READ: EntrypointExecutionParameter(concurrency_limit=0)},
        queue_manager_id=WORKER,
        global_concurrency_limit=None,
        heartbeat_timeout=timedelta(seconds=30),
    )
    return [(job.payload or b"").decode() for job in jobs]


async def test_after_a_batch_that_was_not_full_nobody_asks_but_what_came_is_seen(
    store: PostgresStore, rows: Rows
) -> None:
    await enqueue(store, read("a"), read("b"))
    assert await taken(rows) == ["a", "b"]
    await enqueue(store, read("c"))
    assert await taken(rows) == []
    assert await rows.eligible_queued_work([READ]) == 1
    assert await taken(rows) == ["c"]


async def test_a_full_batch_is_followed_by_a_look_for_more(store: PostgresStore, rows: Rows) -> None:
    await enqueue(store, *(read(f"{n}") for n in range(5)))
    assert [len(await taken(rows, most=2)) for _ in range(4)] == [2, 2, 1, 0]


async def test_one_look_tells_what_is_due_and_when_the_next_is(store: PostgresStore, rows: Rows) -> None:
    assert await rows.eligible_queued_work([READ]) == 0
    assert await rows.next_deferred_eta([READ]) is None
    assert await rows.queued_work([READ]) == 0
    await enqueue(store, read("later", run_at=datetime.now(UTC) + timedelta(hours=1)))
    assert await rows.eligible_queued_work([READ]) == 0
    eta = await rows.next_deferred_eta([READ])
    assert eta is not None
    assert timedelta(minutes=59) < eta <= timedelta(hours=1)
    assert await rows.queued_work([READ]) == 1
    assert await taken(rows) == []
    assert await rows.eligible_queued_work([QueueEntrypoint("hear")]) == 0
