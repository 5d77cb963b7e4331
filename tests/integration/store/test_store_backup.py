"""Backup and restore: all of it or nothing."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from outbox_samples import action, claim, decide, delivery, link, plan, receipt, record
from store_samples import NOW, T0, conversation, first_labels, group, insight, keep, query, read, settings

from earshot.domain.batch import BatchEntry, ReadingBatch
from earshot.domain.call import Call, Tier
from earshot.domain.delivery import DeliveryState, Op
from earshot.domain.report import Window
from earshot.domain.run import Run
from earshot.errors import BadInput, Misconfigured, Rejected
from earshot.ports.clock import SystemClock
from earshot.ports.store import Opening, Pace
from earshot.store import PostgresStore, migrating, open_store, read_backup, write_backup


@pytest.fixture
async def other(empty_database_url: str) -> AsyncGenerator[PostgresStore]:
    opened = await open_store(settings(empty_database_url), clock=SystemClock())
    yield opened
    await opened.close()


async def fill(store: PostgresStore) -> None:
    given = [conversation(n, f"tab\tslash\\ newline\n {n}") for n in range(5)]
    await keep(store, *given)
    await read(store, *map(insight, given[:4]))
    await group(store, {})
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.runs.start(Run(id="1", kind="run", started_at=T0))
        await unit.insights.save([], [], labels=[first_labels(given[4])])
        await unit.summaries.save("k", given[4].id, text="about\tit", now=NOW)
        batch = ReadingBatch(id="b", provider="p", model="m", tier=Tier.CHEAP, created_at=NOW)
        entry = BatchEntry(
            id="e", batch_id="b", conversation_id=given[4].id, content_hash="h", prompt_version="3", prompt_hash="p"
        )
        await unit.batches.claim(batch, [entry])
        call = Call(id="c", provider="p", model="m", tier=Tier.CHEAP, started_at=NOW, bound_usd=0.5)
        pace = Pace(key="p:m", requests_per_minute=60)
        await unit.calls.open([Opening(call=call, tokens=5)], pace=pace, day="2026-03-31", day_budget=None)
        await unit.calls.consent("p", now=NOW)
        await unit.commit()
    one = action("1001")
    about = link(action_key=one.key)
    await decide(store, one)
    await plan(store, [about], [delivery(about), delivery(about, Op.UPDATE, 1)], one.key)
    (claimed,) = await claim(store)
    assert await record(store, claimed, state=DeliveryState.DONE, receipt=receipt("P\t1"))


async def content(store: PostgresStore) -> dict[str, list[tuple[object, ...]]]:
    tables = await query(
        store, "select relname from pg_class where relnamespace = 'earshot'::regnamespace and relkind = 'r'"
    )
    return {row[0]: sorted(map(tuple, await query(store, f'select * from "{row[0]}"')), key=repr) for row in tables}


async def test_a_restored_database_equals_the_saved_one(
    store: PostgresStore, other: PostgresStore, tmp_path: Path
) -> None:
    await fill(store)
    file = tmp_path / "earshot.backup"
    saved = await store.backup(file, now=NOW)
    assert (saved["conversation"], saved["finding"]) == (5, 4)
    assert file.stat().st_mode & 0o777 == 0o600
    assert await other.restore(file) == saved
    assert await content(other) == await content(store)
    extra = conversation(90, "after the restore")
    await keep(other, extra)
    await read(other, insight(extra))
    async with other.unit() as unit:
        report = await unit.figures.report(Window(start=T0, end=NOW), top=3, currency="USD", now=NOW)
    assert report.totals.conversations == 5, "triggers work again and new rows get free ids"


async def test_a_full_database_is_replaced_only_when_asked(store: PostgresStore, tmp_path: Path) -> None:
    await fill(store)
    file = tmp_path / "earshot.backup"
    await store.backup(file, now=NOW)
    before = await content(store)
    await keep(store, conversation(70))
    with pytest.raises(Rejected, match="not empty"):
        await store.restore(file)
    await store.restore(file, replace=True)
    assert await content(store) == before


async def test_backup_and_restore_by_settings(database_url: str, empty_database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "earshot.backup"
    saved = await write_backup(settings(database_url), file, clock=SystemClock())
    assert await read_backup(settings(empty_database_url), file, replace=False, clock=SystemClock()) == saved


@pytest.mark.parametrize("damage", ["cut", "cut at a record", "changed", "other file", "empty", "newer"])
async def test_a_bad_file_changes_nothing(store: PostgresStore, tmp_path: Path, damage: str) -> None:
    await fill(store)
    file = tmp_path / "earshot.backup"
    await store.backup(file, now=NOW)
    before = await content(store)
    good = file.read_bytes()
    bad = {
        "cut": good[: len(good) // 2],
        "cut at a record": good[:-9],
        "changed": good[:100] + bytes([good[100] ^ 255]) + good[101:],
        "other file": b"PK\x03\x04 something else",
        "empty": b"",
        "newer": good,
    }[damage]
    file.write_bytes(bad)
    if damage == "newer":
        await query(store, "update revision set version_num = '9999'")
        await store.backup(file, now=NOW)
        await query(store, "update revision set version_num = $1", migrating.HEAD)
    with pytest.raises(BadInput):
        await store.restore(file, replace=True)
    assert await content(store) == before


async def test_a_missing_file_and_an_unwritable_place_are_named(store: PostgresStore, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.backup"):
        await store.restore(tmp_path / "nowhere.backup")
    with pytest.raises(Misconfigured, match="cannot write"):
        await store.backup(tmp_path / "missing" / "x.backup", now=NOW)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 (nothing waits for it)
