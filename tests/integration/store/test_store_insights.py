"""Readings: replaced whole, kept apart from texts that changed meanwhile, themes kept for what stays the same."""

from datetime import timedelta

import pytest
from store_samples import NOW, conversation, group, insight, keep, query, read, unread, value

from earshot.domain.conversation import Author, Message
from earshot.domain.insight import Insight, Provenance
from earshot.domain.reading import Finding, IssueType
from earshot.ports.source import Deletion
from earshot.store import PostgresStore

SECOND = Finding(issue_type=IssueType.BILLING, summary="charged twice", affected_feature="billing")


async def exported(store: PostgresStore) -> list[Insight]:
    async with store.unit() as unit:
        return [one async for batch in unit.insights.export() for one in batch]


async def test_what_goes_in_comes_out(store: PostgresStore) -> None:
    given = [conversation(n) for n in range(3)]
    await keep(store, *given)
    origin = Provenance(
        classifier="llm", model="m", prompt_version="3", input_tokens=9, output_tokens=4, latency_ms=7
    )
    readings = [insight(c, more=(SECOND,), provenance=origin, churn_risk="HIGH") for c in given]
    await read(store, *readings)
    assert await exported(store) == readings


async def test_a_new_reading_replaces_the_old_and_keeps_the_place_of_an_equal_finding(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c, more=(SECOND,)))
    await group(store, {"charged twice": "billing"})
    before = await query(store, "select id, theme_id from finding order by position")
    again = insight(c, priority="LOW", sentiment="NEUTRAL", more=(SECOND,))
    await read(store, again)
    assert await query(store, "select id, theme_id from finding order by position") == before
    assert await value(store, "select count(*) from placement") == 2
    assert await exported(store) == [again]


async def test_a_finding_whose_text_or_rank_changes_is_placed_anew(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c, more=(SECOND,)))
    await group(store, {"charged twice": "billing"})
    ids = {row["summary"]: row["id"] for row in await query(store, "select id, summary from finding")}
    again = insight(c, issue_type="BILLING", summary="charged twice", sentiment="NEUTRAL", more=(SECOND,))
    await read(store, again)
    rows = await query(store, "select * from finding order by position")
    assert [(row["summary"], row["theme_id"]) for row in rows] == [("charged twice", None)] * 2
    assert rows[0]["id"] == ids["charged twice"]
    for table in ("placement", "core"):
        assert await query(store, f"select 1 from {table}") == []
    assert await value(store, "select stale from theme where id = 'billing'")
    assert await exported(store) == [again]


async def test_a_conversation_that_goes_on_does_not_move(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c))
    await group(store, {})
    more = (*c.messages, c.messages[0].model_copy(update={"id": "later", "text": "and it is slow"}))
    longer = c.model_copy(update={"messages": more, "updated_at": NOW})
    await keep(store, longer)
    await read(store, insight(longer))
    (row,) = await query(store, "select theme_id, context from finding")
    assert (row["theme_id"], row["context"]) == ("rest", c.messages[0].text)


async def test_a_first_answer_is_a_reason_to_look_again(store: PostgresStore) -> None:
    c = conversation(1)
    said, answer = c.messages
    await keep(store, c.model_copy(update={"messages": (said,)}))
    await read(store, insight(c.model_copy(update={"messages": (said,)})))
    await group(store, {})
    await keep(store, c.model_copy(update={"updated_at": NOW}))
    await read(store, insight(c))
    (row,) = await query(store, "select theme_id, reply from finding")
    assert (row["theme_id"], row["reply"]) == (None, answer.text)


async def test_the_same_reading_twice_changes_nothing(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c, more=(SECOND,)))
    await group(store, {})
    before = await query(store, "select * from finding order by id")
    await read(store, insight(c, more=(SECOND,)))
    assert await query(store, "select * from finding order by id") == before


async def test_a_saved_insight_clears_the_unread_mark(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, unread=[unread(c, "first \x00 try"), unread(conversation(5))])
    assert [tuple(r) for r in await query(store, "select conversation_id, reason from unread")] == [
        ("1001", "first  try")
    ]
    await read(store, insight(c))
    assert await query(store, "select 1 from unread") == []


async def test_an_unread_mark_of_newer_text_is_not_undone_by_judging_the_old_reading(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c))
    messages = (*c.messages, Message(id="x", author=Author.CUSTOMER, text="?", created_at=NOW))
    longer = c.model_copy(update={"messages": messages, "updated_at": NOW})
    await keep(store, longer)
    await read(store, unread=[unread(longer)])
    async with store.unit() as unit:
        await unit.decisions.save([], decided=["1001"], now=NOW)
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.conversations.count_pending() == 0


@pytest.mark.parametrize("fate", ["changed", "deleted", "never held"])
async def test_a_reading_of_text_that_is_gone_is_dropped(store: PostgresStore, fate: str) -> None:
    c = conversation(1, "a secret")
    if fate != "never held":
        await keep(store, c)
    if fate == "changed":
        await keep(store, conversation(1, "redacted", updated_at=NOW))
    if fate == "deleted":
        async with store.unit() as unit:
            await unit.conversations.delete("intercom", [Deletion(external_id="1001", deleted_at=NOW)])
            await unit.commit()
    await read(store, insight(c), unread=[unread(c)])
    for table in ("conversation_insights", "finding", "unread"):
        assert await query(store, f"select 1 from {table}") == []


async def test_rows_of_other_programs_are_read_within_our_bounds(store: PostgresStore) -> None:
    await query(
        store,
        """insert into conversation_insights (conversation_id, issue_type, priority, sentiment, sentiment_score,
            churn_risk, summary, created_at)
        values ('x', 'BILLING', 'LOW', 'POSITIVE', -0.9, 'LOW', repeat('long ', 100), '2026-03-03 10:00Z'),
            ('y', 'OTHER', 'LOW', 'NEUTRAL', 0, 'LOW', '', '2026-03-04 10:00Z')""",
    )
    x, y = await exported(store)
    assert (x.reading.sentiment_score, len(x.reading.summary), x.reading.confidence) == (0.2, 199, 0.0)
    assert (y.reading.summary, y.provenance.classifier) == ("(no summary)", "external")
    assert x.conversation_at == x.classified_at


async def test_another_program_s_insert_marks_the_conversation_as_read(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    statement = """insert into conversation_insights (conversation_id, issue_type, priority, sentiment,
        sentiment_score, churn_risk, summary) values ('1001', 'BILLING', 'LOW', 'NEUTRAL', 0, 'LOW', 's')"""
    await query(store, statement)
    row = (await query(store, "select * from conversation_insights"))[0]
    assert (row["conversation_at"], row["account"], row["customer_segment"]) == (c.spoken_at, "company-1", "smb")
    async with store.unit() as unit:
        assert await unit.conversations.count_pending() == 0
        assert [f.insight.conversation_id for f in await unit.decisions.undecided(5, now=NOW)] == ["1001"]
        await unit.decisions.save([], decided=["1001"], now=NOW)
        await unit.commit()
    await query(store, "update conversation_insights set priority = 'CRITICAL'")
    assert await value(store, "select decided_at from conversation_insights") is None
    await query(store, "delete from conversation_insights")
    async with store.unit() as unit:
        assert await unit.conversations.count_pending() == 1


async def test_a_later_reading_is_judged_again(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c))
    async with store.unit() as unit:
        await unit.decisions.save([], decided=["1001"], now=NOW)
        await unit.commit()
    await read(store, insight(c, classified_at=NOW + timedelta(hours=1)))
    async with store.unit() as unit:
        assert len(await unit.decisions.undecided(5, now=NOW)) == 1
