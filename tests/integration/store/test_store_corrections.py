"""What a person corrected wins over every re-reading, reaches every figure, and can be taken back."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_samples import NOW, conversation, first_labels, group, insight, keep, query, read, value

from earshot.domain.correction import CHOICES, Correction, Field, as_read
from earshot.domain.insight import Insight
from earshot.domain.reading import SENTIMENT_BANDS, IssueType, PartialLabels, Sentiment
from earshot.domain.report import Window
from earshot.ports.source import Deletion
from earshot.store import PostgresStore

ID = conversation(1).id
WIDE = Window(start=NOW - timedelta(days=300), end=NOW + timedelta(days=300))


async def correct(store: PostgresStore, field: str, to: str, *, one: str = ID, number: int = 0) -> str:
    """Correct a field as a person does; the correction's id."""
    async with store.unit() as unit:
        insight, labels = await unit.pages.corrections.held(one)
        before = (await unit.pages.corrections.of([one])).get(one, [])
        ended = [old for old in before if old.field == field]
        new = Correction(
            id=f"k{number}-{field}-{one}",
            conversation_id=one,
            field=Field(field),
            value=to,
            actor="vera",
            made_at=NOW,
            **_known(field, insight, labels, ended=ended),
        )
        undone = [old.id for old in ended]
        await unit.pages.corrections.change(one, new=new, undone=undone, actor="vera", now=NOW)
        await unit.commit()
    return new.id


def _known(field: str, insight: Any, labels: Any, *, ended: list[Correction]) -> dict[str, Any]:
    if ended:
        return {name: getattr(ended[0], name) for name in ("was", "was_score", "was_label")}
    known: dict[str, Any] = {}
    if insight is not None:
        known["was"] = getattr(insight.reading, field)
        known["was_score"] = insight.reading.sentiment_score if field == "sentiment" else None
    if labels is not None:
        known["was_label"] = getattr(labels.labels, field, None)
    return known


async def take_back(store: PostgresStore, correction: str, *, one: str = ID) -> None:
    async with store.unit() as unit:
        await unit.pages.corrections.change(one, undone=[correction], actor="otto", now=NOW)
        await unit.commit()


async def stored(store: PostgresStore, one: str = ID) -> Insight:
    async with store.unit() as unit:
        found = await unit.browse.insight(one)
    assert found is not None
    return found


async def test_a_correction_wins_over_every_rereading_and_the_model_s_value_is_kept(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c, priority="LOW"))
    await correct(store, "priority", "CRITICAL")
    assert (await stored(store)).reading.priority == "CRITICAL"
    await read(store, insight(c, priority="MEDIUM", classified_at=NOW + timedelta(hours=1)))
    found = await stored(store)
    assert found.reading.priority == "CRITICAL"
    assert found.corrected == ("priority",)
    async with store.unit() as unit:
        held = await unit.pages.corrections.of([ID])
    assert as_read(found, held[ID]).reading.priority == "MEDIUM"
    assert held[ID][0].was == "MEDIUM"


async def test_what_is_taken_back_is_what_the_model_says_now(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    first = insight(c, sentiment="NEGATIVE", score=-0.5)
    await read(store, first)
    made = await correct(store, "sentiment", "POSITIVE")
    now = (await stored(store)).reading
    assert (now.sentiment, now.sentiment_score) == ("POSITIVE", 0.2)
    second = insight(c, sentiment="VERY_NEGATIVE", score=-0.9, classified_at=NOW + timedelta(hours=1))
    await read(store, second)
    await take_back(store, made)
    assert (await stored(store)).model_copy(update={"corrected": ()}) == second
    assert await value(store, "select undone_by from correction") == "otto"


async def test_a_corrected_issue_type_moves_the_first_finding_and_its_place(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c, issue_type="PRODUCT_BUG"))
    await group(store, {})
    assert await value(store, "select theme_id from finding") == "rest"
    await correct(store, "issue_type", "BILLING")
    (row,) = await query(store, "select issue_type, theme_id, quote from finding")
    assert (row["issue_type"], row["theme_id"]) == ("BILLING", None)
    assert row["quote"]
    assert await value(store, "select issue_type from conversation_insights") == "BILLING"
    assert await value(store, "select stale from theme where id = 'rest'") in {True, None}


async def test_another_correction_of_the_field_ends_the_first(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c, churn_risk="LOW"))
    await correct(store, "churn_risk", "HIGH", number=1)
    second = await correct(store, "churn_risk", "MEDIUM", number=2)
    assert (await stored(store)).reading.churn_risk == "MEDIUM"
    async with store.unit() as unit:
        history = await unit.pages.corrections.history(ID)
    assert sorted((one.value, one.undone_at is None) for one in history) == [("HIGH", False), ("MEDIUM", True)]
    await take_back(store, second)
    assert (await stored(store)).reading.churn_risk == "LOW"


async def test_labels_are_corrected_too_and_so_is_the_reading_that_follows(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    labels = PartialLabels(issue_type=IssueType.BILLING, confidence=0.9)
    await read(store, labels=[first_labels(c, labels=labels)])
    made = await correct(store, "priority", "HIGH")
    async with store.unit() as unit:
        first = await unit.browse.labels(ID)
    assert first is not None
    assert (first.labels.priority, first.corrected) == ("HIGH", ("priority",))
    await read(store, insight(c, priority="LOW"))
    assert (await stored(store)).reading.priority == "HIGH"
    await take_back(store, made)
    assert (await stored(store)).reading.priority == "LOW"


async def test_labels_get_back_what_nobody_told(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, labels=[first_labels(c)])
    made = await correct(store, "churn_risk", "HIGH")
    assert await value(store, "select churn_risk from first_labels") == "HIGH"
    await take_back(store, made)
    assert await value(store, "select churn_risk from first_labels") is None


async def test_rules_judge_a_corrected_conversation_again(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c))
    async with store.unit() as unit:
        await unit.decisions.save([], decided=[c.id], now=NOW)
        await unit.commit()
    assert await value(store, "select decided_at is null from conversation_insights") is False
    await correct(store, "priority", "CRITICAL")
    assert await value(store, "select decided_at is null from conversation_insights") is True


async def test_a_deleted_conversation_leaves_no_correction(store: PostgresStore) -> None:
    c, other = conversation(1), conversation(2)
    await keep(store, c, other)
    await read(store, insight(c), insight(other))
    await correct(store, "affected_feature", "Jane's quixotic ledger")
    await correct(store, "priority", "LOW", one=other.id)
    async with store.unit() as unit:
        await unit.conversations.delete("intercom", [Deletion(external_id=c.external_id, deleted_at=NOW)])
        await unit.commit()
    assert [row["conversation_id"] for row in await query(store, "select * from correction")] == [other.id]
    async with store.unit() as unit:
        removed = await unit.erasure.conversation(other.id)
        await unit.commit()
    assert removed["correction"] == 1
    assert await value(store, "select count(*) from conversation_words") == 0


_WHICH, _NUMBER = st.integers(0, 2), st.integers(0, 2)
_CLOSED = st.sampled_from(list(CHOICES))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("correct"), _WHICH, _CLOSED, _NUMBER),
        st.tuples(st.just("read"), _WHICH, st.sampled_from(["LOW", "HIGH"]), _NUMBER),
        st.tuples(st.sampled_from(["undo", "delete"]), _WHICH, st.none(), _NUMBER),
    ),
    max_size=8,
)


@given(steps=STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_counts_equal_rows_and_taking_all_back_gives_the_models_readings(
    store: PostgresStore, steps: list[tuple[str, int, Any, int]]
) -> None:
    async with store.unit() as unit:
        await unit.sql.run("truncate conversation cascade")
        for table in ("conversation_insights", "finding", "correction", "dirty_hour", "insight_hour", "theme_hour"):
            await unit.sql.run(f"delete from {table}")
        await unit.commit()
    all_of_them = [conversation(n) for n in range(3)]
    await keep(store, *all_of_them)
    truth = {c.id: insight(c) for c in all_of_them}
    await read(store, *truth.values())
    for at, (step, which, what, number) in enumerate(steps):
        one = all_of_them[which]
        if one.id in truth:
            await _do(store, truth, one=one, step=step, what=what, number=number, at=at)
        await _counts_equal_rows(store)
    async with store.unit() as unit:
        held = await unit.pages.corrections.of([c.id for c in all_of_them])
        for one, corrections in held.items():
            ids = [k.id for k in corrections]
            await unit.pages.corrections.change(one, undone=ids, actor="otto", now=NOW)
        await unit.commit()
    for one, expected in truth.items():
        assert (await stored(store, one)).reading == expected.reading
    await _counts_equal_rows(store)


async def _do(
    store: PostgresStore, truth: dict[str, Insight], *, one: Any, step: str, what: Any, number: int, at: int
) -> None:
    if step == "correct":
        choices = list(CHOICES[what])
        await correct(store, what, choices[number % len(choices)], one=one.id, number=at)
    elif step == "read":
        sentiment = list(Sentiment)[number]
        truth[one.id] = insight(one, priority=what, sentiment=sentiment, score=SENTIMENT_BANDS[sentiment][1])
        await read(store, truth[one.id])
    elif step == "undo":
        async with store.unit() as unit:
            held = (await unit.pages.corrections.of([one.id])).get(one.id, [])
        for correction in held[:1]:
            await take_back(store, correction.id, one=one.id)
    else:
        del truth[one.id]
        async with store.unit() as unit:
            gone = Deletion(external_id=one.external_id, deleted_at=NOW)
            await unit.conversations.delete("intercom", [gone])
            await unit.commit()


async def _counts_equal_rows(store: PostgresStore) -> None:
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    for name in ("issue_type", "priority", "sentiment", "churn_risk"):
        rows = await query(store, f"select {name} as value, sentiment_score as score from conversation_insights")
        rolled = await query(store, "select value, n, score from insight_hour where dimension = $1", name)
        counted, summed = Counter[str](), Counter[str]()
        for row in rolled:
            counted[row["value"]] += row["n"]
            summed[row["value"]] += row["score"]
        assert counted == Counter(row["value"] for row in rows)
        for said in counted:
            assert summed[said] == pytest.approx(sum(row["score"] for row in rows if row["value"] == said))
    kinds = await query(
        store,
        """select i.issue_type, f.issue_type as first from conversation_insights i
        join finding f using (conversation_id) where f.position = 0""",
    )
    assert all(row["issue_type"] == row["first"] for row in kinds)
