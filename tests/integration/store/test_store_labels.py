"""Labels before, or instead of, a full reading; stand-ins' readings; summaries."""

from datetime import timedelta

import pytest
from store_samples import NOW, T0, arrival, conversation, first_labels, insight, keep, query, read, unread, value

from earshot.domain.call import Tier
from earshot.domain.conversation import Author, Conversation, Message
from earshot.domain.insight import FirstLabels, Insight, Provenance, Stage
from earshot.domain.reading import ChurnRisk, IssueType, PartialLabels, Priority, Sentiment
from earshot.domain.report import Window
from earshot.ports.source import Deletion
from earshot.ports.store import Summaries, Want
from earshot.store import PostgresStore

STAND_IN = Provenance(classifier="local", model="local-1", cost_usd=0.0, provisional=True)
WHOLE = Provenance(
    classifier="llm",
    model="m-1",
    prompt_version="3.1",
    prompt_hash="abc",
    tier=Tier.MEDIUM,
    shortened=True,
    input_tokens=900,
    output_tokens=80,
    cost_usd=0.0002,
    latency_ms=800,
)


async def labelled(store: PostgresStore) -> list[FirstLabels]:
    async with store.unit() as unit:
        return [one async for batch in unit.insights.export_labels() for one in batch]


async def exported(store: PostgresStore) -> list[Insight]:
    async with store.unit() as unit:
        return [one async for batch in unit.insights.export() for one in batch]


async def pending(store: PostgresStore, want: Want | None = None) -> list[str]:
    async with store.unit() as unit:
        return [one.id for one in await unit.conversations.pending(99, want=want or Want())]


def longer(c: Conversation) -> Conversation:
    extra = Message(id="later", author=Author.CUSTOMER, text="And now?", created_at=NOW)
    return c.model_copy(update={"messages": (*c.messages, extra), "updated_at": NOW})


async def test_what_goes_in_comes_out(store: PostgresStore) -> None:
    a, b = conversation(1), conversation(2, times_known=False)
    await keep(store, a, b)
    whole = PartialLabels(
        issue_type=IssueType.PRODUCT_BUG,
        priority=Priority.HIGH,
        sentiment=Sentiment.NEGATIVE,
        churn_risk=ChurnRisk.LOW,
        confidence=0.75,
        probabilities={"issue_type": {"PRODUCT_BUG": 0.75, "OTHER": 0.25}},
    )
    given = [
        first_labels(a, labels=whole, provenance=WHOLE),
        first_labels(b, labels=PartialLabels(issue_type=IssueType.OTHER), provenance=STAND_IN),
    ]
    await read(store, labels=given)
    assert await labelled(store) == given
    assert await exported(store) == []


async def test_more_of_an_insight_s_origin_comes_out(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    given = insight(c, provenance=WHOLE, injection=True, dropped_quotes=2, category="SECURITY_REVIEW")
    await read(store, given)
    assert await exported(store) == [given]


async def test_labels_are_read_for_labels_only(store: PostgresStore) -> None:
    a, b, c = (conversation(n) for n in range(3))
    await keep(store, a, b, c)
    await read(store, insight(b), labels=[first_labels(a), first_labels(b)])
    assert await pending(store, Want(stage=Stage.LABELS)) == [c.id]
    assert await pending(store) == [a.id, c.id]
    assert [one.conversation_id for one in await labelled(store)] == [a.id], "b has a full reading"


async def test_a_full_reading_replaces_labels(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, labels=[first_labels(c)])
    await read(store, insight(c))
    assert await value(store, "select count(*) from first_labels") == 0
    assert await value(store, "select label_hash from conversation") is None
    await read(store, labels=[first_labels(c)])
    assert await value(store, "select count(*) from first_labels") == 0


async def test_labels_of_new_text_stand_beside_the_reading_of_the_old(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c))
    await keep(store, longer(c))
    assert await pending(store, Want(stage=Stage.LABELS)) == [c.id]
    await read(store, labels=[first_labels(longer(c)), first_labels(c)])
    assert await labelled(store) == [first_labels(longer(c))]
    assert len(await exported(store)) == 1
    assert await pending(store, Want(stage=Stage.LABELS)) == []
    assert await pending(store) == [c.id]


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_stand_in_never_replaces_the_chosen_reader(store: PostgresStore, stage: Stage) -> None:
    c = conversation(1)
    await keep(store, c)

    async def save(provenance: Provenance, on: Conversation) -> None:
        if stage is Stage.FULL:
            await read(store, insight(on, provenance=provenance))
        else:
            await read(store, labels=[first_labels(on, provenance=provenance)])

    async def held() -> list[Provenance]:
        found = await exported(store) if stage is Stage.FULL else await labelled(store)
        return [one.provenance for one in found]

    await save(STAND_IN, c)
    assert await held() == [STAND_IN]
    await save(WHOLE, c)
    assert await held() == [WHOLE]
    await save(STAND_IN, c)
    assert await held() == [WHOLE]
    await keep(store, longer(c))
    await save(STAND_IN, longer(c))
    assert await held() == [STAND_IN], "of another text it does"


async def test_the_better_of_two_in_one_save_stays(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c, provenance=WHOLE), insight(c, provenance=STAND_IN))
    assert [one.provenance for one in await exported(store)] == [WHOLE]


@pytest.mark.parametrize("fate", ["changed", "deleted", "never held"])
async def test_labels_of_text_that_is_gone_are_dropped(store: PostgresStore, fate: str) -> None:
    c = conversation(1, "a secret")
    if fate != "never held":
        await keep(store, c)
    if fate == "changed":
        await keep(store, conversation(1, "redacted", updated_at=NOW))
    if fate == "deleted":
        async with store.unit() as unit:
            await unit.conversations.delete("intercom", [Deletion(external_id="1001", deleted_at=NOW)])
            await unit.commit()
    await read(store, labels=[first_labels(c)])
    assert await query(store, "select 1 from first_labels") == []


async def test_labels_clear_the_unread_mark_but_a_full_reading_is_still_wanted(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, unread=[unread(c)])
    assert await pending(store) == []
    await read(store, labels=[first_labels(c)])
    assert await query(store, "select 1 from unread") == []
    assert await pending(store) == [c.id]
    assert await pending(store, Want(stage=Stage.LABELS)) == []


async def test_what_only_a_stand_in_could_read_is_asked_for_again_by_a_person_alone(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await read(store, insight(c, provenance=STAND_IN))
    want = Want(provisional_before=NOW + timedelta(hours=1))
    assert await pending(store, want) == [c.id]
    later = unread(c).model_copy(update={"attempted_at": NOW + timedelta(hours=2)})
    await read(store, unread=[later])
    assert await pending(store, want) == []
    much_later = NOW + timedelta(hours=3)
    assert await pending(store, Want(provisional_before=much_later)) == [], "each job and each run would pay again"
    assert await pending(store, Want(provisional_before=much_later, unread_before=much_later)) == [c.id]
    assert await pending(store, Want(again_before=much_later)) == [c.id]
    assert (await store.vitals()).unread == 0, "it has a reading"
    async with store.unit() as unit:
        report = await unit.figures.report(Window(start=T0, end=NOW), top=1, currency="USD", now=NOW)
    assert report.unread == 0


async def keep_summary(store: PostgresStore, c: Conversation, key: str = "k", **more: str) -> None:
    async with store.unit() as unit:
        await unit.summaries.save(key, c.id, text=f"about {key}\x00", now=NOW, **more)
        await unit.commit()


async def summary(store: PostgresStore, key: str = "k") -> str | None:
    async with store.unit() as unit:
        known: Summaries = unit.summaries
        return await known.get(key)


async def test_a_summary_is_kept_and_replaced(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    assert await summary(store) is None
    await keep_summary(store, c)
    await keep_summary(store, c)
    await keep_summary(store, c, "other", content_hash=c.content_hash)
    await keep_summary(store, c, "old", content_hash="of an older text")
    assert [await summary(store, key) for key in ("k", "other", "old")] == ["about k", "about other", None]


@pytest.mark.parametrize("fate", ["more text", "less text", "excluded", "deleted", "erased", "retention"])
async def test_a_summary_goes_with_its_text(store: PostgresStore, fate: str) -> None:
    c, other = conversation(1), conversation(2, updated_at=NOW + timedelta(days=9))
    await keep(store, c, other)
    await keep_summary(store, c)
    await keep_summary(store, other, "other")
    async with store.unit() as unit:
        if fate == "more text":
            await unit.conversations.save([arrival(longer(c))], now=NOW)
        elif fate == "less text":
            await unit.conversations.save([arrival(conversation(1, "less", updated_at=NOW))], now=NOW)
        elif fate == "excluded":
            await unit.conversations.save([arrival(c, excluded="spam")], now=NOW)
        elif fate == "deleted":
            await unit.conversations.delete("intercom", [Deletion(external_id="1001", deleted_at=NOW)])
        elif fate == "erased":
            await unit.erasure.conversation(c.id)
        else:
            await unit.erasure.retain(NOW + timedelta(days=1))
        await unit.commit()
    assert await summary(store) is None
    assert await summary(store, "other") == "about other"
    if fate in {"deleted", "erased", "retention"}:
        await keep_summary(store, c)
        assert await summary(store) is None, "it does not come back"


async def test_metadata_leaves_a_summary_alone(store: PostgresStore) -> None:
    c = conversation(1)
    await keep(store, c)
    await keep_summary(store, c)
    await keep(store, c.model_copy(update={"tags": ("new",), "updated_at": NOW}))
    assert await summary(store) == "about k"
