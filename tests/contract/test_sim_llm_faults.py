"""Every fault of the simulated providers as the vendors' SDKs and pydantic-ai report it."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import anthropic
import httpx2
import openai
import pytest
from anthropic.types import Message
from openai.types.responses import Response

from earshot.sim.llm.corrupt import ENEMY
from earshot.sim.llm.settings import CONTENT, Fault, SimLlmSettings, parse_faults
from tests.contract.llm_desk import Desk, desk, with_faults


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


Ask = Callable[[Desk], Awaitable[object]]


async def _message(d: Desk) -> Message:
    return await d.say()


async def _response(d: Desk) -> Response:
    return await d.respond()


@pytest.mark.parametrize(
    ("kind", "ask", "error"),
    [
        (Fault.TOO_MANY, _message, anthropic.RateLimitError),
        (Fault.TOO_MANY, _response, openai.RateLimitError),
        (Fault.OVERLOADED, _message, anthropic.OverloadedError),
        (Fault.OVERLOADED, _response, openai.InternalServerError),
        (Fault.SERVER_ERROR, _message, anthropic.InternalServerError),
        (Fault.SERVER_ERROR, _response, openai.InternalServerError),
        (Fault.RESET, _message, anthropic.APIConnectionError),
        (Fault.RESET, _response, openai.APIConnectionError),
    ],
)
async def test_refused_before_any_work_is_not_charged(kind: Fault, ask: Ask, error: type[Exception]) -> None:
    async with desk() as d:
        d.sim.script(kind)
        with pytest.raises(error):
            await ask(d)
        assert len(d.sim.invoice) == 0
        await ask(d)
        assert len(d.sim.invoice) == 1
        assert d.sim.faults.struck == {kind: 1}


@pytest.mark.parametrize("ask", [_message, _response])
@pytest.mark.parametrize("kind", [Fault.HALF, Fault.ENVELOPE])
async def test_answers_lost_on_the_way_are_charged(kind: Fault, ask: Ask) -> None:
    async with desk() as d:
        d.sim.script(kind)
        with pytest.raises(
            (anthropic.APIError, openai.APIError, httpx2.RemoteProtocolError, httpx2.ReadError, ValueError)
        ):
            await ask(d)
        assert len(d.sim.invoice) == 1


async def test_a_dribbled_answer_arrives_whole() -> None:
    async with desk() as d:
        d.sim.script(Fault.DRIBBLE)
        answer = await _message(d)
        assert answer.stop_reason == "end_turn"
    assert sum(d.clock.slept) == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize(("charged", "lines"), [(0.0, 0), (1.0, 1)])
async def test_a_hanging_answer_is_charged_or_not(charged: float, lines: int) -> None:
    async with desk(with_faults(Fault.HANG, hang_charged=charged, hang_seconds=600)) as d:
        with pytest.raises(anthropic.APIConnectionError):
            await _message(d)
        assert d.clock.slept == [600]
    assert len(d.sim.invoice) == lines


async def test_who_gives_up_waiting_is_charged_all_the_same() -> None:
    begun = asyncio.Event()

    async def answer(*_: object, **_schema: object) -> str:
        begun.set()
        return "an answer"

    async with desk(SimLlmSettings(), answer=answer) as d:
        d.sim.script(Fault.HALF)
        with pytest.raises(anthropic.APIError):
            await _message(d)
        await begun.wait()
        assert len(d.sim.invoice) == 1


async def test_refusals_come_with_and_without_words() -> None:
    async with desk() as d:
        d.sim.script(Fault.REFUSAL)
        silent = await _message(d)
        d.sim.script(Fault.REFUSAL_TEXT)
        spoken = await _message(d)
        d.sim.script(Fault.REFUSAL_TEXT)
        theirs = await _response(d)
    assert (silent.stop_reason, silent.content) == ("refusal", [])
    assert silent.stop_details is not None
    assert silent.stop_details.category == "general_harms"
    assert spoken.content
    assert spoken.stop_reason == "refusal"
    item = theirs.output[0]
    assert item.type == "message"
    assert item.content[0].type == "refusal"
    assert len(d.sim.invoice) == 3


async def test_a_cut_answer_costs_all_that_was_allowed() -> None:
    async with desk() as d:
        d.sim.script(Fault.TRUNCATED, times=2)
        first, second = await _message(d), await _response(d)
    assert first.stop_reason == "max_tokens"
    assert first.usage.output_tokens == 300
    assert second.status == "incomplete"
    assert [line.tokens.output for line in d.sim.invoice] == [300, 300]
    text = first.content[0]
    assert text.type == "text"
    assert not _is_json(text.text)


async def test_answers_that_are_not_json() -> None:
    async with desk(with_faults(Fault.INVALID, streak=1000)) as d:
        texts = set[str]()
        for i in range(40):
            got = await d.respond(f"number {i}")
            texts.add(got.output_text)
    for text in texts:
        assert not _is_json(text)
    assert any("```" in text for text in texts)
    assert "" in texts


async def test_answers_outside_the_schema() -> None:
    async with desk() as d:
        d.sim.script(Fault.OUT_OF_RANGE)
        got = json.loads((await _response(d)).output_text)
    assert got["kind"] == "NOT_AN_OPTION"


async def test_answers_by_an_enemy_keep_the_schema_and_fill_every_text() -> None:
    async with desk(with_faults(Fault.MALICIOUS, streak=1000)) as d:
        seen = set[str]()
        for i in range(60):
            got = json.loads((await d.respond(f"number {i}", max_output_tokens=None)).output_text)
            assert got["kind"] in {"BUG", "BILLING"}
            seen.add(got["summary"])
    assert len(seen) > len(ENEMY) / 2
    assert seen <= set(ENEMY)


async def test_a_struck_request_passes_when_tried_again() -> None:
    async with desk(with_faults(Fault.SERVER_ERROR, streak=2)) as d:
        for _ in range(2):
            with pytest.raises(openai.InternalServerError):
                await _response(d)
        await _response(d)


async def test_the_same_seed_strikes_the_same_requests() -> None:
    async def struck(seed: int) -> list[int]:
        async with desk(with_faults(Fault.OVERLOADED, rate=0.3, seed=seed)) as d:
            found: list[int] = []
            for i in range(30):
                try:
                    await d.say(f"number {i}")
                except anthropic.OverloadedError:
                    found.append(i)
            return found

    first = await struck(1)
    assert 2 < len(first) < 20
    assert await struck(1) == first
    assert await struck(2) != first


async def test_a_provider_that_is_down_and_comes_back() -> None:
    async with desk() as d:
        d.sim.down(600, way=Fault.OVERLOADED)
        with pytest.raises(anthropic.OverloadedError):
            await _message(d)
        d.sim.down(600, way=Fault.RESET)
        with pytest.raises(openai.APIConnectionError):
            await _response(d)
        d.sim.down(600)
        with pytest.raises(openai.InternalServerError):
            await _response(d)
        d.clock.pass_by(601)
        await _response(d)
        d.sim.down()
        d.sim.up()
        await _message(d)
    assert len(d.sim.invoice) == 2


async def test_the_control_plane_does_it_from_outside() -> None:
    async with desk() as d:
        await d.raw.post("/_sim/faults", json={"kind": "429", "times": 2, "path": "/v1/messages"})
        await _response(d)
        for _ in range(2):
            with pytest.raises(anthropic.RateLimitError):
                await _message(d)
        await d.raw.post("/_sim/down", json={"seconds": 60, "way": "529"})
        with pytest.raises(anthropic.OverloadedError):
            await _message(d)
        await d.raw.post("/_sim/up")
        await _message(d)
        stats = (await d.raw.get("/_sim/stats")).json()
        invoice = (await d.raw.get("/_sim/invoice")).json()
        bad = await d.raw.post("/_sim/faults", json={"kind": "flood"})
        await d.raw.post("/_sim/stats/reset")
        again = (await d.raw.get("/_sim/stats")).json()
        nothing = await d.raw.get("/_sim/nothing")
    assert stats["faults"] == {"429": 2}
    assert stats["statuses"] == {"200": 2, "429": 2, "529": 1}
    assert stats["charged"] == len(invoice["lines"]) == 2
    assert invoice["total_usd"] == str(d.sim.invoice.total)
    assert bad.status_code == 400
    assert again["requests"] == {}
    assert nothing.status_code == 404


async def test_unknown_urls_are_not_found() -> None:
    async with desk() as d:
        assert (await d.raw.get("/v1/nowhere")).status_code == 404
        assert (await d.raw.post("/v1/batches/a/b/c")).status_code == 404


async def test_answers_take_their_time() -> None:
    settings = SimLlmSettings.model_validate({"latency": {"median": 0.7, "p95": 2.0}})
    async with desk(settings) as d:
        for _ in range(200):
            await _message(d)
    taken = sorted(d.clock.slept)
    assert len(taken) == 200
    assert taken[100] == pytest.approx(0.7, rel=0.2)
    assert taken[190] == pytest.approx(2.0, rel=0.35)


def test_faults_are_named_on_the_command_line() -> None:
    assert parse_faults("429, refusal") == {Fault.TOO_MANY, Fault.REFUSAL}
    assert parse_faults("all") >= set(CONTENT)
