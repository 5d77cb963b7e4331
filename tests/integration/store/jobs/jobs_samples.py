"""Small nouns for the tests of jobs and the inbox, and short ways to put them in."""

from datetime import UTC, datetime, timedelta

from earshot.domain.job import Job, JobName
from earshot.domain.notification import Concern, Effect, Notification
from earshot.store import PostgresStore

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DEBOUNCE = 3 * SECOND
LEASE = 60 * SECOND


def notification(number: int, thing: str = "7", *, at: datetime = NOW, **changes: object) -> Notification:
    """One delivery of a webhook about a conversation."""
    values: dict[str, object] = {
        "id": f"notif_{number}",
        "topic": "conversation.user.replied",
        "effect": Effect.CHANGED,
        "concern": Concern.CONVERSATION,
        "external_id": thing,
        "occurred_at": at,
        "received_at": at,
    }
    return Notification.model_validate(values | changes)


async def take(store: PostgresStore, *notifications: Notification, now: datetime = NOW) -> int:
    async with store.unit() as unit:
        new = await unit.inbox.take(notifications, debounce=DEBOUNCE, now=now)
        await unit.commit()
    return new


async def enqueue(store: PostgresStore, *jobs: Job) -> int:
    """Enqueue and commit; how many are new."""
    async with store.unit() as unit:
        new = await unit.jobs.enqueue(jobs)
        await unit.commit()
    return new


def read(key: str, **more: object) -> Job:
    """A job of the background lane."""
    return Job.model_validate({"name": JobName.READ, "key": key, **more})


async def keys(store: PostgresStore) -> list[str]:
    """The names and keys of all jobs, in the order of their priority and coming."""
    async with store.unit() as unit:
        return await unit.sql.column("select dedupe_key from earshot_jobs.pgqueuer order by priority desc, id")
