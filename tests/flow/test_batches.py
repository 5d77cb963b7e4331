"""Batches through the real store, the real SDKs and simulated providers, wired as in production."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from earshot.app import build
from earshot.cli.classify_words import told
from earshot.cli.sim_answers import local_answer
from earshot.domain.batch import BatchStatus
from earshot.domain.call import Call, Mode, Outcome, Purpose
from earshot.domain.insight import Insight
from earshot.pipeline.batches.flow import cancel, collect, submit, wait
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.llm_parts import LlmParts
from earshot.pipeline.reading.holding import Holding
from earshot.pipeline.rounds import Again, Round, batch_round, wanted
from earshot.ports.store import DEFAULT_WANT
from earshot.settings import Secrets, Settings
from earshot.sim.llm.server import running
from earshot.sim.llm.settings import Fault, FaultSettings, SimLlmSettings
from earshot.sim.llm.simulator import LlmSim

PROVIDERS = ("openai", "anthropic")
Open = Callable[..., Awaitable[Earshot]]
_TEXTS = (
    "I was charged twice for October, please refund me.",
    "The export button does nothing since yesterday.",
    "How do I invite a colleague to my workspace?",
    "I cannot log in any more, the reset mail never comes.",
    "It would be great to have dark mode in the mobile app.",
)


def write_conversations(file: Path, count: int) -> Path:
    rows = [
        {
            "id": f"c{number:03}",
            "messages": [{"author": "customer", "text": f"{_TEXTS[number % len(_TEXTS)]} Case {number}."}],
        }
        for number in range(count)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


@pytest.fixture
def sim() -> LlmSim:
    return LlmSim(local_answer, SimLlmSettings())


@pytest.fixture
async def open_line(database_url: str) -> AsyncGenerator[Open]:
    """Opens Earshot on the test's database and a simulator; everything is closed at the end."""
    async with AsyncExitStack() as stack:

        async def opened(sim: LlmSim, provider: str, **llm: Any) -> Earshot:
            base = await stack.enter_async_context(running(sim))
            urls = {"openai_base_url": f"{base}/v1", "anthropic_base_url": base}
            keys = {"openai": "sim-key", "anthropic": "sim-key", **urls}
            settings = Settings.fixed({"llm": {"provider": provider, "requests_per_minute": None, **llm}})
            secrets = Secrets.model_validate({"database_url": database_url, "llm": keys})
            return await stack.enter_async_context(await build(settings, secrets=secrets))

        yield opened


def _llm(earshot: Earshot) -> LlmParts:
    assert earshot.parts.make_llm is not None
    return earshot.parts.make_llm()


async def _calls(earshot: Earshot) -> list[Call]:
    async with earshot.parts.store.unit() as unit:
        return [call async for group in unit.calls.export() for call in group]


async def _insights(earshot: Earshot) -> dict[str, Insight]:
    async with earshot.parts.store.unit() as unit:
        return {one.conversation_id: one async for group in unit.insights.export() for one in group}


async def _check_ledger(earshot: Earshot, sim: LlmSim) -> None:
    """The ledger's costs are the invoice's, call by call."""
    told = {line.custom_id: float(line.amount) for line in sim.invoice if line.custom_id}
    booked = {call.id: call.cost_usd for call in await _calls(earshot) if call.mode is Mode.BATCH and call.usage}
    assert booked == pytest.approx(told)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_submit_and_collect(open_line: Open, sim: LlmSim, provider: str, tmp_path: Path) -> None:
    earshot = await open_line(sim, provider)
    await earshot.import_file(write_conversations(tmp_path / "in.jsonl", 30))
    done = await batch_round(
        earshot.parts, _llm(earshot), want=wanted(None, **_wish(earshot)), limit=None, stay=True
    )
    assert done.submitted is not None
    assert done.collected is not None
    assert (done.submitted.requests, done.collected.read, done.problems) == (30, 30, [])
    insights = await _insights(earshot)
    assert len(insights) == 30
    assert all(one.provenance.cost_usd for one in insights.values())
    assert any(finding.quote for one in insights.values() for finding in one.reading.findings)
    await _check_ledger(earshot, sim)
    samples = [call for call in await _calls(earshot) if call.purpose is Purpose.SAMPLE]
    assert [call.outcome for call in samples] == [Outcome.OK]
    assert sum(call.cost_usd or 0 for call in await _calls(earshot)) == pytest.approx(float(sim.invoice.total))


def _wish(earshot: Earshot) -> dict[str, Any]:
    prompter = _llm(earshot).prompter
    return {"stage": prompter.stage, "prompt_hash": prompter.prompt_hash, "now": earshot.parts.clock.now()}


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_everything_goes_wrong(open_line: Open, provider: str, tmp_path: Path) -> None:
    """Duplicates, strangers, failed and missing lines, refusals, cut and broken answers: all ends well."""
    kinds = "line-error,duplicated,unknown-id,missing,refusal,truncated,invalid"
    faults = FaultSettings.model_validate({"kinds": kinds, "rate": 0.1, "seed": 4})
    sim = LlmSim(local_answer, SimLlmSettings(faults=faults))
    earshot = await open_line(sim, provider, attempts=5)
    await earshot.import_file(write_conversations(tmp_path / "in.jsonl", 60))
    parts, llm = earshot.parts, _llm(earshot)
    read = unread = duplicates = unknown = 0
    for _ in range(12):
        if not (await submit(parts, llm)).requests:
            break
        found = await wait(parts, llm)
        assert not found.problems
        read, unread = read + found.read, unread + found.unread
        duplicates, unknown = duplicates + found.duplicates, unknown + found.unknown
    assert read + unread == 60
    assert read >= 55
    assert duplicates
    assert unknown
    assert len(await _insights(earshot)) == read
    calls = await _calls(earshot)
    known = sum(call.cost_usd or 0 for call in calls)
    lost = sum(call.bound_usd or 0 for call in calls if call.outcome is Outcome.LOST)
    assert known <= float(sim.invoice.total) + 1e-9
    assert float(sim.invoice.total) <= known + lost + 1e-9


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", [Fault.BATCH_EXPIRED, Fault.BATCH_CANCELLED, Fault.BATCH_FAILED])
async def test_a_batch_that_ends_badly_is_read_in_the_next(
    open_line: Open, sim: LlmSim, provider: str, fault: Fault, tmp_path: Path
) -> None:
    earshot = await open_line(sim, provider)
    await earshot.import_file(write_conversations(tmp_path / "in.jsonl", 20))
    parts, llm = earshot.parts, _llm(earshot)
    sim.script(fault)
    await submit(parts, llm)
    first = await wait(parts, llm)
    await submit(parts, llm)
    second = await wait(parts, llm)
    assert first.read + second.read == 20
    assert second.open == 0
    await _check_ledger(earshot, sim)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_batch_whose_confirmation_never_came(
    open_line: Open, sim: LlmSim, provider: str, tmp_path: Path
) -> None:
    earshot = await open_line(sim, provider)
    await earshot.import_file(write_conversations(tmp_path / "in.jsonl", 10))
    parts, llm = earshot.parts, _llm(earshot)
    path = "/v1/batches" if provider == "openai" else "/v1/messages/batches"
    sim.script(Fault.HALF, path=path)
    sent = await submit(parts, llm)
    assert sent.problem is not None
    async with parts.store.unit() as unit:
        (batch,) = await unit.batches.unsettled()
    assert batch.status is BatchStatus.SUBMITTING
    await _look_until_read(earshot, 10)
    await _check_ledger(earshot, sim)
    assert len([line for line in sim.invoice if line.mode == "batch"]) == 10


async def _look_until_read(earshot: Earshot, wanted_: int) -> None:
    for _ in range(20):
        found = await collect(earshot.parts, _llm(earshot))
        if len(await _insights(earshot)) == wanted_:
            return
        assert not found.stuck
    raise AssertionError("not collected")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_cancelling_keeps_what_was_done(open_line: Open, provider: str, tmp_path: Path) -> None:
    sim = LlmSim(local_answer, SimLlmSettings(batch_seconds=3600))
    earshot = await open_line(sim, provider)
    await earshot.import_file(write_conversations(tmp_path / "in.jsonl", 10))
    parts, llm = earshot.parts, _llm(earshot)
    await submit(parts, llm)
    async with parts.store.unit() as unit:
        (batch,) = await unit.batches.unsettled()
    await cancel(parts, llm, batch_id=batch.id)
    found = await wait(parts, llm)
    assert (found.open, found.read + found.released) == (0, 10)
    await _check_ledger(earshot, sim)


async def test_erased_and_changed_conversations(open_line: Open, sim: LlmSim, tmp_path: Path) -> None:
    earshot = await open_line(sim, "openai")
    await earshot.import_file(write_conversations(tmp_path / "in.jsonl", 10))
    parts, llm = earshot.parts, _llm(earshot)
    await submit(parts, llm)
    async with parts.store.unit() as unit:
        (batch,) = await unit.batches.unsettled()
        ids = [entry.conversation_id for entry in await unit.batches.entries(batch.id)]
    await earshot.erase(conversation=min(ids))
    changed = {"id": "c005", "messages": [{"author": "customer", "text": "Forget it, now the report is wrong."}]}
    (tmp_path / "more.jsonl").write_text(json.dumps(changed))
    await earshot.import_file(tmp_path / "more.jsonl")
    found = await wait(parts, llm)
    assert (found.read, found.changed, found.open) == (8, 1, 0)
    await submit(parts, llm)
    assert (await wait(parts, llm)).read == 1
    assert len(await _insights(earshot)) == 9


async def test_what_somebody_else_holds_is_told_and_left_for_later(
    open_line: Open, sim: LlmSim, tmp_path: Path
) -> None:
    """As after a kill: what was held stays held for some seconds, and that must not look like the end."""
    earshot = await open_line(sim, "openai")
    await earshot.import_file(write_conversations(tmp_path / "in.jsonl", 10))
    parts, llm = earshot.parts, _llm(earshot)
    async with Holding(parts) as other:
        held = await other.take(3, want=DEFAULT_WANT)
        done = await submit(parts, llm)
    assert (len(held), done.requests, done.held) == (3, 7, 3)
    assert any("3 are held by another process" in sentence for sentence in told(Round(submitted=done)))
    again = await submit(parts, llm)
    assert (again.requests, again.held) == (3, 0)
    assert (await wait(parts, llm)).read == 10


async def test_reading_again(open_line: Open, sim: LlmSim, tmp_path: Path) -> None:
    earshot = await open_line(sim, "openai")
    await earshot.import_file(write_conversations(tmp_path / "in.jsonl", 6))
    await earshot.classify(classifier="local")
    parts, llm = earshot.parts, _llm(earshot)
    for again, expected in ((Again.PROMPT, 6), (Again.PROMPT, 0), (Again.LOCAL, 0), (Again.ALL, 6), (None, 0)):
        done = await batch_round(parts, llm, want=wanted(again, **_wish(earshot)), limit=None, stay=True)
        assert done.collected is not None
        assert done.collected.read == expected


async def test_several_processes_at_once(open_line: Open, sim: LlmSim, tmp_path: Path) -> None:
    """Two openings of the same database submit and collect at the same time."""
    one, two = await open_line(sim, "openai"), await open_line(sim, "openai")
    await one.import_file(write_conversations(tmp_path / "in.jsonl", 20))

    async def work(earshot: Earshot) -> int:
        await submit(earshot.parts, _llm(earshot))
        return (await wait(earshot.parts, _llm(earshot))).read

    assert sum(await asyncio.gather(work(one), work(two))) == 20
    assert len([line for line in sim.invoice if line.mode == "batch"]) == 20
