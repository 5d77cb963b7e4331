"""Settings, vocabulary and term counts may change: stored themes do not, but for what is new."""

from earshot.group.settings import GroupSettings
from earshot.pipeline.theming.consolidating import consolidate
from earshot.pipeline.theming.edits import merge, split, undo
from earshot.pipeline.theming.group import group, place_one
from earshot.store import PostgresStore
from tests.integration.pipeline.theming_world import (
    MATTERS,
    assert_counts_hold,
    every,
    forget,
    grouped,
    held,
    parts_of,
    tell,
    theme_of,
)
from tests.integration.store.store_samples import query

STRICT = GroupSettings(same_matter=0.99, same_theme=1.0)
LOOSE = GroupSettings(same_matter=0.05, same_theme=0.05)


async def conditions(store: PostgresStore) -> str:
    async with store.unit() as unit:
        return (await unit.themes.partition()).conditions


async def test_the_same_conditions_are_kept_as_they_are(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login", each=2))
    first = await conditions(store)
    assert len(first) == 32
    await tell(store, every("export", "login", start=100))
    await group(parts)
    await place_one(parts, "1100")
    assert await conditions(store) == first


async def test_other_settings_move_nothing_that_is_placed(store: PostgresStore) -> None:
    await grouped(store, every(*MATTERS))
    before = await held(store)
    for number, settings in enumerate((STRICT, LOOSE, GroupSettings())):
        parts = parts_of(store, group=settings)
        late = every("export", "login", each=1, start=-50 - 10 * number)
        await tell(store, [*every("invoice", each=1, start=200 + number), *late])
        await group(parts)
        after = await held(store)
        for conversations in before.values():
            assert any(conversations <= there for there in after.values()), "what was one theme is one still"
        await assert_counts_hold(parts)
    assert await conditions(store) == "mixed"


async def test_consolidation_shows_the_difference_and_moves_nothing(store: PostgresStore) -> None:
    await grouped(store, every(*MATTERS))
    before = await held(store)
    parts = parts_of(store, group=STRICT)
    await tell(store, [(90, "The dark mode of the mobile app is hard to read")])
    await group(parts)
    found = await consolidate(parts)
    assert found.fresh > found.themes == 5
    assert found.agreement < 1
    after = await held(store)
    assert {theme: after[theme] for theme in before} == before


async def test_recounted_words_move_nothing_that_is_placed(store: PostgresStore) -> None:
    parts = await grouped(store, every(*MATTERS))
    before, first = await held(store), await conditions(store)
    async with store.unit() as unit:
        counted = (await unit.themes.partition()).lexicon.documents
    await tell(store, every(*MATTERS, each=30, start=300))
    await group(parts)
    async with store.unit() as unit:
        assert (await unit.themes.partition()).lexicon.documents > counted, "words were counted afresh"
    assert await conditions(store) != first
    after = await held(store)
    assert all(conversations <= after[theme] for theme, conversations in before.items())
    assert len(after) == len(before)


async def test_edits_and_deletions_work_under_other_conditions(store: PostgresStore) -> None:
    await grouped(store, every("export", "login"))
    export, login = await theme_of(store, 0), await theme_of(store, 1)
    before = await held(store)
    parts = parts_of(store, group=STRICT)
    merged = await merge(parts, export, into=login)
    assert set(await held(store)) == {login}
    await undo(parts, merged.edit.id)
    assert await held(store) == before
    new = (await split(parts, export, conversations=["1000"])).edit.into_id
    assert new is not None
    assert (await held(store))[export] == {"1002", "1004", "1006"}
    await forget(store, [2])
    await group(parts)
    assert await held(store) == {export: {"1004", "1006"}, new: {"1000"}, login: before[login]}
    await assert_counts_hold(parts)


async def test_what_an_older_earshot_grouped_is_looked_at_once(store: PostgresStore) -> None:
    await grouped(store, every(*MATTERS))
    await query(store, "update lexicon set conditions = ''")
    parts = parts_of(store)
    before = await held(store)
    await tell(store, [(90, "The dark mode of the mobile app is hard to read")])
    await group(parts)
    assert len(await conditions(store)) == 32
    after = await held(store)
    assert {theme: after[theme] for theme in before} == before
