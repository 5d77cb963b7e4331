"""The other use cases, wired as in production."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from earshot.domain.run import Run
from earshot.errors import Misconfigured
from earshot.pipeline.checking import Grade, check_runs, check_source, failed
from earshot.pipeline.syncing import preview
from earshot.sim.intercom.settings import Fault, SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from tests.flow.conftest import NOW, Open
from tests.worlds import sample

SINCE = NOW - timedelta(days=100)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two good conversations and a bad line."""
    lines = [
        {"id": "1", "messages": [{"author": "customer", "text": "I was charged twice, please refund one."}]},
        {"id": "2", "customer": {"id": "c9", "email": "ann@firm.example"},
         "messages": [{"author": "customer", "text": "Dark mode would be lovely, my eyes hurt at night."}]},
    ]  # fmt: skip
    path = tmp_path / "talk.jsonl"
    path.write_text("\n".join([*map(json.dumps, lines), "[]x"]))
    return path


async def test_an_imported_file_without_times_is_reported_whole(
    sim: IntercomSim, open_line: Open, file: Path
) -> None:
    earshot = await open_line(sim)
    done = await earshot.import_file(file)
    assert (done.conversations, done.changed, [bad.line for bad in done.bad]) == (2, 2, [3])
    assert (await earshot.import_file(file)).changed == 0
    read = await earshot.classify()
    assert read.read == 2
    figures = await earshot.report()
    assert figures.window.everything
    assert figures.totals.conversations == 2
    assert figures.issue_days == ()
    rows = [row async for batch in earshot.export("themes") for row in batch]
    assert len(rows) == 2
    assert [row async for batch in earshot.export("actions") for row in batch]


async def test_an_erased_person_is_gone_and_stays_gone(sim: IntercomSim, open_line: Open, file: Path) -> None:
    earshot = await open_line(sim)
    await earshot.import_file(file)
    await earshot.classify()
    done = await earshot.erase(contact="ann@firm.example")
    assert sum(done.removed.values()) > 0
    assert done.left == {}
    await earshot.import_file(file)
    exported = [row.model_dump_json() async for batch in earshot.export("conversations") for row in batch]
    assert not any("ann@firm" in row or "eyes hurt" in row for row in exported)
    gone = await earshot.erase(conversation="file:1")
    assert gone.left == {}


async def test_retention_drops_what_is_old_and_does_not_fetch_it_again(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    await earshot.sync(since=SINCE)
    done = await earshot.run(since=SINCE, retention_days=20)
    held = [row async for batch in earshot.export("conversations") for row in batch]
    assert 0 < len(held) < len(sim.truths)
    assert done.run.completeness is not None
    assert done.run.completeness.fetched == 0


async def test_a_preview_says_how_much_and_changes_nothing(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    told = await preview(earshot.parts, since=SINCE, until=None)
    assert told.changed == len(sim.truths)
    assert "requests" in told.words
    assert sim.retrieved.total() == 0
    assert [row async for batch in earshot.export("conversations") for row in batch] == []


async def test_a_healthy_source_passes_every_check(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    checks = await check_source(earshot.parts)
    assert not failed(checks)
    assert any(str(sim.workspace_app["id_code"]) in check.text for check in checks)
    assert {check.name for check in checks} >= {"intercom", "intercom access", "clock"}


async def test_a_refused_token_fails_with_a_hint(open_line: Open) -> None:
    other = SimSettings(token="another", rate_per_minute=600_000)
    earshot = await open_line(IntercomSim(sample(conversations=5, seed=3, now=NOW), settings=other))
    checks = await check_source(earshot.parts)
    assert [check.grade for check in checks] == [Grade.FAILED]
    assert "401" in checks[0].text
    assert "INTERCOM_ACCESS_TOKEN" in checks[0].hint


async def test_a_missing_daily_run_fails_loudly(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    day = timedelta(hours=26)
    assert [c.grade for c in await check_runs(earshot.parts, expect_every=day)] == [Grade.NOTE]
    await earshot.run(since=SINCE)
    assert [c.grade for c in await check_runs(earshot.parts, expect_every=day)] == [Grade.OK]
    assert failed(await check_runs(earshot.parts, expect_every=timedelta(0)))


async def test_a_run_that_breaks_is_recorded_as_failed(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(
        sim, decide={"rules": [{"name": "x", "when": "nonsense ==", "actions": ["CREATE_TICKET"]}]}
    )
    with pytest.raises(Misconfigured):
        await earshot.run(since=SINCE)
    async with earshot.parts.store.unit() as unit:
        last: Run | None = await unit.runs.latest("run")
    assert last is not None
    assert last.ok is False
    assert last.ended_at is not None


async def test_a_search_that_always_fails_ends_in_one_clear_error(sim: IntercomSim, open_line: Open) -> None:
    earshot = await open_line(sim)
    sim.script_fault(Fault.SERVER_ERROR, times=1000, path="/conversations/search")
    with pytest.raises(Exception, match="could not be read"):
        await earshot.run(since=SINCE)
