"""Erasing a person: everywhere, for good, and without harming others."""

import json

import pytest
from store_samples import (
    NOW,
    T0,
    arrival,
    conversation,
    customer,
    first_labels,
    group,
    insight,
    keep,
    query,
    read,
    unread,
    value,
)

from earshot.domain.action import Action, ActionKind, Subject
from earshot.domain.batch import BatchEntry, ReadingBatch
from earshot.domain.call import Tier
from earshot.domain.conversation import Author, Message
from earshot.domain.report import Window
from earshot.domain.run import Completeness, Gap, Run
from earshot.ports.store import Unit
from earshot.store import PostgresStore

JANE = customer(7, id="65f0c0ffee65f0c0ffee0007", name="Jane Roe", email="Jane.Roe@corp.example", company_id=None)
THEIRS = "I am Jane Roe and quixotic gearboxes fail, write to jane.roe@corp.example"
ELSEWHERE = "Please ask JANE.ROE@corp.example, not mrjane.roe@corp.example."


def action(key: str, subject: Subject, subject_id: str, conversation_id: str) -> Action:
    return Action(
        key=key,
        kind=ActionKind.ALERT_CS_MANAGER,
        subject=subject,
        subject_id=subject_id,
        conversation_id=conversation_id,
        rule="r",
        reason=f"r: {THEIRS[:40] if key == 'a' else 'gearboxes fail'}",
        created_at=NOW,
    )


async def fill(store: PostgresStore) -> None:
    """Jane's own conversation, one she joined, one where only raw JSON shows her, a mention, one without her."""
    own, plain = conversation(1, THEIRS, customer=JANE), conversation(5, "gearboxes fail")
    extra = Message(id="g", author=Author.CUSTOMER, text="me too", created_at=NOW, author_id=JANE.id)
    joined = conversation(2, "joined")
    joined = joined.model_copy(update={"messages": (*joined.messages, extra)})
    hidden, mention = conversation(3, "hidden"), conversation(4, ELSEWHERE)
    raw = json.dumps({"contacts": {"contacts": [{"type": "contact", "id": JANE.id}]}}).encode()
    cited = json.dumps({"body": "mail jane.roe%40corp.example or \u006aane.roe@corp.example"}).encode()
    async with store.unit() as unit:
        arrivals = [arrival(own), arrival(joined), arrival(hidden, raw), arrival(mention, cited), arrival(plain)]
        await unit.conversations.save(arrivals, now=NOW)
        await unit.insights.save([insight(c) for c in (own, joined, mention, plain)], [unread(hidden, "by Jane")])
        await unit.directory.save("contact", {JANE.id: {"id": JANE.id, "email": JANE.email}}, fetched_at=NOW)
        await unit.directory.save("company", {"c": {"owner": "jane.roe@corp.example"}}, fetched_at=NOW)
        await unit.commit()
    await group(store, {THEIRS: "gears", "gearboxes fail": "gears"})
    async with store.unit() as unit:
        actions = [
            action("a", Subject.CONVERSATION, own.id, own.id),
            action("b", Subject.CUSTOMER, JANE.id, plain.id),
            action("c", Subject.CONVERSATION, plain.id, plain.id),
        ]
        await unit.decisions.save(actions, decided=[], now=NOW)
        statement = Completeness(gaps=(Gap(what="contact jane.roe@corp.example", reason="500"),))
        await unit.runs.start(Run(id="r", kind="run", started_at=T0, completeness=statement))
        await unit.commit()
    await query(store, 'update lexicon set frequencies = \'{"quixotic": 1, "gearboxes": 9}\'')


async def nothing_left(unit: Unit) -> None:
    for needle in ("jane.roe@corp.example", JANE.id, "Jane.Roe@CORP.example"):
        assert await unit.erasure.traces(needle) == {}


@pytest.mark.parametrize("by", ["jane.roe@corp.example", "Jane.Roe@corp.example", JANE.id])
async def test_a_person_goes_everywhere(store: PostgresStore, by: str) -> None:
    await fill(store)
    async with store.unit() as unit:
        before = await unit.erasure.traces("jane.roe@corp.example")
        removed = await unit.erasure.contact(by)
        await unit.figures.refresh()
        await unit.commit()
    assert {
        "conversation",
        "conversation_insights",
        "finding",
        "raw",
        "directory",
        "run",
    } <= before.keys()
    assert removed["conversation"] == 3
    assert (removed["directory"], removed["action"], removed["unread"]) == (1, 2, 1)
    async with store.unit() as unit:
        await nothing_left(unit)
        assert [c.id async for batch in unit.conversations.export() for c in batch] == ["1004", "1005"]
        (mention,) = await unit.conversations.get(["1004"])
        assert mention.messages[0].text == "Please ask [erased], not mrjane.roe@corp.example."
        assert [p.id for p in await unit.conversations.pending(5)] == ["1004"], "it lost text, so it is read again"


@pytest.mark.parametrize("by", ["before-0001", "before-0002", JANE.id])
async def test_whoever_was_merged_goes_by_any_of_the_ids(store: PostgresStore, by: str) -> None:
    await fill(store)
    merged = {"before-0001": "before-0002", "before-0002": JANE.id}
    async with store.unit() as unit:
        rows = {one: {"earshot_same_as": other} for one, other in merged.items()}
        await unit.directory.save("contact", rows, fetched_at=NOW)
        await unit.commit()
    async with store.unit() as unit:
        removed = await unit.erasure.contact(by)
        await unit.commit()
    assert (removed["conversation"], removed["directory"]) == (3, 3)
    async with store.unit() as unit:
        await nothing_left(unit)
        assert [await unit.erasure.traces(one) for one in merged] == [{}, {}]


async def test_titles_centres_and_statistics_do_not_keep_their_words(store: PostgresStore) -> None:
    await fill(store)
    async with store.unit() as unit:
        await unit.erasure.contact(JANE.id)
        await unit.figures.refresh()
        report = await unit.figures.report(Window(start=T0, end=NOW), top=5, currency="USD", now=NOW)
        await unit.commit()
    (theme,) = await query(store, "select * from theme where id = 'gears'")
    assert theme["title"] == "gearboxes fail"
    assert json.loads(await value(store, "select frequencies from lexicon")) == {"gearboxes": 9}
    assert "quixotic" not in report.model_dump_json()
    assert "Jane" not in report.model_dump_json()


async def test_what_was_erased_does_not_come_back_with_the_next_sync(store: PostgresStore) -> None:
    await fill(store)
    async with store.unit() as unit:
        await unit.erasure.contact(JANE.email or "")
        await unit.commit()
    own = conversation(1, THEIRS, customer=JANE, updated_at=NOW)
    older = conversation(50, "an older one, found by a deeper backfill", customer=JANE)
    async with store.unit() as unit:
        known = await unit.conversations.known("intercom", ["1001", "1005", "1050"])
        assert known["1001"].deleted
        assert known["1001"].updated_at > NOW
        assert not known["1005"].deleted
        assert await unit.conversations.save([arrival(own), arrival(older)], now=NOW) == 0
        await unit.commit()
    async with store.unit() as unit:
        await nothing_left(unit)


async def test_one_conversation_goes_everywhere(store: PostgresStore) -> None:
    number = "215473840021111"
    c, link = conversation(1, external_id=number), conversation(2, f"see https://inbox.example/{number} please")
    async with store.unit() as unit:
        await unit.conversations.save([arrival(c, f'{{"id": {number}}}'.encode()), arrival(link)], now=NOW)
        await unit.insights.save([insight(c), insight(link)], [])
        await unit.commit()
    await group(store, {})
    async with store.unit() as unit:
        removed = await unit.erasure.conversation(number)
        await unit.figures.refresh()
        await unit.commit()
    assert (removed["conversation"], removed["finding"], removed["raw"], removed["masked"]) == (1, 1, 1, 1)
    async with store.unit() as unit:
        assert await unit.erasure.traces(number) == {}
        assert (await unit.conversations.known("intercom", [number]))[number].deleted
        (kept,) = await unit.conversations.get([link.id])
    assert kept.messages[0].text == "see https://inbox.example/[erased] please"


async def test_a_short_id_is_not_looked_for_in_texts(store: PostgresStore) -> None:
    seven = customer(1, id="7", email=None)
    theirs, other = conversation(1, "7 days", customer=seven), conversation(2, "7 days and nights")
    raw = json.dumps({"author": {"id": 7}, "tags": [{"id": "9"}]}).encode()
    tagged = json.dumps({"tags": [{"id": "7"}], "contacts": [{"id": "8"}]}).encode()
    async with store.unit() as unit:
        await unit.conversations.save([arrival(theirs, raw), arrival(other, tagged)], now=NOW)
        removed = await unit.erasure.contact("7")
        assert removed["conversation"] == 1
        assert await unit.erasure.traces("7") == {}
        (kept,) = await unit.conversations.get([other.id])
    assert kept.messages[0].text == "7 days and nights"


async def test_nobody_is_erased_for_an_unknown_or_empty_name(store: PostgresStore) -> None:
    await keep(store, conversation(1))
    async with store.unit() as unit:
        assert await unit.erasure.contact("nobody@nowhere.example") == {}
        assert await unit.erasure.conversation("404404404") == {}
        assert await unit.erasure.traces("  ") == {}
        assert await unit.conversations.count_pending() == 1


async def test_retention_drops_what_is_old(store: PostgresStore) -> None:
    old, young = conversation(1), conversation(2, updated_at=NOW)
    await keep(store, old, young)
    await read(store, insight(old), insight(young))
    statement = """insert into conversation_insights (conversation_id, issue_type, priority, sentiment,
        sentiment_score, churn_risk, summary, created_at)
        values ('x', 'OTHER', 'LOW', 'NEUTRAL', 0, 'LOW', 's', $1)"""
    await query(store, statement, T0)
    async with store.unit() as unit:
        assert await unit.erasure.retain(NOW) == 1
        assert await unit.erasure.retain(NOW) == 0
        await unit.commit()
    assert [r[0] for r in await query(store, "select conversation_id from conversation_insights")] == ["1002"]
    assert [r[0] for r in await query(store, "select id from account")] == ["company-2"]


async def test_what_reading_with_models_adds_is_covered(store: PostgresStore) -> None:
    c, other = conversation(1, THEIRS, customer=JANE), conversation(2)
    batch = ReadingBatch(id="b", provider="p", model="m", tier=Tier.CHEAP, created_at=NOW, note=f"at {JANE.email}")
    entry = BatchEntry(
        id="e1",
        batch_id="b",
        conversation_id=c.id,
        content_hash=c.content_hash,
        prompt_version="3",
        prompt_hash="p",
    )
    kept = entry.model_copy(update={"id": "e2", "conversation_id": other.id, "note": f"by {JANE.email}"})
    async with store.unit() as unit:
        await unit.conversations.save([arrival(c), arrival(other)], now=NOW)
        await unit.insights.save([], [], labels=[first_labels(c), first_labels(other)])
        await unit.summaries.save("k1", c.id, text=THEIRS, now=NOW)
        await unit.summaries.save("k2", other.id, text=f"mail {JANE.email}", now=NOW)
        await unit.batches.claim(batch, [entry, kept])
        await unit.commit()
    async with store.unit() as unit:
        before = await unit.erasure.traces(JANE.email or "")
        assert {"summary", "batch_entry", "reading_batch"} <= before.keys()
        assert (before["summary"], before["batch_entry"], before["reading_batch"]) == (2, 1, 1)
        removed = await unit.erasure.contact(JANE.id)
        assert (removed["first_labels"], removed["summary"], removed["batch_entry"]) == (1, 1, 1)
        await unit.commit()
    async with store.unit() as unit:
        await nothing_left(unit)
        assert await unit.erasure.traces(c.id) == {}
        assert await unit.summaries.get("k2") == "mail [erased]"
        assert [e.note for e in await unit.batches.entries("b")] == ["by [erased]"]


async def test_retention_leaves_the_money_of_old_calls_without_the_conversation(store: PostgresStore) -> None:
    await query(
        store,
        """insert into llm_api_logs (conversation_id, cost_usd, created_at)
        values ('gone', 0.25, $1), ('1002', 1, $1)""",
        T0,
    )
    await keep(store, conversation(2, updated_at=NOW))
    async with store.unit() as unit:
        await unit.erasure.retain(NOW)
        await unit.commit()
    rows = await query(store, "select conversation_id, cost_usd from llm_api_logs order by cost_usd")
    assert [tuple(row) for row in rows] == [(None, 0.25), ("1002", 1.0)]
