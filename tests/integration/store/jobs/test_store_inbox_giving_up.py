"""What was given up is settled by the next complete sync, and being told to stop is no try."""

from datetime import timedelta

from jobs_samples import LEASE, NOW, SECOND, notification, take

from earshot.domain.notification import Concern, InboxFigures
from earshot.store import PostgresStore


async def failed(store: PostgresStore, *, again: bool = False, innocent: bool = False) -> int:
    """Begin a turn and give it back; which try that was."""
    async with store.unit() as unit:
        turn = await unit.inbox.claim("intercom", Concern.CONVERSATION, external_id="7", lease=LEASE, now=NOW)
        assert turn is not None
        again_at = NOW if again else None
        await unit.inbox.give_back(turn, reason="down", again_at=again_at, now=NOW, innocent=innocent)
        await unit.commit()
    return turn.attempts


async def caught_up(store: PostgresStore, *, began: timedelta) -> int:
    async with store.unit() as unit:
        settled = await unit.inbox.caught_up("intercom", before=NOW + began, now=NOW + began + SECOND)
        await unit.commit()
    return settled


async def figures(store: PostgresStore) -> InboxFigures:
    async with store.unit() as unit:
        return await unit.inbox.figures(now=NOW)


async def test_a_complete_sync_that_began_afterwards_settles_what_was_given_up(store: PostgresStore) -> None:
    await take(store, notification(1), notification(2))
    await failed(store)
    assert (await figures(store)).failed == 1
    assert await caught_up(store, began=-SECOND) == 0
    assert await caught_up(store, began=SECOND) == 1
    assert ((await figures(store)).failed, (await figures(store)).waiting) == (0, 0)
    async with store.unit() as unit:
        assert await unit.sql.value("select count(*) from inbox where decided_at is null") == 0
        assert (
            await unit.inbox.claim("intercom", Concern.CONVERSATION, external_id="7", lease=LEASE, now=NOW) is None
        )


async def test_a_sync_leaves_alone_what_waits_and_what_it_does_not_bring(store: PostgresStore) -> None:
    await take(store, notification(1))
    await failed(store, again=True)
    assert await caught_up(store, began=SECOND) == 0
    assert (await figures(store)).waiting == 1


async def test_being_told_to_stop_is_no_try(store: PostgresStore) -> None:
    await take(store, notification(1))
    assert await failed(store, again=True, innocent=True) == 1
    assert await failed(store, again=True) == 1
    assert await failed(store, again=True) == 2
