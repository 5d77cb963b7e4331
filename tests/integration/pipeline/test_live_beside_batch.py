"""Real time beside a batch on one real database: older never wins, nothing is judged or acted on twice."""

import asyncio
from datetime import timedelta

from earshot.domain.conversation import Author, Conversation, Message
from earshot.domain.insight import FirstLabels, Provenance
from earshot.domain.reading import IssueType, PartialLabels, Priority
from earshot.errors import Transient
from earshot.pipeline.deciding import decide, decide_on
from earshot.pipeline.live.judging import judge_read
from earshot.pipeline.theming.group import group, group_new, place_one
from earshot.store import PostgresStore
from tests.integration.pipeline.ruling_world import rule, switched_on, told, world
from tests.integration.store.store_samples import NOW, arrival, conversation, insight, keep, read


def later(said: Conversation, text: str) -> Conversation:
    """The conversation with one more message."""
    at = said.updated_at + timedelta(minutes=5)
    more = Message(id="m-more", author=Author.CUSTOMER, text=text, created_at=at)
    return said.model_copy(update={"messages": (*said.messages, more), "updated_at": at})


def labels(said: Conversation) -> FirstLabels:
    """It is critical."""
    return FirstLabels(
        conversation_id=said.id,
        labels=PartialLabels(issue_type=IssueType.PRODUCT_BUG, priority=Priority.CRITICAL, confidence=0.9),
        provenance=Provenance(classifier="llm", model="m"),
        content_hash=said.content_hash,
        classified_at=NOW,
        conversation_at=said.spoken_at,
    )


async def test_a_sync_that_was_slower_does_not_bring_back_the_older_version(store: PostgresStore) -> None:
    old = conversation(1)
    new = later(old, "And now the import fails too.")

    async def save(one: Conversation) -> None:
        async with store.unit() as unit:
            await unit.conversations.save([arrival(one)], now=NOW)
            await unit.commit()

    for order in ((new, old), (old, new)):
        await asyncio.gather(*(save(one) for one in order))
        async with store.unit() as unit:
            assert (await unit.conversations.get([old.id]))[0].content_hash == new.content_hash


async def test_a_reading_of_a_text_that_changed_meanwhile_is_not_kept(store: PostgresStore) -> None:
    old = conversation(1)
    await keep(store, later(old, "And now the import fails too."))
    async with store.unit() as unit:
        await unit.insights.save([insight(old)], [], labels=[labels(old)])
        await unit.commit()
    async with store.unit() as unit:
        assert await unit.insights.present(old.id) == (None, None)
        assert [one.id for one in await unit.conversations.unheard([old.id])] == [old.id]


async def test_labels_of_a_new_text_are_judged_though_the_old_text_was_read(store: PostgresStore) -> None:
    critical = rule("P0", 'insight.priority == "CRITICAL"', "CREATE_TICKET", caution="text")
    parts = world(store, [critical])
    old = conversation(1)
    await keep(store, old)
    await read(store, insight(old, priority="LOW"))
    await decide(parts)
    new = later(old, "Everything is down!")
    await keep(store, new)
    async with store.unit() as unit:
        await unit.insights.save([], [], labels=[labels(new)])
        await unit.commit()
    async with store.unit() as unit:
        (facts,) = await unit.decisions.of([old.id], now=NOW)
    assert facts.insight.stage == "labels"
    assert "insight.sentiment" in facts.lacking
    assert await decide(parts) == 1
    assert await decide(parts) == 0


async def test_many_who_judge_at_once_make_each_action_once(store: PostgresStore) -> None:
    every = rule("ALL", "true", "CREATE_TICKET", {"do": "TAG", "tag": "seen"}, caution="text")
    parts = world(store, [every])
    await switched_on(parts, every)
    ids = [(await told(store, n, by="local")).conversation_id for n in range(40)]

    async def live(one: str) -> None:
        for _ in range(3):
            try:
                await judge_read(parts, [one])
            except Transient:
                continue
            return
        raise AssertionError("it clashed three times")

    await asyncio.gather(decide(parts), *(live(one) for one in ids), decide(parts))
    async with store.unit() as unit:
        actions = await unit.decisions.list(None, limit=200)
        assert not await unit.decisions.undecided(10, now=NOW)
    tags = [one for one in actions if one.kind == "TAG"]
    assert sorted(one.conversation_id for one in tags) == sorted(ids)
    assert len({one.key for one in actions}) == len(actions)


async def test_groupings_placings_and_new_readings_at_once_leave_every_finding_with_one_theme(
    store: PostgresStore,
) -> None:
    parts = world(store, [rule()])
    said = [conversation(n, f"The CSV export stops half way with error {n % 3}.") for n in range(24)]
    for one in said[:16]:
        await keep(store, one)
        await read(store, insight(one))

    async def arrive() -> None:
        for one in said[16:]:
            await keep(store, one)
            await read(store, insight(one))
        for one in said[:8]:
            await read(store, insight(one, summary="It stops for another reason altogether."))

    await asyncio.gather(
        group(parts), arrive(), group_new(parts), *(place_one(parts, one.id) for one in said[:16]), group(parts)
    )
    await group(parts)
    async with store.unit() as unit:
        assert not await unit.themes.unplaced(10)
        state = await unit.themes.partition()
        mentions = {one.id for one in await unit.themes.mentions(1000)}
    assert set(state.placements) == mentions
    assert {placement.cell_id for placement in state.placements.values()} <= set(state.cells)


async def test_what_is_decided_without_a_theme_waits_only_with_the_rules_that_need_one(
    store: PostgresStore,
) -> None:
    parts = world(store, [rule("NOW", "true", "ADD_TO_PM_QUEUE"), rule("THEN", "theme.frequency >= 1")])
    one = (await told(store, 1, by="local")).conversation_id
    async with store.unit() as unit:
        (decided,) = await decide_on(parts, unit, ids=[one], now=NOW)
        await unit.commit()
    assert [match.rule.name for match in decided.verdict.matches] == ["NOW"]
    assert [late.rule for late in decided.verdict.postponed] == ["THEN"]
    await group(parts)
    assert await decide(parts) == 1
