"""Backlog items, people's edits over them, evidence, items elsewhere, matches."""

from datetime import timedelta
from typing import Any

import pytest
from store_samples import NOW, T0, conversation, customer, group, insight, keep, read

from earshot.domain.backlog import (
    BacklogItem,
    Evidence,
    ExistingItem,
    ItemEdit,
    ItemStatus,
    ItemText,
    ItemType,
    Match,
    Standing,
    Urgency,
)
from earshot.domain.grouping import Decider
from earshot.domain.report import Window
from earshot.domain.rice import Rice, RiceScore
from earshot.errors import BadInput
from earshot.store import PostgresStore

ALL = Window(start=T0 - timedelta(days=1), end=NOW)
EVIDENCE = Evidence(conversations=3, customers=2, first_seen=T0, last_seen=NOW)
TEXT = ItemText(
    title="Exports stop half way",
    description="Exports of many rows stop.",
    acceptance_criteria=("An export of 10,000 rows is whole.",),
    labels=("exports",),
    issue_type=ItemType.BUG,
    priority=Urgency.P1,
)


def item(number: str, score: float | None = None, **changes: Any) -> BacklogItem:
    rice = None
    if score is not None:
        rice = Rice(
            score=RiceScore(reach=1, impact=1.0, confidence=1.0, effort_weeks=1, rice_score=score, reasoning="r"),
            estimates=(),
            lines=("Reach 1",),
        )
    values: dict[str, Any] = {
        "id": number,
        "theme_id": "t",
        "text": TEXT,
        "rice": rice,
        "evidence": EVIDENCE,
        "created_at": T0,
        "updated_at": NOW,
    }
    return BacklogItem.model_validate(values | changes)


def edit(field: str, value: str | None, hours: int = 0, **changes: Any) -> ItemEdit:
    values: dict[str, Any] = {"item_id": "i1", "reason": "because", "actor": "me"}
    return ItemEdit.model_validate(
        {"field": field, "value": value, "at": NOW + timedelta(hours=hours)} | values | changes
    )


async def test_items_come_by_score(store: PostgresStore) -> None:
    given = [item("i1", 1.5), item("i2"), item("i3", 7.25), item("i4", 1.5)]
    async with store.unit() as unit:
        await unit.backlog.save(given)
        assert [one.id for one in await unit.backlog.items()] == ["i3", "i1", "i4", "i2"]
        assert await unit.backlog.get("i3") == given[2]
        assert await unit.backlog.get("i") is None, "several begin so"
        assert await unit.backlog.get("x") is None
        await unit.backlog.save([item("i33", 9.0, created_at=NOW), item("i4", 8.0, created_at=NOW)])
        assert (await unit.backlog.get("i3")) == given[2], "its own id, although another begins so"
        again = await unit.backlog.get("i4")
        assert again is not None
        assert (again.created_at, again.updated_at) == (T0, NOW)
        await unit.backlog.save([])


async def test_what_a_person_set_lies_over_every_draft(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.backlog.save([item("i1", 1.0)])
        await unit.backlog.edit([edit("title", '"Old"'), edit("title", '"Mine"', 1), edit("status", '"approved"')])
        await unit.backlog.edit([edit("impact", "2"), edit("labels", '["a", "b"]')])
        found = await unit.backlog.get("i1")
        assert found is not None
        assert found.edited == ("impact", "labels", "status", "title")
        assert (found.text.title, found.text.labels, found.status) == ("Mine", ("a", "b"), ItemStatus.APPROVED)
        assert [(e.field, e.value) for e in await unit.backlog.edits("i1")][:1] == [("title", '"Mine"')]
        redrafted = found.model_copy(
            update={"text": found.text.model_copy(update={"description": "Drafted anew."}), "updated_at": NOW}
        )
        await unit.backlog.save([redrafted])
        assert await unit.backlog.get("i1") == redrafted
        await unit.backlog.edit([edit("title", None, 2), edit("status", None, 2), edit("labels", None, 2)])
        given_back = await unit.backlog.get("i1")
    assert given_back is not None
    assert given_back.text == TEXT.model_copy(update={"description": "Drafted anew."})
    assert (given_back.status, given_back.edited) == (ItemStatus.DRAFT, ("impact",))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nonsense", '"x"'),
        ("title", '""'),
        ("title", '"' + "x" * 101 + '"'),
        ("story_points", "22"),
        ("status", '"lost"'),
        ("effort", '"soon"'),
        ("effort", "null"),
        ("title", "not json"),
    ],
)
async def test_what_cannot_be_set_is_refused(store: PostgresStore, field: str, value: str) -> None:
    async with store.unit() as unit:
        await unit.backlog.save([item("i1")])
        with pytest.raises(BadInput):
            await unit.backlog.edit([edit(field, value)])
        assert await unit.backlog.edits("i1") == []


async def test_evidence_is_counted_from_rows(store: PostgresStore) -> None:
    given = [conversation(24 * n, f"slow {n}") for n in range(6)]
    given.append(conversation(24 * 6, "slow 6", customer=customer(9, company_id=None, company=None, mrr=50.0)))
    given.append(conversation(24 * 7, "slow 7", customer=None))
    await keep(store, *given)
    readings = [insight(c, priority="LOW" if n % 2 else "HIGH") for n, c in enumerate(given)]
    await read(store, *readings)
    await group(store, {f"slow {n}": "slow" for n in range(8)})
    async with store.unit() as unit:
        found = await unit.backlog.evidence(["slow", "nothing"], window=ALL)
        assert list(found) == ["slow"]
        evidence = found["slow"]
        half = (await unit.backlog.evidence(["slow"], window=Window(start=T0 + timedelta(days=4), end=NOW)))["slow"]
        whole = (await unit.backlog.evidence(["slow"]))["slow"]
        assert await unit.backlog.evidence([]) == {}
        quotes = await unit.backlog.quotes("slow", limit=2)
    assert (evidence.conversations, evidence.customers, evidence.companies) == (8, 2, 1)
    assert (evidence.mrr, evidence.segments) == (50.0, {"smb": 2})
    assert (evidence.priorities, evidence.churn_risks) == ({"HIGH": 4, "LOW": 4}, {"LOW": 8})
    assert (evidence.first_seen, evidence.last_seen, evidence.days) == (T0, T0 + timedelta(days=7), 7)
    assert (evidence.avg_sentiment, evidence.confidence, evidence.previous_conversations) == (-0.69, 0.8, 0)
    assert [link.conversation_id for link in evidence.links] == [c.id for c in reversed(given)]
    assert evidence.links[0].url == given[-1].url
    assert (half.conversations, half.previous_conversations) == (4, 4)
    assert whole == evidence
    assert [(quote.text, account) for quote, account in quotes] == [
        ("slow 7", given[7].id),
        ("slow 6", "contact-0009"),
    ]


def existing(number: int, **changes: Any) -> ExistingItem:
    values: dict[str, Any] = {"id": f"jira:{number}", "source": "jira", "key": str(number), "title": f"T {number}"}
    return ExistingItem.model_validate(values | changes)


async def test_items_elsewhere_are_replaced_by_id(store: PostgresStore) -> None:
    first = existing(1, description="d", labels=("a", "b"), updated_at=NOW, url="https://x", status="Open")
    async with store.unit() as unit:
        assert await unit.backlog.import_items([first, existing(2), existing(2)]) == 2
        assert await unit.backlog.import_items([existing(2, title="N\x00ew"), existing(3)]) == 1
        assert await unit.backlog.import_items([]) == 0
        found = [one async for batch in unit.backlog.existing() for one in batch]
    assert found == [first, existing(2, title="New"), existing(3)]


async def test_a_person_s_match_is_never_replaced(store: PostgresStore) -> None:
    def match(theme: str, number: int, probability: float, **changes: Any) -> Match:
        values: dict[str, Any] = {"standing": Standing.UNSURE, "decided_at": NOW, "reason": "both: exports"}
        return Match.model_validate(
            {"theme_id": theme, "item_id": f"jira:{number}", "probability": probability} | values | changes
        )

    person = match("a", 1, 0.5, standing=Standing.DIFFERENT, decided_by=Decider.PERSON)
    async with store.unit() as unit:
        await unit.backlog.match([match("a", 1, 0.6), match("a", 2, 0.4), match("b", 1, 0.9)])
        await unit.backlog.match([person])
        await unit.backlog.match([match("a", 1, 0.8), match("a", 2, 0.7)])
        assert await unit.backlog.matches("a") == [match("a", 2, 0.7), person]
        assert [m.theme_id for m in await unit.backlog.matches()] == ["b", "a", "a"]
        assert await unit.backlog.matches("nothing") == []
