"""Items follow their themes through merges, splits and deletions; people's edits survive."""

from collections.abc import Sequence

from earshot.domain.backlog import ItemStatus
from earshot.pipeline.backlog.drafting import draft
from earshot.pipeline.backlog.editing import clear_field, set_field
from earshot.pipeline.backlog.looking import backlog, item_portrait
from earshot.pipeline.backlog.planning import Outcome
from earshot.pipeline.backlog.refreshing import refresh
from earshot.ports.source import Deletion
from earshot.store import PostgresStore
from tests.integration.pipeline.backlog_world import (
    EXPORT,
    LOGIN,
    item_of,
    items_of,
    merge,
    parts_of,
    restore,
    tell,
)
from tests.integration.store.store_samples import NOW


async def delete(store: PostgresStore, ids: Sequence[str]) -> None:
    async with store.unit() as unit:
        await unit.conversations.delete("intercom", [Deletion(external_id=one, deleted_at=NOW) for one in ids])
        await unit.commit()


TOLD = [EXPORT] * 6 + [LOGIN] * 4


async def test_of_two_items_the_older_stays(store: PostgresStore) -> None:
    await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts, themes=["t-login"])
    await draft(parts, themes=["t-export"])
    older, newer = await item_of(store, "t-login"), await item_of(store, "t-export")
    await set_field(parts, newer.id, field="priority", values=["P0"], reason="board meeting")
    await merge(store, "t-export", "t-login")
    assert await refresh(parts) == 2
    items = await items_of(store)
    assert items[older.id].status is ItemStatus.DRAFT
    assert items[older.id].evidence.conversations == 10
    assert items[older.id].text.priority == "P0", "what a person set only on the other is taken over"
    assert items[newer.id].status is ItemStatus.DISCARDED
    portrait = await item_portrait(parts, newer.id)
    assert portrait.rank is None
    assert portrait.edits[0].reason == f"its theme went into t-login, which has item {older.id}"
    assert [one.item.id for one in await backlog(parts)] == [older.id]
    assert await refresh(parts) == 0


async def test_the_item_moves_where_its_theme_went(store: PostgresStore) -> None:
    await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts, themes=["t-export"])
    item = await item_of(store, "t-export")
    await merge(store, "t-export", "t-login")
    await refresh(parts)
    after = await item_of(store, "t-login")
    assert (after.id, after.evidence.conversations) == (item.id, 10)
    assert [d.outcome for d in (await draft(parts)).drafted] == [Outcome.UNCHANGED]


async def test_what_earshot_discarded_comes_back_with_its_theme(store: PostgresStore) -> None:
    await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts, themes=["t-login"])
    await draft(parts, themes=["t-export"])
    newer = await item_of(store, "t-export")
    await set_field(parts, newer.id, field="status", values=["approved"])
    await set_field(parts, (await item_of(store, "t-login")).id, field="status", values=["pushed"])
    await merge(store, "t-export", "t-login")
    await refresh(parts)
    assert (await items_of(store))[newer.id].status is ItemStatus.DISCARDED
    await restore(store, "t-export")
    await refresh(parts)
    back = await item_of(store, "t-export")
    assert (back.id, back.status, back.evidence.conversations) == (newer.id, ItemStatus.APPROVED, 6)
    assert (await item_of(store, "t-login")).evidence.conversations == 4


async def test_what_is_further_on_stays(store: PostgresStore) -> None:
    await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts, themes=["t-login"])
    await draft(parts, themes=["t-export"])
    newer = await item_of(store, "t-export")
    await set_field(parts, newer.id, field="status", values=["approved"])
    await merge(store, "t-export", "t-login")
    await refresh(parts)
    standing = [one.item for one in await backlog(parts)]
    assert [(one.id, one.theme_id, one.status) for one in standing] == [(newer.id, "t-login", ItemStatus.APPROVED)]


async def test_an_item_that_nothing_stands_behind(store: PostgresStore) -> None:
    ids = await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts)
    item = await item_of(store, "t-login")
    await delete(store, ids[6:])
    await refresh(parts)
    left = [one.item.id for one in await backlog(parts)]
    assert item.id not in left
    assert len(left) == 1
    assert await refresh(parts) == 0


async def test_deleted_conversations_leave_the_evidence(store: PostgresStore) -> None:
    ids = await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts)
    await delete(store, ids[:2])
    await refresh(parts)
    item = await item_of(store, "t-export")
    assert item.evidence.conversations == 4
    assert not {link.conversation_id for link in item.evidence.links} & set(ids[:2])
    assert not {quote.conversation_id for quote in item.evidence.quotes} & set(ids[:2])


async def test_a_field_is_given_back(store: PostgresStore) -> None:
    await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts)
    item = await item_of(store, "t-export")
    for field, value in (("title", "Mine"), ("reach", "500"), ("status", "approved"), ("labels", "mine")):
        await set_field(parts, item.id, field=field, values=[value], reason="why not")
    changed = await item_of(store, "t-export")
    assert changed.edited == ("labels", "reach", "status", "title")
    assert changed.rice
    assert changed.rice.score.reach == 500
    for field in ("title", "reach", "status", "labels"):
        await clear_field(parts, item.id, field=field)
    after = await item_of(store, "t-export")
    assert after.text == item.text
    assert after.rice == item.rice
    assert (after.status, after.edited) == (ItemStatus.DRAFT, ())
    assert len((await item_portrait(parts, item.id)).edits) == 8
