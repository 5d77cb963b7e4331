"""Reading with language models end to end: a real database, the real SDKs, simulated providers."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from earshot.cli.sim_answers import local_answer, local_decisions
from earshot.domain.call import Call, Outcome, Tier
from earshot.domain.insight import Stage
from earshot.errors import Misconfigured
from earshot.pipeline.reading.classify import classify
from earshot.ports.store import Want
from earshot.sim.llm.settings import Fault, FaultSettings, Pace, SimLlmSettings
from earshot.sim.llm.simulator import LlmSim
from earshot.sim.llm.wire import Json
from tests.flow.llm_line import (
    PROVIDERS,
    Open,
    calls_of,
    insights_of,
    labels_of,
    opening,
    write_conversations,
)

COUNT = 60


@pytest.fixture
async def open_llm(database_url: str) -> AsyncGenerator[Open]:
    async with opening(database_url) as opened:
        yield opened


@pytest.fixture
def sim() -> LlmSim:
    return LlmSim(local_answer, SimLlmSettings(), decisions=local_decisions)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_conversations(tmp_path / "conversations.jsonl", COUNT)


def charged(calls: list[Call]) -> Decimal:
    return sum((Decimal(str(c.cost_usd)) for c in calls if c.cost_usd is not None), Decimal())


def to_the_micro_dollar(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal("0.000001"))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_every_conversation_is_read_once_and_paid_once(
    provider: str, sim: LlmSim, file: Path, open_llm: Open
) -> None:
    earshot = await open_llm(sim, provider)
    await earshot.import_file(file)
    done = await earshot.classify()
    assert (done.read, done.unread, done.left, done.provisional, done.stopped) == (COUNT, 0, 0, 0, None)
    insights = list((await insights_of(earshot)).values())
    assert len(insights) == COUNT
    assert {i.provenance.classifier for i in insights} == {"llm"}
    assert {i.provenance.tier for i in insights} == {Tier.CHEAP}
    assert all(i.provenance.prompt_hash and i.provenance.input_tokens for i in insights)
    assert all(i.reading.findings[0].quote for i in insights)
    calls = await calls_of(earshot)
    assert {c.outcome for c in calls} == {Outcome.OK}
    assert len({c.conversation_id for c in calls}) == len(calls) == COUNT
    total = charged(calls)
    assert to_the_micro_dollar(total) == to_the_micro_dollar(sim.invoice.total)
    assert done.cost_usd == pytest.approx(float(total))
    assert sum(i.provenance.cost_usd or 0 for i in insights) == pytest.approx(float(total))
    assert (await earshot.classify()).read == 0
    assert len(sim.invoice) == COUNT


async def test_a_provider_that_goes_down_in_the_middle_is_made_up_for_later(file: Path, open_llm: Open) -> None:
    answered = 0

    def until_it_goes_down(instructions: str, content: str, *, schema: Json | None) -> str:
        nonlocal answered
        answered += 1
        if answered == COUNT // 3:
            sim.down(600)
        return local_answer(instructions, content, schema=schema)

    sim = LlmSim(until_it_goes_down, SimLlmSettings())
    earshot = await open_llm(sim, attempts=1, concurrency=4)
    await earshot.import_file(file)
    done = await earshot.run(with_sync=False)
    assert done.run.ok
    assert done.run.classified == COUNT
    assert 0 < done.reading.provisional < COUNT
    first = await insights_of(earshot)
    standing_in = {key for key, one in first.items() if one.provenance.provisional}
    assert len(standing_in) == done.reading.provisional
    assert {first[key].provenance.classifier for key in standing_in} == {"local"}
    assert len([c for c in await calls_of(earshot) if c.outcome is not Outcome.OK]) < 15  # the breaker opened

    sim.up()
    later = await open_llm(sim)
    again = await later.run(with_sync=False)
    assert (again.reading.read, again.reading.provisional) == (len(standing_in), 0)
    now = await insights_of(later)
    assert not any(one.provenance.provisional for one in now.values())
    assert {one.provenance.classifier for one in now.values()} == {"llm"}
    untouched = first.keys() - standing_in
    assert all(now[key].classified_at == first[key].classified_at for key in untouched)


async def test_without_a_stand_in_what_nobody_answers_waits(sim: LlmSim, file: Path, open_llm: Open) -> None:
    earshot = await open_llm(sim, attempts=1, fallback_local=False)
    await earshot.import_file(file)
    sim.down(600, way=Fault.OVERLOADED)
    done = await earshot.classify()
    assert (done.read, done.unread, done.left) == (0, 0, COUNT)
    assert done.stopped
    sim.up()
    later = await open_llm(sim)
    assert (await later.classify()).read == COUNT


async def test_another_provider_stands_in_only_where_it_is_named(file: Path, open_llm: Open) -> None:
    down, there = LlmSim(local_answer), LlmSim(local_answer)
    down.down()
    earshot = await open_llm(down, "openai", attempts=1)
    await earshot.import_file(file)
    done = await earshot.classify()
    assert done.provisional == COUNT
    assert len(there.invoice) == 0


async def test_the_budget_of_a_run_is_never_exceeded(sim: LlmSim, file: Path, open_llm: Open) -> None:
    earshot = await open_llm(sim, run_budget_usd=0.006)
    await earshot.import_file(file)
    done = await earshot.classify()
    assert 0 < done.read < COUNT
    assert (done.left, done.unread, done.provisional) == (COUNT - done.read, 0, 0)
    assert "budget" in str(done.stopped)
    assert float(sim.invoice.total) <= 0.006
    assert len(await insights_of(earshot)) == done.read
    later = await open_llm(sim)
    assert (await later.classify()).read == COUNT - done.read
    assert len(sim.invoice) == COUNT


async def test_the_budget_of_a_day_holds_for_all_runs(sim: LlmSim, file: Path, open_llm: Open) -> None:
    one, other = await open_llm(sim, day_budget_usd=0.006), await open_llm(sim, day_budget_usd=0.006)
    await one.import_file(file)
    first = await one.classify()
    second = await other.classify()
    assert first.left == COUNT - first.read
    assert second.read <= first.read
    assert float(sim.invoice.total) <= 0.006
    assert "day" in str(second.stopped)


async def test_a_rate_limit_pauses_and_nobody_stands_in(file: Path, open_llm: Open) -> None:
    faults = FaultSettings.model_validate({"kinds": "429", "rate": 0.2, "retry_after": 0.1, "streak": 1})
    sim = LlmSim(local_answer, SimLlmSettings(faults=faults))
    earshot = await open_llm(sim, concurrency=20)
    await earshot.import_file(file)
    done = await earshot.classify()
    assert (done.read, done.provisional, done.left) == (COUNT, 0, 0)
    outcomes = [c.outcome for c in await calls_of(earshot)]
    assert Outcome.RATE_LIMITED in outcomes
    assert outcomes.count(Outcome.OK) == COUNT == len(sim.invoice)


async def test_bad_answers_end_in_the_review_queue_and_never_in_a_default(file: Path, open_llm: Open) -> None:
    faults = FaultSettings.model_validate(
        {"kinds": "refusal,truncated,invalid,out-of-range", "rate": 0.15, "streak": 9}
    )
    sim = LlmSim(local_answer, SimLlmSettings(faults=faults))
    earshot = await open_llm(sim, attempts=2)
    await earshot.import_file(file)
    done = await earshot.classify()
    assert done.unread > 0
    assert done.read + done.unread == COUNT
    assert done.provisional == 0
    insights = await insights_of(earshot)
    assert len(insights) == done.read
    calls = await calls_of(earshot)
    total = charged(calls)
    assert to_the_micro_dollar(total) == to_the_micro_dollar(sim.invoice.total)
    assert (await earshot.classify()).read == 0
    again = Want(unread_before=datetime.now(UTC))
    assert (await classify(earshot.parts, want=again)).read >= 0
    assert len(await calls_of(earshot)) > len(calls)


async def test_broken_connections_are_lost_calls_within_their_bound(file: Path, open_llm: Open) -> None:
    faults = FaultSettings.model_validate({"kinds": "reset,half,envelope,5xx,529", "rate": 0.08, "streak": 2})
    sim = LlmSim(local_answer, SimLlmSettings(faults=faults))
    earshot = await open_llm(sim, breaker_failures=1000)
    await earshot.import_file(file)
    done = await earshot.classify()
    assert (done.read, done.unread) == (COUNT, 0)
    calls = await calls_of(earshot)
    lost = [c for c in calls if c.outcome in {Outcome.LOST, Outcome.TIMEOUT}]
    assert lost
    known = charged(calls)
    bound = known + sum((Decimal(str(c.bound_usd)) for c in lost), Decimal())
    assert known - Decimal("0.000001") <= sim.invoice.total <= bound
    assert len({c.id for c in calls}) == len(calls)


async def test_a_wrong_key_stops_the_run_and_nobody_stands_in(sim: LlmSim, file: Path, open_llm: Open) -> None:
    earshot = await open_llm(sim, key="another-key")
    await earshot.import_file(file)
    with pytest.raises(Misconfigured, match="401"):
        await earshot.classify()
    assert await insights_of(earshot) == {}
    async with earshot.parts.store.unit() as unit:
        assert await unit.conversations.count_pending() == COUNT


async def test_a_run_reads_at_most_as_many_as_it_may(sim: LlmSim, file: Path, open_llm: Open) -> None:
    earshot = await open_llm(sim, most_per_run=25)
    await earshot.import_file(file)
    done = await earshot.classify()
    assert (done.read, done.left) == (25, COUNT - 25)
    assert "25" in str(done.stopped)
    assert (await classify(earshot.parts, urgent=True)).read == COUNT - 25


async def test_what_is_not_urgent_waits_for_its_hours(sim: LlmSim, file: Path, open_llm: Open) -> None:
    now = datetime.now(UTC)
    later = [f"{now + timedelta(hours=h):%H:%M}" for h in (2, 3)]
    earshot = await open_llm(sim, windows=("-".join(later),))
    await earshot.import_file(file)
    done = await earshot.classify()
    assert (done.read, done.left) == (0, COUNT)
    assert "hours" in str(done.stopped)
    assert len(sim.invoice) == 0


async def test_decision_endpoints_give_labels(sim: LlmSim, file: Path, open_llm: Open) -> None:
    earshot = await open_llm(sim, sections={"classify": {"tier": "labels"}})
    await earshot.import_file(file)
    done = await earshot.classify()
    assert (done.labelled, done.read, done.unread) == (COUNT, 0, 0)
    labels = await labels_of(earshot)
    assert len(labels) == COUNT
    assert all(one.labels.probabilities for one in labels.values())
    assert (await earshot.classify()).labelled == 0
    full = await open_llm(sim)
    assert (await full.classify()).read == COUNT
    assert await labels_of(full) == {}


async def test_unsure_labels_escalate_to_whole_readings(sim: LlmSim, file: Path, open_llm: Open) -> None:
    tiers = {"classify": {"tier": "labels", "escalate_below": 1.0}}
    earshot = await open_llm(sim, sections=tiers)
    await earshot.import_file(file)
    done = await earshot.classify()
    assert done.read + done.labelled == COUNT
    assert done.read > 0
    tiers_used = {c.tier for c in await calls_of(earshot)}
    assert {Tier.LABELS, Tier.CHEAP, Tier.MEDIUM, Tier.STRONG} <= tiers_used
    insight = next(iter((await insights_of(earshot)).values()))
    own = sum(c.cost_usd or 0 for c in await calls_of(earshot) if c.conversation_id == insight.conversation_id)
    assert insight.provenance.cost_usd == pytest.approx(own)
    assert insight.stage is Stage.FULL


async def test_a_run_that_is_cancelled_saves_what_was_read_and_books_what_was_lost(
    file: Path, open_llm: Open
) -> None:
    slow = asyncio.Event()
    answered = 0

    async def some(instructions: str, content: str, *, schema: Json | None) -> str:
        nonlocal answered
        answered += 1
        if answered > 20:
            slow.set()
            await asyncio.Event().wait()
        return local_answer(instructions, content, schema=schema)

    sim = LlmSim(some, SimLlmSettings())
    earshot = await open_llm(sim, concurrency=10)
    await earshot.import_file(file)
    task = asyncio.create_task(earshot.classify())
    await slow.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    calls = await calls_of(earshot)
    lost = [c for c in calls if c.outcome is Outcome.LOST]
    assert 1 <= len(lost) <= 10
    assert all(c.bound_usd for c in lost)
    assert len(await insights_of(earshot)) == len([c for c in calls if c.outcome is Outcome.OK])
    assert not [c for c in calls if c.outcome is Outcome.STARTED]


async def test_slow_answers_do_not_hold_up_the_others(file: Path, open_llm: Open) -> None:
    sim = LlmSim(local_answer, SimLlmSettings(latency=Pace(median=0.05, p95=0.4)))
    earshot = await open_llm(sim, concurrency=20)
    await earshot.import_file(file)
    assert (await earshot.classify()).read == COUNT
