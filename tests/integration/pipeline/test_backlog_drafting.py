"""Drafting: themes become items with a score that can be checked by hand; again changes nothing."""

import asyncio

import pytest

from earshot.domain.backlog import ItemStatus
from earshot.domain.grouping import Decider
from earshot.domain.rice import Factor, Source
from earshot.errors import BadInput, Misconfigured, NotFound
from earshot.pipeline.backlog.drafting import draft
from earshot.pipeline.backlog.editing import set_field
from earshot.pipeline.backlog.planning import Outcome
from earshot.pipeline.backlog.refreshing import refresh
from earshot.pipeline.exporting import export
from earshot.prioritise.settings import PrioritiseSettings
from earshot.store import PostgresStore
from tests.integration.pipeline.backlog_world import (
    DARK,
    EXPORT,
    LOGIN,
    ModelTasks,
    item_of,
    items_of,
    parts_of,
    tell,
)

TOLD = [EXPORT] * 6 + [LOGIN] * 4 + [DARK] * 2


async def test_frequent_themes_become_items(store: PostgresStore) -> None:
    await tell(store, TOLD)
    done = await draft(parts_of(store))
    assert [(d.theme_id, d.outcome, d.conversations) for d in done.drafted] == [
        ("t-export", Outcome.CREATED, 6),
        ("t-login", Outcome.CREATED, 4),
    ], "two conversations are not frequent enough"
    item = await item_of(store, "t-export")
    assert (item.text.issue_type, item.status, item.drafted_by) == ("Bug", ItemStatus.DRAFT, Decider.SCORE)
    assert (item.evidence.conversations, item.evidence.customers, item.evidence.mrr) == (6, 6, 600.0)
    assert len(item.evidence.links) == 6
    assert len(item.evidence.quotes) == 3
    assert "customer-reported" in item.text.labels


async def test_the_score_by_hand(store: PostgresStore) -> None:
    await tell(store, [EXPORT] * 5)
    await tell(store, [EXPORT], start=5, segment="enterprise")
    await draft(parts_of(store))
    rice = (await item_of(store, "t-export")).rice
    assert rice is not None
    # 6 accounts in 30 days, one enterprise ×10: (5 + 10) × 91 / 30 = 45.5 -> 46 (half to even); all HIGH, low churn
    score = rice.score
    assert score.reach == 46
    assert score.effort_weeks == 2
    assert score.rice_score == round(46 * score.impact * score.confidence / 2, 2)
    assert any("×10" in line for line in rice.lines)
    assert any("Without the enterprise weight: reach 18" in line for line in rice.lines)


async def test_a_named_theme_is_drafted_however_small(store: PostgresStore) -> None:
    await tell(store, TOLD)
    done = await draft(parts_of(store), themes=["t-dark"])
    assert [(d.theme_id, d.outcome) for d in done.drafted] == [("t-dark", Outcome.CREATED)]
    assert (await item_of(store, "t-dark")).text.issue_type == "Feature"


async def test_unknown_and_ambiguous_themes(store: PostgresStore) -> None:
    await tell(store, TOLD)
    with pytest.raises(NotFound):
        await draft(parts_of(store), themes=["t-nothing"])
    with pytest.raises(BadInput, match="beginning of 3 ids"):
        await draft(parts_of(store), themes=["t-"])


async def test_a_dry_run_keeps_nothing_and_asks_nobody(store: PostgresStore) -> None:
    await tell(store, TOLD)
    model = ModelTasks()
    done = await draft(parts_of(store, make_tasks=lambda: model), dry_run=True, yes=True)
    assert done.count(Outcome.CREATED) == 2
    assert model.asked == []
    assert await items_of(store) == {}


async def test_drafting_again_changes_nothing(store: PostgresStore) -> None:
    await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts)
    before = await items_of(store)
    again = await draft(parts)
    assert again.count(Outcome.UNCHANGED) == 2
    assert await items_of(store) == before


async def test_evidence_grows_and_what_people_set_stays(store: PostgresStore) -> None:
    await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts)
    item = await item_of(store, "t-export")
    await set_field(parts, item.id, field="title", values=["Exports break for large accounts"], reason="clearer")
    await set_field(parts, item.id, field="impact", values=["3"], reason="a renewal hangs on it")
    await set_field(parts, item.id, field="priority", values=["p0"])
    await tell(store, [EXPORT] * 4, start=20)
    assert await refresh(parts) == 1
    after = await item_of(store, "t-export")
    assert after.evidence.conversations == 10
    assert (after.text.title, after.text.priority) == ("Exports break for large accounts", "P0")
    assert after.rice is not None
    assert after.rice.score.impact == 3
    assert after.rice.score.reach == 30  # 10 accounts × 91 / 30, by data
    assert [e.source for e in after.rice.estimates if e.factor is Factor.IMPACT] == [Source.PERSON, Source.FORMULA]
    assert await refresh(parts) == 0
    again = await draft(parts)
    assert again.count(Outcome.UNCHANGED) == 2
    assert await item_of(store, "t-export") == after


async def test_a_model_estimates_and_words(store: PostgresStore) -> None:
    await tell(store, TOLD)
    model = ModelTasks(refuses=frozenset({"t-login"}))
    parts = parts_of(store, make_tasks=lambda: model)
    done = await draft(parts, yes=True)
    assert [(d.theme_id, d.by_model) for d in done.drafted] == [("t-export", True), ("t-login", False)]
    item = await item_of(store, "t-export")
    assert item.rice is not None
    assert (item.text.title, item.text.story_points, item.drafted_by) == ("Worded: t-export", 13, Decider.MODEL)
    assert (item.rice.score.impact, item.rice.score.effort_weeks) == (3, 2)
    assert (await item_of(store, "t-login")).drafted_by is Decider.SCORE, "the template where the model is silent"
    asked = len(model.asked)
    again = await draft(parts)
    assert [d.outcome for d in again.drafted] == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert model.asked[asked:] == ["estimate t-login", "draft t-login"], "only what is due is asked again"
    assert await refresh(parts) == 0
    assert await item_of(store, "t-export") == item


async def test_nothing_is_spent_without_consent(store: PostgresStore) -> None:
    await tell(store, TOLD)
    model = ModelTasks()
    await draft(parts_of(store, make_tasks=lambda: model))
    assert model.asked == []
    wanted = parts_of(store, make_tasks=lambda: model, prioritise=PrioritiseSettings(draft="llm"))
    with pytest.raises(Misconfigured, match="Nobody agreed"):
        await draft(wanted)
    await draft(wanted, yes=True)
    assert model.asked != []


async def test_a_model_that_is_wanted_and_missing(store: PostgresStore) -> None:
    parts = parts_of(store, prioritise=PrioritiseSettings(draft="llm"))
    with pytest.raises(Misconfigured, match="none is switched on"):
        await draft(parts)
    assert (await draft(parts, with_model=False)).drafted == ()


async def test_two_at_once_make_one_item_each(store: PostgresStore) -> None:
    await tell(store, TOLD)
    one, other = await asyncio.gather(draft(parts_of(store)), draft(parts_of(store)))
    assert sorted((one.count(Outcome.CREATED), other.count(Outcome.CREATED))) == [0, 2]
    assert len(await items_of(store)) == 2


async def test_a_discarded_item_stays_discarded(store: PostgresStore) -> None:
    await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts)
    item = await item_of(store, "t-login")
    await set_field(parts, item.id, field="status", values=["discarded"], reason="by design")
    done = await draft(parts)
    assert [d.outcome for d in done.drafted] == [Outcome.UNCHANGED, Outcome.DISCARDED]
    await refresh(parts)
    assert (await item_of(store, "t-login")).status is ItemStatus.DISCARDED


async def test_every_quote_is_what_a_customer_wrote(store: PostgresStore) -> None:
    await tell(store, TOLD)
    parts = parts_of(store)
    await draft(parts, top=10)
    async with store.unit() as unit:
        spoken = {c.id: c.customer_messages async for batch in unit.conversations.export() for c in batch}
    quotes = [quote for item in (await items_of(store)).values() for quote in item.evidence.quotes]
    assert len(quotes) == 6
    assert all(any(quote.text in m.text for m in spoken[quote.conversation_id]) for quote in quotes)
    rows = [row.model_dump(mode="json") async for batch in export(parts, "backlog") for row in batch]
    exported = [text for row in rows for text in row["customer_evidence"]["representative_quotes"]]
    assert sorted(exported) == sorted(quote.text for quote in quotes)
    assert {row["customer_evidence"]["frequency"] for row in rows} == {6, 4}
