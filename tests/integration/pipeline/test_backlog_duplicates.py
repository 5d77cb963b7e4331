"""Duplicates: what stands in a tracker gets no second item, what may be is asked, and a person's word is kept."""

import asyncio
from pathlib import Path

import pytest

from earshot.domain.backlog import ItemStatus, Standing
from earshot.domain.grouping import Decider, Verdict
from earshot.errors import BadInput, NotFound
from earshot.pipeline.backlog.deciding import duplicates, say
from earshot.pipeline.backlog.drafting import draft
from earshot.pipeline.backlog.importing import import_backlog
from earshot.pipeline.backlog.looking import backlog, item_portrait
from earshot.pipeline.backlog.planning import Outcome
from earshot.pipeline.backlog.refreshing import refresh
from earshot.store import PostgresStore
from tests.integration.pipeline.backlog_world import (
    DARK,
    EXPORT,
    LOGIN,
    SURE,
    UNSURE,
    ModelTasks,
    csv_file,
    existing_of,
    item_of,
    items_of,
    merge,
    parts_of,
    tell,
)
from tests.integration.pipeline.theming_world import Faulty, Killed
from tests.integration.store.store_samples import NOW

TOLD = [EXPORT] * 6 + [LOGIN] * 4 + [DARK] * 2
SAME_ROW = f"{EXPORT},ENG-7,Bug,In Progress,{EXPORT}. It happened three times since Monday"
LIKE_ROW = f"{LOGIN},ENG-8,Bug,To Do,{LOGIN}. It happened three times since Monday"
OTHER_ROW = "Translate the invoice template into Dutch,ENG-9,Story,Done,For the Benelux launch"


async def standings(store: PostgresStore) -> dict[tuple[str, str], Standing]:
    async with store.unit() as unit:
        return {(m.theme_id, m.item_id): m.standing for m in await unit.backlog.matches()}


async def test_what_stands_in_the_tracker_gets_no_item(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    parts = parts_of(store, group=SURE)
    done = await import_backlog(parts, csv_file(tmp_path, SAME_ROW, OTHER_ROW))
    assert (done.items, done.new, done.sources, done.bad) == (2, 2, {"jira": 2}, ())
    assert done.same == 1, "found on import, before anything is created"
    assert await items_of(store) == {}
    drafted = (await draft(parts)).drafted
    assert [(d.theme_id, d.outcome) for d in drafted] == [
        ("t-export", Outcome.LINKED),
        ("t-login", Outcome.CREATED),
    ]
    (twin,) = drafted[0].twins
    assert (twin.key, twin.standing, twin.status) == ("ENG-7", Standing.SAME, "In Progress")
    assert twin.probability > 0.5
    assert (await standings(store))["t-export", "jira:ENG-7"] is Standing.SAME


async def test_what_may_stand_there_is_flagged_and_asked(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    parts = parts_of(store, group=UNSURE)
    await import_backlog(parts, csv_file(tmp_path, LIKE_ROW, OTHER_ROW))
    drafted = {d.theme_id: d for d in (await draft(parts)).drafted}
    assert drafted["t-login"].outcome is Outcome.FLAGGED
    assert drafted["t-export"].outcome is Outcome.CREATED
    (open_,) = await duplicates(parts)
    assert (open_.theme_id, open_.item_id) == ("t-login", (await item_of(store, "t-login")).id)
    assert 0.02 < open_.twins[0].probability < 1
    async with store.unit() as unit:
        (doubt,) = await unit.themes.doubts(10)
    assert (doubt.theme_id, [c.id for c in doubt.candidates]) == ("t-login", ["jira:ENG-8"])
    listed = {one.item.theme_id: one for one in await backlog(parts)}
    assert [twin.key for twin in listed["t-login"].twins] == ["ENG-8"]


async def test_a_persons_word_is_remembered(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    parts = parts_of(store, group=UNSURE)
    file = csv_file(tmp_path, SAME_ROW, LIKE_ROW)
    await import_backlog(parts, file)
    await say(parts, "t-export", item="ENG-7", same=False, reason="another endpoint")
    await say(parts, "t-login", item="ENG-8", same=True)
    wanted = {("t-export", "jira:ENG-7"): Standing.DIFFERENT, ("t-login", "jira:ENG-8"): Standing.SAME}
    outcomes: list[Outcome] = []
    assert await duplicates(parts) == []
    for _ in range(2):
        await import_backlog(parts, file)
        outcomes += [d.outcome for d in (await draft(parts)).drafted]
        await tell(store, [EXPORT, LOGIN], start=40)
        await refresh(parts)
        assert await standings(store) == wanted
    assert outcomes == [Outcome.CREATED, Outcome.LINKED, Outcome.UNCHANGED, Outcome.LINKED]
    async with store.unit() as unit:
        assert await unit.themes.doubts(10) == []


async def test_same_discards_our_draft_and_different_brings_it_back(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    parts = parts_of(store, group=UNSURE)
    await draft(parts)
    await import_backlog(parts, csv_file(tmp_path, LIKE_ROW))
    item = await item_of(store, "t-login")
    said = await say(parts, item.id, item="ENG-8", same=True, reason="the same bug")
    assert (said.discarded, said.match.decided_by, said.match.reason) == (item.id, Decider.PERSON, "the same bug")
    await refresh(parts)
    shown = await item_portrait(parts, item.id)
    assert shown.item.status is ItemStatus.DISCARDED
    assert shown.edits[0].reason == "it is jira:ENG-8"
    assert (await draft(parts)).drafted[1].outcome is Outcome.DISCARDED
    assert (await say(parts, "t-login", item="jira:ENG-8", same=False)).revived == item.id
    await refresh(parts)
    assert (await item_of(store, "t-login")).status is ItemStatus.DRAFT


async def test_a_models_verdict_settles_and_a_person_overrules(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    parts = parts_of(store, group=UNSURE)
    await import_backlog(parts, csv_file(tmp_path, LIKE_ROW))
    verdict = Verdict(
        one="t-login", other="jira:ENG-8", same=True, reason="same", decided_by=Decider.MODEL, decided_at=NOW
    )
    async with store.unit() as unit:
        await unit.themes.judge([verdict])
        await unit.commit()
    await refresh(parts)
    assert await duplicates(parts) == []
    assert [d.decided_by for one in await duplicates(parts, every=True) for d in one.twins] == [Decider.MODEL]
    assert (await draft(parts)).drafted[1].outcome is Outcome.LINKED
    await say(parts, "t-login", item="ENG-8", same=False)
    assert (await draft(parts)).drafted[1].outcome is Outcome.CREATED


@pytest.mark.parametrize(
    ("same", "outcome"), [(True, Outcome.LINKED), (False, Outcome.CREATED), (None, Outcome.FLAGGED)]
)
async def test_a_model_is_asked_where_settings_say_so(
    store: PostgresStore, tmp_path: Path, same: bool | None, outcome: Outcome
) -> None:
    await tell(store, TOLD)
    model = ModelTasks(same=same)
    settings = UNSURE.model_copy(update={"adjudicator": "llm"})
    parts = parts_of(store, group=settings, make_tasks=lambda: model)
    await import_backlog(parts, csv_file(tmp_path, LIKE_ROW))
    drafted = {d.theme_id: d.outcome for d in (await draft(parts, yes=True)).drafted}
    assert drafted["t-login"] is outcome
    assert [asked for asked in model.asked if asked.startswith("adj")] == ["adjudicate t-login"]
    assert len(await duplicates(parts)) == (same is None)


async def test_an_item_that_is_changed_elsewhere_is_looked_at_again(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    parts = parts_of(store, group=UNSURE)
    await import_backlog(parts, csv_file(tmp_path, LIKE_ROW))
    assert len(await duplicates(parts)) == 1
    again = await import_backlog(parts, csv_file(tmp_path, OTHER_ROW.replace("ENG-9", "ENG-8")))
    assert (again.items, again.new, again.unsure) == (1, 0, 0)
    assert await duplicates(parts) == []
    assert (await existing_of(store))["jira:ENG-8"].title.startswith("Translate")
    async with store.unit() as unit:
        assert await unit.themes.doubts(10) == []


async def test_a_persons_word_follows_the_theme(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    parts = parts_of(store, group=UNSURE)
    await import_backlog(parts, csv_file(tmp_path, LIKE_ROW, OTHER_ROW))
    await say(parts, "t-login", item="ENG-8", same=True)
    await merge(store, "t-login", "t-export")
    await refresh(parts)
    assert (await standings(store))["t-export", "jira:ENG-8"] is Standing.SAME
    assert [d.outcome for d in (await draft(parts)).drafted] == [Outcome.LINKED]


async def test_what_is_not_there_is_said(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    parts = parts_of(store, group=UNSURE)
    await import_backlog(parts, csv_file(tmp_path, SAME_ROW, LIKE_ROW))
    with pytest.raises(NotFound, match="no existing item"):
        await say(parts, "t-login", item="OPS-1", same=True)
    with pytest.raises(BadInput, match="may mean 2 existing items"):
        await say(parts, "t-login", item="ENG", same=True)
    with pytest.raises(NotFound, match="no theme"):
        await say(parts, "t-nothing", item="ENG-7", same=True)
    assert (await say(parts, "t-lo", item="ENG-7", same=False)).key == "ENG-7"


async def test_bad_rows_are_named_and_the_rest_goes_in(store: PostgresStore, tmp_path: Path) -> None:
    parts = parts_of(store, group=UNSURE)
    done = await import_backlog(parts, csv_file(tmp_path, SAME_ROW, ",ENG-1,Bug,,", "x,ENG-7,Bug,,y", LIKE_ROW))
    assert (done.items, [bad.line for bad in done.bad]) == (2, [3, 4])
    assert set(await existing_of(store)) == {"jira:ENG-7", "jira:ENG-8"}


async def test_a_dry_run_keeps_nothing(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    done = await import_backlog(parts_of(store, group=UNSURE), csv_file(tmp_path, SAME_ROW, LIKE_ROW), dry_run=True)
    assert (done.items, done.new) == (2, 2)
    assert await existing_of(store) == {}


async def test_two_imports_at_once(store: PostgresStore, tmp_path: Path) -> None:
    await tell(store, TOLD)
    file = csv_file(tmp_path, SAME_ROW, LIKE_ROW)
    done = await asyncio.gather(*(import_backlog(parts_of(store, group=UNSURE), file) for _ in range(2)))
    assert sorted(one.new for one in done) == [0, 2]


@pytest.mark.parametrize("after", [False, True])
async def test_killed_in_the_middle_and_run_again(store: PostgresStore, tmp_path: Path, after: bool) -> None:
    await tell(store, TOLD)
    file = csv_file(tmp_path, SAME_ROW, OTHER_ROW)
    for at in range(6):
        faulty = parts_of(Faulty(store, at=at, after=after), group=SURE)
        try:
            await import_backlog(faulty, file)
            await draft(faulty)
            await refresh(faulty)
        except Killed:
            continue
    parts = parts_of(store, group=SURE)
    await import_backlog(parts, file)
    await draft(parts)
    assert {item.theme_id for item in (await items_of(store)).values()} == {"t-login"}
    assert (await draft(parts)).count(Outcome.CREATED, Outcome.FLAGGED, Outcome.UPDATED) == 0
