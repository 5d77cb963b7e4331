"""Who is erased leaves the inbox and the queue too, and what still comes about them is not kept."""

from pathlib import Path
from typing import Any

import pytest
from jobs_samples import LEASE, NOW, enqueue, keys, notification, read, take
from pgqueuer.domain.models import TracebackRecord
from tests.integration.store.store_samples import T0, conversation, keep

from earshot.domain.notification import Concern
from earshot.store import PostgresStore

PERSON: dict[str, Any] = {"concern": Concern.CONTACT, "topic": "contact.user.updated"}


async def erase(store: PostgresStore, what: str, value: str) -> dict[str, int]:
    async with store.unit() as unit:
        removed: dict[str, int] = await getattr(unit.erasure, what)(value)
        left = await unit.erasure.traces(value)
        await unit.commit()
    assert left == {}
    return removed


@pytest.fixture
async def told(store: PostgresStore) -> PostgresStore:
    """Two conversations that are held, one that is not, and a person, all of whom webhooks told."""
    await keep(store, conversation(1), conversation(2))
    await take(store, *(notification(n, thing) for n, thing in enumerate(("1001", "1002", "5", "1"))))
    await take(store, notification(9, "contact-0001", **PERSON))
    await enqueue(store, read("conversation/1001/1"), read("reconciled"))
    async with store.unit() as unit:
        await unit.conversations.lease(9, worker="w", until=NOW + LEASE, now=NOW)
        await unit.commit()
    return store


async def test_an_erased_conversation_leaves_inbox_and_queue(told: PostgresStore) -> None:
    removed = await erase(told, "conversation", "1001")
    assert (removed["inbox"], removed["live_turn"], removed["reading_lease"], removed["job"]) == (1, 1, 1, 2)
    assert await take(told, notification(20, "1001"), notification(21, "1002")) == 1
    assert len(await keys(told)) == 5


async def test_one_that_was_never_fetched_does_too(told: PostgresStore) -> None:
    removed = await erase(told, "conversation", "5")
    assert (removed["inbox"], removed["live_turn"], removed["job"]) == (1, 1, 1)


async def test_an_erased_person_leaves_too(told: PostgresStore) -> None:
    removed = await erase(told, "contact", "contact-0001")
    assert (removed["conversation"], removed["inbox"], removed["live_turn"], removed["job"]) == (1, 2, 2, 3)
    assert await take(told, notification(20, "contact-0001", **PERSON)) == 0


async def test_old_conversations_take_their_notifications_with_them(told: PostgresStore) -> None:
    async with told.unit() as unit:
        assert await unit.erasure.retain(NOW) == 2
        assert sorted(await unit.sql.column("select external_id from inbox")) == ["1", "5", "contact-0001"]


async def test_why_a_job_failed_is_searched_and_forgotten(told: PostgresStore) -> None:
    record = TracebackRecord.from_exception(ValueError("contact-0002 is odd"), job_id=1)  # pyright: ignore
    async with told.unit() as unit:
        await unit.sql.run(
            """insert into earshot_jobs.pgqueuer_log (job_id, status, priority, entrypoint, traceback)
            values (1, 'failed', 0, 'read', cast(:record as jsonb))""",
            record=record.model_dump_json(),
        )
        await unit.commit()
    async with told.unit() as unit:
        assert (await unit.erasure.traces("contact-0002"))["earshot_jobs.pgqueuer_log"] == 1
    await erase(told, "contact", "contact-0002")


async def test_jobs_are_not_in_a_backup_but_what_waits_is(told: PostgresStore, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    await told.backup(file, now=NOW)
    await told.restore(file, replace=True)
    assert await keys(told) == []
    async with told.unit() as unit:
        assert (await unit.inbox.figures(now=NOW)).waiting == 5
        assert await unit.conversations.leased(now=T0) == 0
        assert (await unit.jobs.reconcile(now=NOW + LEASE))["hear"] == 5
        await unit.commit()
