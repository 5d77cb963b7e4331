"""Full text search: the same hits whether a word is rare or on every page, and nothing of what is gone."""

import pytest
from store_samples import NOW, arrival, conversation, insight, keep, read, value

from earshot.ports.pages.conversations import ConversationQuery
from earshot.store import PostgresStore
from earshot.store.searching import RARE, saying


async def found(store: PostgresStore, text: str, *, rare: int = RARE) -> list[str]:
    """Ids of conversations that say it."""
    async with store.unit() as unit:
        said, values = await saying(unit.sql, text, column="c.id", rare=rare)
        return await unit.sql.column(f"select c.id from conversation c where {said} order by c.id", **values)


@pytest.mark.parametrize("rare", [RARE, 0])
async def test_rare_and_frequent_words_find_the_same(store: PostgresStore, rare: int) -> None:
    await keep(
        store,
        conversation(1, "The exports stop half way."),
        conversation(2, "Invoice export by e-mail"),
        conversation(3, "invoices only"),
    )
    assert await found(store, "EXPORT", rare=rare) == ["1001", "1002"]
    assert await found(store, '"stop half way"', rare=rare) == ["1001"]
    assert await found(store, "export -invoice", rare=rare) == ["1001"]
    assert await found(store, "stop or invoices", rare=rare) == ["1001", "1002", "1003"]
    for nothing in ("'; drop table x; --", '"', "the", "\\ % _ :* & | !("):
        assert await found(store, nothing, rare=rare) == []


async def test_ids_and_addresses_find_their_conversation(store: PostgresStore) -> None:
    await keep(store, conversation(1), conversation(2))
    assert await found(store, "1002") == ["1002"]
    assert await found(store, "Person1@Customer.example") == ["1001"]
    assert await found(store, "contact-0002") == ["1002"]


async def test_words_follow_what_is_said_read_and_removed(store: PostgresStore) -> None:
    c = conversation(1, "gearboxes fail")
    await keep(store, c)
    assert await found(store, "gearbox") == [c.id]
    await read(store, insight(c, summary="Transmission breaks"))
    assert await found(store, "transmission") == [c.id]
    changed = conversation(1, "lamps flicker", updated_at=NOW)
    async with store.unit() as unit:
        await unit.conversations.save([arrival(changed)], now=NOW)
        await unit.commit()
    assert await found(store, "lamp") == [c.id]
    assert "gearbox" not in await value(store, "select words::text from conversation_words where part = 'said'")
    async with store.unit() as unit:
        await unit.erasure.conversation(c.id)
        await unit.commit()
    assert await value(store, "select count(*) from conversation_words") == 0


async def test_search_joins_with_filters(store: PostgresStore) -> None:
    one, other = conversation(1, "export stops"), conversation(2, "export fails")
    await keep(store, one, other)
    await read(store, insight(one, priority="HIGH"), insight(other, priority="LOW"))
    async with store.unit() as unit:
        query = ConversationQuery.model_validate({"text": "exports", "priorities": ["LOW"]})
        rows = await unit.pages.conversations.page(query, after=None, limit=10)
        count = await unit.pages.conversations.count(query, most=10)
    assert [row.id for row in rows] == [other.id]
    assert count == 1
