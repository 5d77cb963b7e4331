"""Conversations: saved whole, never lowered, deleted without a trace of text."""

import asyncio
from datetime import timedelta

import pytest
import zstandard
from store_samples import NOW, T0, arrival, conversation, customer, group, insight, keep, query, read, unread, value

from earshot.domain.conversation import Author, Message, State
from earshot.ports.source import Deletion
from earshot.ports.store import Known
from earshot.store import PostgresStore


async def test_what_goes_in_comes_out(store: PostgresStore) -> None:
    given = [conversation(n, customer=customer(n) if n % 2 else None, rating=n, team_id="t") for n in range(5)]
    assert await keep(store, *given) == 5
    async with store.unit() as unit:
        assert await unit.conversations.get([c.id for c in reversed(given)]) == given[::-1]
        assert await unit.conversations.get(["nobody"]) == []


async def test_raw_json_is_kept_byte_for_byte(store: PostgresStore) -> None:
    raw = b'{"body": "nul \x00 and half a pair \\ud800"}'
    async with store.unit() as unit:
        await unit.conversations.save([arrival(conversation(1), raw)], now=NOW)
        await unit.commit()
    kept = await value(store, "select body from raw")
    assert zstandard.ZstdDecompressor().decompress(kept) == raw


async def test_texts_that_postgres_cannot_hold_are_cleaned_and_read_only_once(store: PostgresStore) -> None:
    given = conversation(1, "before\x00after \ud83d end", title="half \udc00", tags=("t\x00",))
    await keep(store, given)
    async with store.unit() as unit:
        (kept,) = await unit.conversations.pending(10)
    assert kept.messages[0].text == "beforeafter � end"
    assert (kept.title, kept.tags) == ("half �", ("t",))
    await read(store, insight(kept))
    async with store.unit() as unit:
        assert await unit.conversations.count_pending() == 0


async def test_an_older_version_never_overwrites_a_newer_one(store: PostgresStore) -> None:
    newer = conversation(1, "new words", updated_at=NOW)
    assert await keep(store, newer) == 1
    assert await keep(store, conversation(1, "old words")) == 0
    async with store.unit() as unit:
        assert await unit.conversations.get([newer.id]) == [newer]
    kept = zstandard.ZstdDecompressor().decompress(await value(store, "select body from raw"))
    assert b"new words" in kept


async def test_the_newest_of_two_versions_in_one_batch_wins(store: PostgresStore) -> None:
    newer = conversation(1, "new words", updated_at=NOW)
    await keep(store, newer, conversation(1, "old words"))
    async with store.unit() as unit:
        assert await unit.conversations.get([newer.id]) == [newer]


async def test_two_writers_at_once_lose_nothing_and_keep_the_newest(store: PostgresStore) -> None:
    old = [conversation(n, f"old {n}") for n in range(60)]
    new = [conversation(n, f"new {n}", updated_at=NOW + timedelta(minutes=n)) for n in range(30, 90)]
    await asyncio.gather(keep(store, *old), keep(store, *reversed(new)), keep(store, *old))
    async with store.unit() as unit:
        kept = await unit.conversations.get([c.id for c in old[:30] + new])
    assert kept == old[:30] + new


async def test_unchanged_content_updates_only_metadata(store: PostgresStore) -> None:
    first = conversation(1)
    await keep(store, first)
    await read(store, insight(first))
    closed = first.model_copy(update={"state": State.CLOSED, "tags": ("x", "y"), "updated_at": NOW})
    assert await keep(store, closed) == 0
    async with store.unit() as unit:
        (kept,) = await unit.conversations.get([first.id])
        assert await unit.conversations.count_pending() == 0
    assert (kept.state, kept.tags, kept.updated_at) == (State.CLOSED, ("x", "y"), NOW)


async def test_known_tells_what_is_held(store: PostgresStore) -> None:
    whole = conversation(1)
    partial = conversation(2, parts_expected=9, parts_held=4)
    cut = conversation(3, parts_expected=900, parts_held=500, truncated=True)
    await keep(store, whole, partial, cut)
    async with store.unit() as unit:
        known = await unit.conversations.known("intercom", ["1001", "1002", "1003", "9999"])
        assert await unit.conversations.known("jsonl", ["1001"]) == {}
    expected = Known(updated_at=whole.updated_at, complete=True, deleted=False, content_hash=whole.content_hash)
    assert known["1001"] == expected
    assert [known[one].complete for one in ("1002", "1003")] == [False, True]
    assert "9999" not in known


async def test_pending_is_what_has_no_reading_of_its_text(store: PostgresStore) -> None:
    a, b, c, d = (conversation(n) for n in range(4))
    await keep(store, a, b, c)
    async with store.unit() as unit:
        await unit.conversations.save([arrival(d, excluded="spam")], now=NOW)
        await unit.commit()
    await read(store, insight(a), unread=[unread(b)])
    async with store.unit() as unit:
        assert [p.id for p in await unit.conversations.pending(10)] == [c.id]
        assert await unit.conversations.count_pending() == 1
    longer = a.model_copy(
        update={
            "messages": (*a.messages, Message(id="m9", author=Author.CUSTOMER, text="Still?", created_at=NOW)),
            "updated_at": NOW,
        }
    )
    assert await keep(store, longer) == 1
    async with store.unit() as unit:
        assert [p.id for p in await unit.conversations.pending(10)] == [a.id, c.id]
    assert await value(store, "select count(*) from conversation_insights") == 1, (
        "an added message takes nothing away"
    )


async def test_a_conversation_that_becomes_excluded_leaves_the_figures(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c))
    async with store.unit() as unit:
        await unit.conversations.save([arrival(c, excluded="own staff")], now=NOW)
        await unit.commit()
    assert await value(store, "select count(*) from conversation_insights") == 0
    assert await value(store, "select count(*) from finding") == 0


@pytest.mark.parametrize("case", ["message", "title"])
async def test_a_redaction_takes_raw_reading_and_reasons_with_it_at_once(store: PostgresStore, case: str) -> None:
    secret = "my password is hunter2"
    c = conversation(1, secret, title="about hunter2")
    other = conversation(2, "the login page is blank")
    await keep(store, c, other)
    await read(store, insight(c), insight(other))
    await group(store, {secret: "logins", "the login page is blank": "logins"})
    text = "(redacted)" if case == "message" else secret
    redacted = conversation(1, text, title=None if case == "title" else "about hunter2", updated_at=NOW)
    await keep(store, redacted)
    assert await query(store, "select 1 from finding where conversation_id = '1001'") == []
    assert await query(store, "select 1 from conversation_insights where conversation_id = '1001'") == []
    assert await value(store, "select title from theme") == "the login page is blank"
    async with store.unit() as unit:
        assert [p.id for p in await unit.conversations.pending(5)] == [c.id]


async def test_a_deletion_leaves_a_bare_tombstone(store: PostgresStore) -> None:
    c, other = conversation(1, "I am Zaphod Beeblebrox"), conversation(2)
    await keep(store, c, other)
    async with store.unit() as unit:
        await unit.directory.save("contact", {"contact-0001": {"name": "Zaphod"}}, fetched_at=NOW)
        await unit.commit()
    await read(store, insight(c), insight(other))
    await group(store, {c.messages[0].text: "zaphod"})
    async with store.unit() as unit:
        deletions = [Deletion(external_id="1001", deleted_at=NOW), Deletion(external_id="77", deleted_at=NOW)]
        assert await unit.conversations.delete("intercom", deletions) == 1
        assert await unit.conversations.delete("intercom", deletions) == 0
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.erasure.traces("Beeblebrox") == {}
        assert await unit.erasure.traces("contact-0001") == {}
        (kept,) = await unit.conversations.get(["1001"])
        known = await unit.conversations.known("intercom", ["1001"])
    assert (kept.deleted, kept.messages, kept.title, kept.customer) == (True, (), None, None)
    assert known["1001"].deleted
    assert await query(store, "select id from theme where id = 'zaphod'") == []
    assert await query(store, "select 1 from raw where conversation_id = '1001'") == []


async def test_a_late_copy_does_not_revive_the_deleted_but_later_life_does(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    async with store.unit() as unit:
        await unit.conversations.delete("intercom", [Deletion(external_id="1001", deleted_at=NOW)])
        await unit.commit()
    assert await keep(store, c) == 0
    assert await keep(store, conversation(1, updated_at=NOW + timedelta(hours=1))) == 1
    async with store.unit() as unit:
        (kept,) = await unit.conversations.get(["1001"])
    assert not kept.deleted


async def test_export_goes_by_creation_time_and_includes_tombstones(store: PostgresStore) -> None:
    given = [conversation(n) for n in (3, 1, 2)] + [conversation(9, external_id="0", created_at=T0)]
    await keep(store, *given)
    async with store.unit() as unit:
        await unit.conversations.delete("intercom", [Deletion(external_id="1002", deleted_at=NOW)])
        await unit.commit()
    async with store.unit() as unit:
        ids = [(c.id, c.deleted) async for batch in unit.conversations.export() for c in batch]
    assert ids == [("0", False), ("1001", False), ("1002", True), ("1003", False)]


async def test_a_company_learned_later_reaches_insight_and_finding(store: PostgresStore) -> None:
    alone = conversation(1, customer=customer(1, company_id=None, company=None))
    await keep(store, alone)
    await read(store, insight(alone))
    assert await value(store, "select account from finding") == "contact-0001"
    await keep(store, conversation(1, updated_at=NOW))
    assert await value(store, "select account from finding") == "company-1"
    assert await value(store, "select account from conversation_insights") == "company-1"


async def test_leaving_a_unit_without_commit_rolls_back(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.conversations.save([arrival(conversation(1))], now=NOW)
    async with store.unit() as unit:
        assert await unit.conversations.count_pending() == 0
    with pytest.raises(RuntimeError):
        await store.unit().commit()


async def test_saving_nothing_is_nothing(store: PostgresStore) -> None:
    async with store.unit() as unit:
        assert await unit.conversations.save([], now=NOW) == 0
        assert await unit.conversations.delete("intercom", []) == 0
        await unit.insights.save([], [])
        await unit.directory.save("contact", {}, fetched_at=NOW)
