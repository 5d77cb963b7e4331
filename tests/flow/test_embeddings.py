"""Embeddings in the whole line, wired as in production: consent, run, costs, a provider that fails."""

from pathlib import Path
from typing import Any

import pytest

from earshot.domain.call import Purpose
from earshot.errors import Misconfigured
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.embedding.consent import ensure
from earshot.pipeline.embedding.outlook import outlook
from earshot.pipeline.money.costing import costs
from earshot.settings import Settings
from earshot.sim.llm.simulator import LlmSim
from tests.flow.llm_line import calls_of, opening, write_conversations

pytestmark = pytest.mark.skipif("embeddings" not in Settings.model_fields, reason="[embeddings] is not wired yet")
PAID: dict[str, Any] = {"sections": {"embeddings": {"provider": "openai"}}}


async def imported(earshot: Earshot, folder: Path, count: int = 12) -> Earshot:
    await earshot.import_file(write_conversations(folder / "in.jsonl", count))
    return earshot


async def test_the_run_embeds_every_finding_once_and_costs_show_it(tmp_path: Path, database_url: str) -> None:
    sim = LlmSim()
    async with opening(database_url) as opened:
        earshot = await imported(await opened(sim, "", **PAID), tmp_path)
        await ensure(earshot.parts, yes=True, ask=None)
        await earshot.run(classifier="local", with_sync=False)
        first = await calls_of(earshot)
        await earshot.run(classifier="local", with_sync=False)
        assert await calls_of(earshot) == first
        assert {call.purpose for call in first} == {Purpose.EMBED}
        told = await costs(earshot.parts, by="purpose")
        (line,) = told.lines
        assert line.name == "embed"
        assert line.usd == pytest.approx(float(sim.invoice.total))
        assert line.usd > 0
        after = await outlook(earshot.parts)
        assert after is not None
        assert after.waiting == 0
        async with earshot.parts.store.unit() as unit:
            assert await unit.themes.count_unplaced() == 0


async def test_a_run_goes_on_by_words_when_the_provider_is_down_or_nobody_agreed(
    tmp_path: Path, database_url: str
) -> None:
    sim = LlmSim()
    sim.down()
    async with opening(database_url) as opened:
        earshot = await imported(await opened(sim, "", attempts=1, **PAID), tmp_path)
        with pytest.raises(Misconfigured):
            await ensure(earshot.parts, yes=False, ask=None)
        done = await earshot.run(classifier="local", with_sync=False)
        assert done.run.ok
        assert not sim.requests
        await ensure(earshot.parts, yes=True, ask=None)
        assert (await earshot.run(classifier="local", with_sync=False)).run.ok
        async with earshot.parts.store.unit() as unit:
            assert await unit.themes.count_unplaced() == 0


async def test_findings_placed_by_words_get_their_vectors_once_somebody_agreed(
    tmp_path: Path, database_url: str
) -> None:
    sim = LlmSim()
    async with opening(database_url) as opened:
        earshot = await imported(await opened(sim, "", **PAID), tmp_path)
        await earshot.run(classifier="local", with_sync=False)
        expected = await outlook(earshot.parts)
        assert expected is not None
        assert expected.waiting > 0
        await ensure(earshot.parts, yes=True, ask=None)
        await earshot.run(classifier="local", with_sync=False)
        after = await outlook(earshot.parts)
        assert after is not None
        assert after.waiting == 0
        assert expected.usd == pytest.approx(float(sim.invoice.total), rel=0.3)
