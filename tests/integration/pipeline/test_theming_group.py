"""Grouping as a use case: idempotent, the same in any order and any batching, exact after every change."""

import random
from collections.abc import Sequence

import pytest

from earshot.pipeline.theming.consolidating import consolidate
from earshot.pipeline.theming.group import group, place_one
from earshot.store import PostgresStore
from tests.integration.pipeline.theming_world import (
    MATTERS,
    Faulty,
    Killed,
    assert_counts_hold,
    emptied,
    every,
    forget,
    grouped,
    held,
    parted,
    parts_of,
    tell,
    theme_of,
)

ALL_OF_IT = every(*MATTERS)


def together(*matters: str, each: int = 4) -> set[frozenset[str]]:
    """The partition that the matters tell."""
    found: dict[str, set[str]] = {}
    for number, text in every(*matters, each=each):
        matter = next(name for name, texts in MATTERS.items() if text in texts)
        found.setdefault(matter, set()).add(str(1000 + number))
    return {frozenset(conversations) for conversations in found.values()}


async def test_each_matter_becomes_one_theme(store: PostgresStore) -> None:
    parts = await grouped(store, ALL_OF_IT)
    assert parted(await held(store)) == together(*MATTERS)
    await assert_counts_hold(parts)


async def test_a_second_grouping_changes_nothing(store: PostgresStore) -> None:
    parts = await grouped(store, ALL_OF_IT)
    before = await held(store)
    assert await group(parts) == 0
    assert await held(store) == before
    async with store.unit() as unit:
        events = await unit.themes.lineage(None, limit=100)
    assert len(events) == len(MATTERS), "each theme was born once, and nothing else happened"


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_order_and_any_batching_give_the_same_themes(store: PostgresStore, seed: int) -> None:
    dice = random.Random(seed)
    parts, told = parts_of(store), list(ALL_OF_IT)
    dice.shuffle(told)
    for batch in _cut(told, dice):
        await tell(store, batch)
        await group(parts)
    shuffled = parted(await held(store))
    await emptied(store)
    await tell(store, ALL_OF_IT)
    await group(parts)
    assert parted(await held(store)) == shuffled
    await assert_counts_hold(parts)


def _cut(told: Sequence[tuple[int, str]], dice: random.Random) -> list[Sequence[tuple[int, str]]]:
    cuts = sorted(dice.sample(range(1, len(told)), 4))
    return [told[start:end] for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True)]


async def test_a_conversation_read_again_moves_and_counts_once(store: PostgresStore) -> None:
    parts = await grouped(store, ALL_OF_IT)
    export, login = await theme_of(store, 0), await theme_of(store, 1)
    await tell(store, [(4, MATTERS["login"][3])])
    await group(parts)
    found = await held(store)
    assert "1004" in found[login]
    assert "1004" not in found[export]
    await assert_counts_hold(parts)


async def test_a_deleted_founder_leaves_its_theme_in_place(store: PostgresStore) -> None:
    parts = await grouped(store, ALL_OF_IT)
    theme = await theme_of(store, 0)
    await forget(store, [0])
    await assert_counts_hold(parts)
    await group(parts)
    assert (await held(store))[theme] == {"1004", "1008", "1012"}
    await assert_counts_hold(parts)


async def test_new_conversations_never_move_old_ones(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login", each=2))
    before = await held(store)
    await tell(store, every("export", "login", "invoice", start=100))
    await group(parts)
    after = await held(store)
    assert all(conversations <= after[theme] for theme, conversations in before.items())
    assert len(after) == 3


@pytest.mark.parametrize("after", [False, True])
async def test_a_killed_grouping_goes_on_where_it_was(store: PostgresStore, after: bool) -> None:
    await tell(store, ALL_OF_IT)
    for at in range(3):
        parts = parts_of(store)
        parts.store = Faulty(store, at=at, after=after)  # type: ignore[assignment]
        try:
            await group(parts)
        except Killed:
            await assert_counts_hold(parts_of(store))
    parts = parts_of(store)
    await group(parts)
    assert parted(await held(store)) == together(*MATTERS)
    await assert_counts_hold(parts)


async def test_one_conversation_is_placed_at_once(store: PostgresStore) -> None:
    parts = await grouped(store, ALL_OF_IT)
    theme = await theme_of(store, 2)
    await tell(store, [(70, MATTERS["invoice"][1]), (71, "The dark mode of the mobile app is hard to read")])
    assert await place_one(parts, "1070") == [theme]
    (fresh,) = await place_one(parts, "1071")
    assert fresh not in await held(store) or (await held(store))[fresh] == {"1071"}
    before = await held(store)
    assert await group(parts) == 0
    assert await held(store) == before
    await assert_counts_hold(parts)


async def test_placing_one_by_one_agrees_with_grouping_at_once(store: PostgresStore) -> None:
    parts = parts_of(store)
    for number, text in ALL_OF_IT:
        await tell(store, [(number, text)])
        await place_one(parts, str(1000 + number))
    assert parted(await held(store)) == together(*MATTERS)
    assert (await consolidate(parts)).agreement >= 0.98
    await assert_counts_hold(parts)


async def test_consolidation_proposes_and_never_moves(store: PostgresStore) -> None:
    parts = await grouped(store, ALL_OF_IT)
    before = await held(store)
    found = await consolidate(parts)
    assert (found.mentions, found.themes, found.fresh, found.agreement) == (16, 4, 4, 1.0)
    assert found.proposals == ()
    assert await held(store) == before
