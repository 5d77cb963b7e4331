"""The seam against the simulated providers: every call answered, refused or lost, and the invoice."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from earshot.domain.call import Outcome, Tier
from earshot.errors import EarshotError
from earshot.llm.catalogue import model_string
from earshot.llm.checking import check
from earshot.llm.decisions import state_of
from earshot.llm.keys import LlmKeys
from earshot.llm.models import Models, make_models
from earshot.llm.settings import LlmSettings
from earshot.ports.clock import SystemClock
from earshot.ports.model import Answer, BatchModel, Finish, Form, Question, Request, Unanswered
from earshot.sim.llm.asking import content_hash
from earshot.sim.llm.invoice import Line
from earshot.sim.llm.server import running
from earshot.sim.llm.settings import CONTENT, TRANSPORT, Fault, FaultSettings, SimLlmSettings
from earshot.sim.llm.simulator import LlmSim
from tests.contract.llm_desk import KEY, SCHEMA

INSTRUCTIONS = "Sort the conversation by what it is about. " * 120
QUESTIONS = (Question(name="kind", text="What is it about?", options={"BUG": "broke", "BILLING": "money"}),)
PRICED = {"compatible:gpt-6-luna": {"input": 0.1, "output": 0.5, "cached": 0.01}}
READERS: list[tuple[str, Tier]] = [
    ("anthropic", Tier.CHEAP),
    ("anthropic", Tier.STRONG),
    ("openai", Tier.CHEAP),
    ("openai", Tier.STRONG),
    ("openai", Tier.LABELS),
    ("google", Tier.CHEAP),
    ("compatible", Tier.CHEAP),
]


@asynccontextmanager
async def seam(
    sim: LlmSim, provider: str, *, deadline: float = 10.0
) -> AsyncGenerator[tuple[Models, LlmSettings, LlmKeys]]:
    """Our models, whose providers are the simulator."""
    key = SecretStr(KEY)
    async with running(sim) as url:
        keys = LlmKeys(
            anthropic=key,
            openai=key,
            google=key,
            compatible=key,
            anthropic_base_url=url,
            openai_base_url=f"{url}/v1",
            google_base_url=url,
        )
        settings = LlmSettings.model_validate(
            {
                "provider": provider,
                "base_url": f"{url}/v1",
                "cheap": "compatible:gpt-6-luna" if provider == "compatible" else "",
                "deadline_seconds": deadline,
                "prices": PRICED,
            }
        )
        models = make_models(settings, keys, clock=SystemClock())
        try:
            yield models, settings, keys
        finally:
            await models.close()


def request(number: int, tier: Tier = Tier.CHEAP) -> Request:
    text = f"Conversation {number}: the invoice is wrong, please look at it."
    if tier is Tier.LABELS:
        return Request(instructions="Judge.", content=text, questions=QUESTIONS)
    return Request(
        instructions=INSTRUCTIONS, content=text, form=Form(name="reading", json_schema=SCHEMA), max_tokens=200
    )


async def ended(models: Models, tier: Tier, asked: Request) -> Answer | EarshotError:
    try:
        return await models.tier(tier).ask(asked)
    except EarshotError as error:
        return error


def lines_of(sim: LlmSim, asked: Request) -> list[Line]:
    content = state_of(asked) if asked.questions else asked.content
    return [line for line in sim.invoice if line.content == content_hash(content)]


@pytest.mark.parametrize(("provider", "tier"), READERS)
async def test_a_calm_provider_answers_in_form(provider: str, tier: Tier) -> None:
    sim = LlmSim()
    async with seam(sim, provider) as (models, _, _):
        answer = await models.tier(tier).ask(request(1, tier))
    assert answer.finish is Finish.STOP
    if tier is Tier.LABELS:
        assert set(answer.choices["kind"]) == {"BUG", "BILLING"}
    else:
        assert set(json.loads(answer.text)) == {"kind", "summary", "area"}
    assert len(sim.invoice) == 1


@pytest.mark.parametrize(("provider", "tier"), READERS)
async def test_the_invoice_is_what_was_booked_call_by_call(provider: str, tier: Tier) -> None:
    """Answered: one line of exactly that cost. Not answered: none. Lost: at most one, within the bound."""
    faults = FaultSettings(
        kinds=frozenset([*TRANSPORT, *CONTENT]), rate=0.05, hang_seconds=60, dribble_seconds=0.05, seed=7
    )
    sim = LlmSim(settings=SimLlmSettings(faults=faults, keep_requests=0))
    asked = [request(number, tier) for number in range(150)]
    lanes = asyncio.Semaphore(30)

    async def one(each: Request) -> Answer | EarshotError:
        async with lanes:
            return await ended(models, tier, each)

    async with seam(sim, provider, deadline=3.0) as (models, _, _):
        model = models.tier(tier)
        results = await asyncio.gather(*map(one, asked))
    seen: dict[str, int] = defaultdict(int)
    for each, result in zip(asked, results, strict=True):
        lines = lines_of(sim, each)
        if isinstance(result, Answer):
            seen["answered"] += 1
            assert result.usage is not None
            cost = models.prices.cost(model.provider, model.name, usage=result.usage)
            assert cost is not None
            assert [float(line.amount) for line in lines] == [pytest.approx(cost.usd, abs=1e-9)]
        elif isinstance(result, Unanswered) and result.lost:
            seen["lost"] += 1
            bound = models.prices.bound(model.provider, model.name, request=each)
            assert bound is not None
            assert sum(line.amount for line in lines) <= Decimal(str(bound))
            assert len(lines) <= 1
        else:
            seen[type(result).__name__] += 1
            assert lines == []
            assert isinstance(result, Unanswered)
    assert seen["answered"] > 60
    assert seen["lost"] > 2
    assert seen["Unanswered"] > 2


@pytest.mark.parametrize(
    ("fault", "outcome", "lost"),
    [
        (Fault.TOO_MANY, Outcome.RATE_LIMITED, False),
        (Fault.OVERLOADED, Outcome.OVERLOADED, False),
        (Fault.RESET, Outcome.LOST, True),
        (Fault.HALF, Outcome.LOST, True),
        (Fault.HANG, Outcome.TIMEOUT, True),
    ],
)
@pytest.mark.parametrize("provider", ["anthropic", "openai", "google", "compatible"])
async def test_faults_by_name(provider: str, fault: Fault, outcome: Outcome, *, lost: bool) -> None:
    sim = LlmSim(settings=SimLlmSettings(faults=FaultSettings(hang_seconds=60)))
    async with seam(sim, provider, deadline=1.5) as (models, _, _):
        sim.script(fault)
        result = await ended(models, Tier.CHEAP, request(1))
    assert isinstance(result, Unanswered)
    assert (result.outcome, result.lost) == (outcome, lost)


async def test_a_cancelled_call_costs_at_most_its_bound() -> None:
    arrived = asyncio.Event()

    async def slowly(*_: Any, **_schema: Any) -> str:
        arrived.set()
        await asyncio.sleep(30)
        return "{}"

    sim = LlmSim(slowly)
    async with seam(sim, "anthropic") as (models, _, _):
        task = asyncio.create_task(models.tier(Tier.CHEAP).ask(request(1)))
        await asyncio.wait_for(arrived.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(sim.invoice) <= 1


@pytest.mark.parametrize("provider", ["anthropic", "openai", "google", "compatible"])
async def test_the_check_finds_all_well(provider: str) -> None:
    async with seam(LlmSim(), provider) as (_, settings, keys):
        usual = model_string(settings, Tier.CHEAP)
        whole = settings.model_copy(update={"medium": usual, "strong": usual})
        findings = await check(whole, keys, clock=SystemClock())
    assert findings
    assert [each for each in findings if each.ok is False] == []


async def test_a_wrong_key_is_found() -> None:
    async with seam(LlmSim(), "openai") as (_, settings, keys):
        wrong = keys.model_copy(update={"openai": SecretStr("no")})
        [finding] = await check(settings, wrong, clock=SystemClock())
    assert finding.ok is False
    assert "OPENAI_API_KEY" in finding.hint


def batch_of(models: Models) -> BatchModel:
    batch = models.batch(Tier.CHEAP)
    assert batch is not None
    return batch


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_a_batch_comes_back_paid_by_the_invoice(provider: str) -> None:
    faults = FaultSettings(
        kinds=frozenset([*CONTENT, Fault.LINE_ERROR, Fault.DUPLICATED, Fault.UNKNOWN_ID, Fault.MISSING]), rate=0.06
    )
    sim = LlmSim(settings=SimLlmSettings(faults=faults))
    requests = {f"call-{number}": request(number) for number in range(120)}
    async with seam(sim, provider) as (models, _, _):
        batch = batch_of(models)
        handle = await batch.submit(requests, reference="our-batch")
        state = await _until_ended(sim, batch, handle)
        given = [answer async for answer in batch.results(state, requests)]
        prices = models.prices
    found = {each.custom_id: each for each in given}
    assert len(found) < len(given), "duplicates are handed on"
    assert set(found) - set(requests), "strangers are handed on"
    booked = Decimal(0)
    for custom_id, asked in requests.items():
        [line] = lines_of(sim, asked) or [None]
        answer = found[custom_id].answer if custom_id in found else None
        if answer is not None and answer.usage is not None:
            assert line is not None
            cost = prices.cost(batch.provider, batch.name, usage=answer.usage, batch=True)
            assert cost is not None
            assert float(line.amount) == pytest.approx(cost.usd, abs=1e-9)
            booked += line.amount
        elif line is not None:
            assert custom_id not in found, "only what the provider left out may be charged without an answer"
            bound = prices.bound(batch.provider, batch.name, request=asked, batch=True)
            assert bound is not None
            assert float(line.amount) <= bound
    assert 0 < booked <= sim.invoice.total
    assert {each.answer.finish for each in found.values() if each.answer} == set(Finish)


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_a_batch_whose_creation_was_cut_is_found_again(provider: str) -> None:
    sim = LlmSim()
    requests = {f"call-{number}": request(number) for number in range(5)}
    path = "/v1/messages/batches" if provider == "anthropic" else "/v1/batches"
    async with seam(sim, provider) as (models, _, _):
        batch = batch_of(models)
        since = SystemClock().now()
        sim.script(Fault.LATE_ERROR, path=path)
        with pytest.raises(Unanswered) as raised:
            await batch.submit(requests, reference="our-batch")
        assert raised.value.lost
        [remote] = await batch.recent(since.replace(microsecond=0))
        if provider == "openai":
            assert remote.reference == "our-batch"
        state = await _until_ended(sim, batch, remote.handle)
        assert await batch.holds(state, list(requests)) is True
        assert await batch.holds(state, ["another"]) is False
        assert {each.custom_id async for each in batch.results(state, requests)} == set(requests)


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [(Fault.BATCH_EXPIRED, Outcome.EXPIRED), (Fault.BATCH_CANCELLED, Outcome.CANCELLED)],
)
async def test_batches_that_end_early(provider: str, fault: Fault, outcome: Outcome) -> None:
    sim = LlmSim()
    requests = {f"call-{number}": request(number) for number in range(20)}
    async with seam(sim, provider) as (models, _, _):
        batch = batch_of(models)
        sim.script(fault)
        state = await _until_ended(sim, batch, await batch.submit(requests, reference="r"))
        given = {each.custom_id: each async for each in batch.results(state, requests)}
    assert set(given) == set(requests)
    assert outcome in {each.outcome for each in given.values()}
    answered = [each for each in given.values() if each.answer]
    assert len(answered) == len(sim.invoice)


async def _until_ended(sim: LlmSim, batch: BatchModel, handle: str) -> str:
    async with asyncio.timeout(30):
        while True:
            sim.finish_batches()
            state = await batch.look(handle)
            if state.ended:
                return state.handle
