"""The sweep of a schedule takes in what a provider's batches answered, and lets the line go on with it."""

from datetime import timedelta
from pathlib import Path

from earshot.cli.sim_answers import local_answer
from earshot.domain.schedule import Chore, Schedule
from earshot.pipeline.batches.flow import submit
from earshot.pipeline.scheduling.chores import do
from earshot.pipeline.scheduling.order import Conditions
from earshot.sim.llm.settings import SimLlmSettings
from earshot.sim.llm.simulator import LlmSim
from tests.flow.llm_line import opening, write_conversations

SWEEP = Schedule(name="sweep", chore=Chore.SWEEP, cron="* * * * *", timezone="UTC")


async def test_a_sweep_collects_batches(database_url: str, tmp_path: Path) -> None:
    async with opening(database_url) as opened:
        earshot = await opened(LlmSim(local_answer, SimLlmSettings()))
        parts = earshot.parts
        await earshot.import_file(write_conversations(tmp_path / "talk.jsonl", 7))
        patience = parts.clock.now() + timedelta(minutes=1)
        assert parts.make_llm is not None
        assert (await submit(parts, parts.make_llm())).requests == 7
        told: list[str] = []
        while not told and parts.clock.now() < patience:
            done = await do(earshot, SWEEP, tick=parts.clock.now(), conditions=Conditions())
            assert done.ok, done.words
            told += [] if done.idle else [done.words]
        assert told == ["Batches brought 7 readings."]
        async with parts.store.unit() as unit:
            assert await unit.conversations.count_pending() == 0
            assert await unit.batches.unsettled() == []
            assert await unit.decisions.undecided(10, now=parts.clock.now()) == []
