"""What people do to themes: it works at once, it lasts, it can be taken back, and nonsense is refused."""

import pytest

from earshot.domain.grouping import Change, Decider, EditKind
from earshot.errors import BadInput, NotFound
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.edits import history, merge, move, rename, split, undo
from earshot.pipeline.theming.group import group
from earshot.pipeline.theming.looking import portrait
from earshot.store import PostgresStore
from tests.integration.pipeline.theming_world import (
    MATTERS,
    assert_counts_hold,
    every,
    forget,
    grouped,
    held,
    parted,
    tell,
    theme_of,
)


async def test_merged_themes_stay_one_for_what_comes_later(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login"))
    export, login = await theme_of(store, 0), await theme_of(store, 1)
    done = await merge(parts, login, into=export, reason="the same gateway")
    assert {one.id: one.conversations for one in done.before} == {login: 4, export: 4}
    assert {one.id: one.conversations for one in done.after} == {login: 0, export: 8}
    await tell(store, [(50, MATTERS["login"][2]), (51, MATTERS["export"][1])])
    await group(parts)
    assert {await theme_of(store, 50), await theme_of(store, 51)} == {export}
    assert parted(await held(store)) == {frozenset(str(1000 + n) for n in (*range(8), 50, 51))}
    await assert_counts_hold(parts)
    events = (await portrait(parts, export)).lineage
    told = next(event for event in events if event.change is Change.MERGED)
    assert (told.theme_id, told.other_id, told.actor) == (login, export, "tester")


async def test_a_merge_taken_back_parts_the_themes_again(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login"))
    before = await held(store)
    done = await merge(parts, await theme_of(store, 1), into=await theme_of(store, 0))
    await undo(parts, done.edit.id)
    assert await held(store) == before
    await group(parts)
    assert await held(store) == before
    await assert_counts_hold(parts)


async def test_a_dry_run_says_what_would_happen_and_changes_nothing(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login"))
    before, (export, login) = await held(store), (await theme_of(store, 0), await theme_of(store, 1))
    told = await merge(parts, login, into=export, dry_run=True)
    assert told.dry_run
    assert {one.id: one.conversations for one in told.after} == {login: 0, export: 8}
    assert await held(store) == before
    assert await history(parts, None, limit=9) == ([], (await history(parts, None, limit=9))[1])
    done = await merge(parts, login, into=export)
    assert done.after == told.after


async def test_what_was_split_off_never_joins_again(store: PostgresStore) -> None:
    parts = await grouped(store, every("export"))
    theme = await theme_of(store, 0)
    done = await split(parts, theme, conversations=["1002", "1003"], title="Exports of the night job")
    new = done.edit.into_id
    assert new is not None
    assert await held(store) == {theme: {"1000", "1001"}, new: {"1002", "1003"}}
    assert (await portrait(parts, new)).theme.title == "Exports of the night job"
    await tell(store, [(60, MATTERS["export"][0]), (2, MATTERS["export"][0])])
    await group(parts)
    after = await held(store)
    assert {"1000", "1001"} <= after[theme]
    assert {"1002", "1003"} <= after[new]
    assert set(after) == {theme, new}
    await assert_counts_hold(parts)


async def test_a_moved_conversation_stays_there_when_it_is_read_again(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login"))
    export, login = await theme_of(store, 0), await theme_of(store, 1)
    await move(parts, ["1002"], theme=export, into=login)
    assert await theme_of(store, 2) == login
    assert await theme_of(store, 4) == export
    await tell(store, [(2, "It is the CSV export again: it stops half way with error 500")])
    await group(parts)
    assert await theme_of(store, 2) == login
    await assert_counts_hold(parts)


async def test_a_given_name_lasts_until_it_is_taken_back(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", each=2))
    theme = await theme_of(store, 0)
    old = (await portrait(parts, theme)).theme
    done = await rename(parts, theme, title="Export: error 500", description="Large exports end half way.")
    await tell(store, [(number, MATTERS["export"][number % 4]) for number in range(20, 40)])
    await group(parts)
    found = (await portrait(parts, theme)).theme
    assert (found.title, found.description, found.conversations) == (
        "Export: error 500",
        "Large exports end half way.",
        22,
    )
    await undo(parts, done.edit.id)
    async with store.unit() as unit:
        head = (await unit.themes.partition()).heads[theme]
    assert head.named_by is Decider.SCORE
    assert head.title != "Export: error 500"
    assert old.title


async def test_history_tells_who_did_what(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login"))
    theme = await theme_of(store, 0)
    await rename(parts, theme, title="One", reason="shorter")
    second = await rename(parts, theme, title="Two")
    await undo(parts, second.edit.id[:11])
    edits, events = await history(parts, theme, limit=9)
    assert [(e.kind, e.title, e.actor, e.reason, e.undone_at is not None) for e in edits] == [
        (EditKind.RENAME, "Two", "tester", "", True),
        (EditKind.RENAME, "One", "tester", "shorter", False),
    ]
    assert (await portrait(parts, theme)).theme.title == "One"
    assert {event.change for event in events} >= {Change.BORN, Change.RENAMED}
    assert (await history(parts, await theme_of(store, 1), limit=9))[0] == []


async def test_deletion_leaves_an_edit_without_its_conversation(store: PostgresStore) -> None:
    parts = await grouped(store, every("export"))
    theme = await theme_of(store, 0)
    done = await split(parts, theme, conversations=["1003"])
    await forget(store, [3])
    await group(parts)
    assert await held(store) == {theme: {"1000", "1001", "1002"}}
    with pytest.raises(NotFound):
        await portrait(parts, str(done.edit.into_id))
    await assert_counts_hold(parts)


@pytest.mark.parametrize("wrong", ["", "no such theme", "t"])
async def test_an_id_must_mean_one_theme(store: PostgresStore, wrong: str) -> None:
    parts = await grouped(store, every("export", "login", each=1))
    with pytest.raises((NotFound, BadInput)):
        await rename(parts, wrong, title="Something")
    with pytest.raises((NotFound, BadInput)):
        await portrait(parts, wrong)


async def test_nonsense_is_refused(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login", each=2))
    theme, other = await theme_of(store, 0), await theme_of(store, 1)
    await _refused(merge(parts, theme, into=theme), "same theme")
    await _refused(move(parts, ["1000"], theme=theme, into=theme), "same theme")
    await _refused(split(parts, theme, conversations=[]), "No conversation")
    await _refused(split(parts, theme, conversations=["1000", "1002"]), "every conversation")
    await _refused(split(parts, theme, conversations=["1001"]), "no conversation of this theme")
    await _refused(split(parts, theme, conversations=["10"]), "beginning of 2")
    await _refused(rename(parts, theme, title=" \u200b\n"), "can be read")
    await _refused(rename(parts, theme, title="x" * 101), "101 characters")
    await _refused(undo(parts, "none"), "no change")
    done = await merge(parts, theme, into=other)
    await undo(parts, done.edit.id)
    await _refused(undo(parts, done.edit.id), "taken back")
    merged = await merge(parts, theme, into=other)
    assert merged.edit.into_id == other
    await _refused(rename(parts, theme, title="Gone"), "no theme")
    await assert_counts_hold(parts)


async def _refused(work: object, words: str) -> None:
    with pytest.raises((BadInput, NotFound), match=words):
        await work  # type: ignore[misc]


async def test_a_gone_theme_says_where_it_went(store: PostgresStore) -> None:
    parts: Parts = await grouped(store, every("export", "login", each=2))
    theme, other = await theme_of(store, 0), await theme_of(store, 1)
    await merge(parts, theme, into=other)
    with pytest.raises(NotFound) as told:
        await portrait(parts, theme)
    assert told.value.hint == f"It went into {other}."


async def test_the_founder_alone_can_be_moved(store: PostgresStore) -> None:
    parts = await grouped(store, every("export", "login"))
    export, login = await theme_of(store, 0), await theme_of(store, 1)
    await move(parts, ["1000"], theme=export, into=login)
    assert await held(store) == {
        export: {"1002", "1004", "1006"},
        login: {"1000", "1001", "1003", "1005", "1007"},
    }
    await group(parts)
    assert (await held(store))[export] == {"1002", "1004", "1006"}
    await assert_counts_hold(parts)


async def test_the_founder_alone_can_be_split_off(store: PostgresStore) -> None:
    parts = await grouped(store, every("export"))
    theme = await theme_of(store, 0)
    new = (await split(parts, theme, conversations=["1000"])).edit.into_id
    assert await held(store) == {theme: {"1001", "1002", "1003"}, new: {"1000"}}
    await assert_counts_hold(parts)
