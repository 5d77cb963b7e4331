"""Batches: a conversation waits in one at a time, whoever claims it; every entry is settled once."""

import asyncio
from datetime import timedelta

from store_samples import NOW, conversation, keep, query, settings

from earshot.domain.batch import BatchEntry, BatchStatus, EntryState, ReadingBatch
from earshot.domain.call import Mode, Tier
from earshot.domain.conversation import Conversation
from earshot.ports.clock import SystemClock
from earshot.ports.source import Deletion
from earshot.ports.store import Batches
from earshot.store import PostgresStore, open_store


def batch(name: str, **changes: object) -> ReadingBatch:
    values: dict[str, object] = {"id": name, "provider": "p", "model": "m", "tier": Tier.CHEAP, "created_at": NOW}
    return ReadingBatch.model_validate(values | changes)


def entry(of: ReadingBatch, c: Conversation, **changes: object) -> BatchEntry:
    values: dict[str, object] = {
        "id": f"{of.id}-{c.external_id}",
        "batch_id": of.id,
        "conversation_id": c.id,
        "content_hash": c.content_hash,
        "prompt_version": "3.1",
        "prompt_hash": "ph",
    }
    return BatchEntry.model_validate(values | changes)


async def claim(store: PostgresStore, of: ReadingBatch, *given: Conversation) -> list[BatchEntry]:
    async with store.unit() as unit:
        kept = await unit.batches.claim(of, [entry(of, c) for c in given])
        await unit.commit()
    return kept


async def settle(store: PostgresStore, *entries: BatchEntry) -> list[str]:
    async with store.unit() as unit:
        settled = await unit.batches.settle(entries)
        await unit.commit()
    return settled


async def save(store: PostgresStore, of: ReadingBatch) -> None:
    async with store.unit() as unit:
        await unit.batches.save(of)
        await unit.commit()


def answered(one: BatchEntry, **changes: object) -> BatchEntry:
    return one.model_copy(update={"state": EntryState.ANSWERED, **changes})


async def test_what_is_claimed_comes_out(store: PostgresStore) -> None:
    a, b = conversation(1), conversation(2)
    await keep(store, a, b)
    first = batch("b1")
    kept = await claim(store, first, b, a)
    assert kept == [entry(first, b), entry(first, a)]
    async with store.unit() as unit:
        known: Batches = unit.batches
        assert await known.get("b1") == first.model_copy(update={"entries": 2})
        assert await known.get("b2") is None
        assert await known.entries("b1") == [entry(first, a), entry(first, b)]
        assert await known.find(["b1-1002", "nope"]) == {"b1-1002": entry(first, b)}


async def test_how_a_batch_stands_is_kept(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    first = batch("b1", status=BatchStatus.SUBMITTING, submitting_at=NOW)
    await claim(store, first, c)
    running = batch(
        "b1",
        status=BatchStatus.RUNNING,
        handle='{"id": "x"}',
        entries=1,
        submitting_at=NOW,
        submitted_at=NOW + timedelta(seconds=3),
        note="say \x00 hello",
    )
    await save(store, running)
    async with store.unit() as unit:
        assert await unit.batches.get("b1") == running.model_copy(update={"note": "say  hello"})


async def test_batches_are_listed_by_state_and_age(store: PostgresStore) -> None:
    given = [conversation(n) for n in range(5)]
    await keep(store, *given)
    states = [BatchStatus.RUNNING, BatchStatus.COLLECTED, BatchStatus.ABANDONED, BatchStatus.PREPARED]
    for n, status in enumerate(states):
        await claim(store, batch(f"b{n}", created_at=NOW - timedelta(hours=n)), given[n])
        await save(store, batch(f"b{n}", created_at=NOW - timedelta(hours=n), status=status))
    await claim(store, batch("file", mode=Mode.FILE, created_at=NOW + timedelta(hours=1)), given[4])
    async with store.unit() as unit:
        assert [b.id for b in await unit.batches.unsettled()] == ["b3", "b0"]
        assert [b.id for b in await unit.batches.latest(3)] == ["file", "b0", "b1"]


async def test_a_conversation_waits_in_one_batch_at_a_time(store: PostgresStore) -> None:
    a, b, c = (conversation(n) for n in range(3))
    await keep(store, a, b, c)
    await claim(store, batch("b1"), a, b)
    assert [e.conversation_id for e in await claim(store, batch("b2"), a, b, c)] == [c.id]
    assert await claim(store, batch("b3"), a, c) == []
    async with store.unit() as unit:
        assert await unit.batches.get("b3") is None, "a batch without entries is not stored"
        assert await unit.conversations.pending(9) == []
        assert await unit.conversations.count_pending() == 0
    released = entry(batch("b1"), a, state=EntryState.RELEASED, note="expired")
    assert await settle(store, released) == ["b1-1000"]
    async with store.unit() as unit:
        assert [one.id for one in await unit.conversations.pending(9)] == [a.id]
    assert [e.conversation_id for e in await claim(store, batch("b3"), a, b)] == [a.id]


async def test_changed_text_may_be_read_at_once_but_not_in_a_second_batch(store: PostgresStore) -> None:
    old = conversation(1)
    await keep(store, old)
    await claim(store, batch("b1"), old)
    new = conversation(1, "Something else altogether.", updated_at=NOW)
    await keep(store, new)
    async with store.unit() as unit:
        assert [one.id for one in await unit.conversations.pending(9)] == [new.id]
    assert await claim(store, batch("b2"), new) == []


async def test_a_file_claims_nothing(store: PostgresStore) -> None:
    a, b = conversation(1), conversation(2)
    await keep(store, a, b)
    await claim(store, batch("b1"), a)
    assert len(await claim(store, batch("f1", mode=Mode.FILE), a, b)) == 2
    assert len(await claim(store, batch("f2", mode=Mode.FILE), a, b)) == 2
    async with store.unit() as unit:
        assert [one.id for one in await unit.conversations.pending(9)] == [b.id]
    assert len(await claim(store, batch("b2"), b)) == 1


async def test_claiming_again_keeps_the_same(store: PostgresStore) -> None:
    a, b = conversation(1), conversation(2)
    await keep(store, a, b)
    kept = await claim(store, batch("b1"), a, b)
    assert await claim(store, batch("b1"), a, b) == kept
    twice = [entry(batch("b2"), conversation(3)), entry(batch("b2"), conversation(3), id="other")]
    async with store.unit() as unit:
        assert await unit.batches.claim(batch("b2"), twice) == twice[:1]


async def test_entries_are_settled_once(store: PostgresStore) -> None:
    a, b = conversation(1), conversation(2)
    await keep(store, a, b)
    first, second = await claim(store, batch("b1"), a, b)
    async with store.unit() as unit:
        assert await unit.batches.settle([]) == []
    assert await settle(store, second) == [], "waiting is not a new state"
    assert await settle(store, answered(first), first, answered(first, note="twice")) == [first.id]
    assert await settle(store, answered(second), answered(first, note="again")) == [second.id]
    async with store.unit() as unit:
        assert await unit.batches.entries("b1") == [answered(first), answered(second)]


async def test_an_abandoned_batch_frees_its_conversations_and_late_answers_still_count(
    store: PostgresStore,
) -> None:
    c = conversation(1)
    await keep(store, c)
    (late,) = await claim(store, batch("b1"), c)
    await save(store, batch("b1", status=BatchStatus.ABANDONED))
    assert len(await claim(store, batch("b2"), c)) == 1
    assert await settle(store, answered(late)) == [late.id]


async def test_processes_that_claim_at_once_share_without_overlap(store: PostgresStore, database_url: str) -> None:
    given = [conversation(n) for n in range(200)]
    await keep(store, *given)
    others = [await open_store(settings(database_url), clock=SystemClock()) for _ in range(4)]

    async def process(number: int, mine: PostgresStore) -> list[str]:
        order = given[number * 40 :] + given[: number * 40]
        kept = [await claim(mine, batch(f"{number}-{n}"), *order[n * 50 : n * 50 + 60]) for n in range(4)]
        return [e.conversation_id for part in kept for e in part]

    taken = await asyncio.gather(*(process(*one) for one in enumerate(others)))
    assert sorted(one for part in taken for one in part) == sorted(c.id for c in given)
    async with store.unit() as unit:
        assert await unit.conversations.count_pending() == 0
    for one in others:
        await one.close()


async def test_processes_that_settle_at_once_settle_each_entry_once(
    store: PostgresStore, database_url: str
) -> None:
    given = [conversation(n) for n in range(100)]
    await keep(store, *given)
    entries = await claim(store, batch("b1"), *given)
    others = [await open_store(settings(database_url), clock=SystemClock()) for _ in range(4)]
    done = await asyncio.gather(*(settle(one, *map(answered, entries)) for one in others))
    assert sorted(one for part in done for one in part) == sorted(e.id for e in entries)
    for one in others:
        await one.close()


async def test_gone_conversations_leave_their_batches(store: PostgresStore) -> None:
    a, b, c, d = (conversation(n) for n in range(4))
    await keep(store, a, b, c, d)
    await claim(store, batch("b1"), a, b, c)
    await claim(store, batch("f1", mode=Mode.FILE), a)
    await claim(store, batch("f2", mode=Mode.FILE), a, d)
    await save(store, batch("b1", status=BatchStatus.RUNNING))
    async with store.unit() as unit:
        removed = await unit.erasure.conversation(a.id)
        await unit.conversations.delete("intercom", [Deletion(external_id=b.external_id, deleted_at=NOW)])
        await unit.commit()
    assert removed["batch_entry"] == 3
    assert [r[0] for r in await query(store, "select id from batch_entry order by id")] == ["b1-1002", "f2-1003"]
    assert [r[0] for r in await query(store, "select id from reading_batch order by id")] == ["b1", "f2"]
    assert await claim(store, batch("b2"), a, b) == []
    async with store.unit() as unit:
        assert await unit.erasure.retain(NOW + timedelta(days=1)) == 3
        assert await unit.batches.entries("b1") == []
        assert [one.id for one in await unit.batches.unsettled()] == ["b1"], "the provider still holds it"
        await unit.commit()


async def test_a_newer_file_takes_over_the_entries_of_an_older_one(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    older, newer = batch("f1", mode=Mode.FILE), batch("f2", mode=Mode.FILE)
    first = entry(older, c)
    async with store.unit() as unit:
        assert await unit.batches.claim(older, [first]) == [first]
        await unit.commit()
    assert await settle(store, answered(first)) == [first.id]
    second = first.model_copy(update={"batch_id": "f2"})
    async with store.unit() as unit:
        assert await unit.batches.claim(newer, [second]) == [second]
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.batches.find([first.id]) == {first.id: second}, "it waits for an answer again"
    assert await settle(store, answered(second)) == [second.id]
