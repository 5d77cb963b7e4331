"""The simulated Anthropic as its own SDK sees it."""

import json
from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic

from earshot.sim.llm.settings import SimLlmSettings
from tests.contract.llm_desk import SCHEMA, Json, always, desk, message


async def test_a_message_is_answered_in_the_form_asked_for() -> None:
    async with desk() as d:
        answer = await d.say()
    assert answer.stop_reason == "end_turn"
    assert answer.model == "claude-haiku-5-5"
    block = answer.content[0]
    assert block.type == "text"
    assert json.loads(block.text)["kind"] in {"BUG", "BILLING"}
    assert answer.usage.input_tokens > 10
    assert answer.usage.output_tokens > 5
    assert answer.usage.service_tier == "standard"


async def test_the_answering_function_gets_instructions_content_and_schema() -> None:
    seen: list[tuple[str, str, Any]] = []

    async def answer(instructions: str, content: str, *, schema: Json | None) -> str:
        seen.append((instructions, content, schema))
        return "an answer"

    async with desk(answer=answer) as d:
        got = await d.say("Hello < you")
    assert seen == [("Sort the conversation.", "Hello < you", SCHEMA)]
    assert got.content[0].type == "text"
    assert got.content[0].text == "an answer"


async def test_both_ways_of_sending_the_key_work_and_a_wrong_or_missing_one_does_not() -> None:
    async with desk() as d:
        headers = {"anthropic-version": "2026-10-21", "x-api-key": "sim-key", "authorization": ""}
        assert (await d.raw.post("/v1/messages", json=message(), headers=headers)).status_code == 200
        assert (await d.raw.post("/v1/messages", json=message(), headers={"authorization": ""})).status_code == 401
        wrong = AsyncAnthropic(api_key="other", base_url=d.url, max_retries=0, open_telemetry=False)
        async with wrong:
            with pytest.raises(anthropic.AuthenticationError) as caught:
                await wrong.messages.create(**message())
    assert caught.value.type == "authentication_error"
    assert len(d.sim.invoice) == 1


@pytest.mark.parametrize("model", ["claude-haiku-9", "claude-3-5-haiku-20241022", "gpt-6-luna"])
async def test_unknown_and_retired_models_are_not_found(model: str) -> None:
    async with desk() as d:
        with pytest.raises(anthropic.NotFoundError, match=f"model: {model}"):
            await d.say(model=model)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"extra_body": {"temperature": 0}}, "temperature"),
        ({"extra_body": {"top_k": 3}}, "top_k"),
        ({"extra_body": {"colour": 3}}, "colour: Extra inputs are not permitted"),
        ({"system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "2h"}}]}, "ttl"),
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, "prefill"),
        ({"messages": [{"role": "system", "content": "a"}]}, "role"),
        ({"output_config": {"effort": "huge"}}, "effort"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "enabled is not supported"),
        ({"output_config": {"effort": "max"}}, "disabled with effort max"),
        ({"model": "claude-sonnet-5-5"}, "disabled is not supported"),
        ({"model": "claude-opus-5-5"}, "disabled is not supported"),
        ({"model": "claude-opus-5-5", "thinking": {"type": "between_tools"}}, "between_tools"),
        ({"model": "claude-haiku-4-5", "thinking": {"type": "adaptive"}}, "adaptive"),
        ({"model": "claude-haiku-4-5", "output_config": {"effort": "low"}}, "effort parameter"),
    ],
)
async def test_what_the_vendor_refuses_is_refused(changes: Json, words: str) -> None:
    async with desk() as d:
        with pytest.raises(anthropic.BadRequestError) as caught:
            await d.say(**changes)
    assert words in str(caught.value)
    assert len(d.sim.invoice) == 0


async def test_max_tokens_and_the_version_are_required() -> None:
    async with desk() as d:
        headers = {"anthropic-version": "2026-10-21"}
        without = await d.raw.post("/v1/messages", json=message(max_tokens=None), headers=headers)
        assert without.json()["error"]["message"] == "max_tokens: Field required"
        assert (await d.raw.post("/v1/messages", json=message())).status_code == 400
        old = await d.raw.post("/v1/messages", json=message(), headers={"anthropic-version": "2023-06-01"})
        assert old.status_code == 400
        broken = await d.raw.post("/v1/messages", content=b"{", headers=headers)
        assert broken.status_code == 400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"additionalProperties": True}, "additionalProperties"),
        ({"properties": {"n": {"type": "integer", "minimum": 1}}}, "minimum"),
        ({"properties": {"n": {"type": "string", "maxLength": 9}}}, "maxLength"),
        ({"properties": {"n": {"type": "array", "items": {"type": "string"}, "minItems": 2}}}, "minItems"),
        ({"properties": {f"n{i}": {"type": "string"} for i in range(25)}, "required": []}, "too complex"),
        ({"properties": {f"n{i}": {"type": ["string", "null"]} for i in range(17)}}, "too complex"),
        ({"$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}},
          "properties": {"n": {"$ref": "#/$defs/a"}}}, "too complex"),
    ],
)  # fmt: skip
async def test_schemas_beyond_the_limits_are_refused(change: Json, words: str) -> None:
    config = {"format": {"type": "json_schema", "schema": {**SCHEMA, **change}}}
    async with desk() as d:
        with pytest.raises(anthropic.BadRequestError, match=words):
            await d.say(output_config=config)


@pytest.mark.parametrize(
    ("model", "thinking", "tokens"),
    [
        ("claude-haiku-5-5", None, 300),
        ("claude-haiku-5-5", {"type": "disabled"}, 0),
        ("claude-sonnet-5-5", {"type": "between_tools"}, 0),
        ("claude-opus-5-5", {"type": "adaptive"}, 300),
        ("claude-haiku-4-5", None, 0),
    ],
)
async def test_models_think_unless_told_not_to_and_that_is_paid(
    model: str, thinking: Json | None, tokens: int
) -> None:
    async with desk() as d:
        answer = await d.say(model=model, thinking=thinking, max_tokens=2000)
    details = answer.usage.output_tokens_details
    assert details is not None
    assert details.thinking_tokens == tokens
    assert answer.usage.output_tokens > tokens
    assert [block.type for block in answer.content] == (["thinking", "text"] if tokens else ["text"])


async def test_an_answer_that_does_not_fit_is_cut() -> None:
    async with desk(answer=always("word " * 100)) as d:
        answer = await d.say(max_tokens=10)
    assert answer.stop_reason == "max_tokens"
    assert answer.usage.output_tokens == 10
    assert answer.content[0].type == "text"
    assert answer.content[0].text.split() == ["word"] * 10


async def test_a_long_static_beginning_is_written_once_and_then_read_from_the_cache() -> None:
    control = {"type": "ephemeral", "ttl": "1h"}
    system = [{"type": "text", "text": "instruction " * 1500, "cache_control": control}]
    async with desk() as d:
        usages = [(await d.say(f"Number {i}", system=system)).usage for i in range(3)]
        d.clock.pass_by(3601)
        late = (await d.say("Number 9", system=system)).usage
    first, *others = usages
    assert first.cache_creation is not None
    assert first.cache_creation.ephemeral_1h_input_tokens > 1500
    assert first.cache_read_input_tokens == 0
    assert {u.cache_read_input_tokens for u in others} == {first.cache_creation_input_tokens}
    assert late.cache_creation_input_tokens == first.cache_creation_input_tokens
    assert all(u.input_tokens < 20 for u in usages)


async def test_a_short_beginning_is_not_cached() -> None:
    system = [{"type": "text", "text": "short", "cache_control": {"type": "ephemeral"}}]
    async with desk() as d:
        for _ in range(2):
            usage = (await d.say(system=system)).usage
            assert (usage.cache_creation_input_tokens, usage.cache_read_input_tokens) == (0, 0)


async def test_tokens_are_counted_as_they_are_charged() -> None:
    body = message()
    asked = {key: body[key] for key in ("model", "system", "messages", "thinking", "output_config")}
    async with desk() as d:
        counted = await d.anthropic.messages.count_tokens(**asked)
        answer = await d.say()
    assert counted.input_tokens == answer.usage.input_tokens
    assert len(d.sim.invoice) == 1


async def test_models_tell_their_life() -> None:
    async with desk() as d:
        models = {model.id: model async for model in d.anthropic.models.list()}
        gone = await d.anthropic.models.retrieve("claude-3-5-haiku-20241022")
        with pytest.raises(anthropic.NotFoundError):
            await d.anthropic.models.retrieve("claude-nobody")
    assert models["claude-haiku-5-5"].lifecycle == "active"
    ending = models["claude-sonnet-4-5"]
    assert ending.lifecycle == "deprecated"
    assert ending.retires_at is not None
    assert ending.retires_at.date().isoformat() == "2026-11-30"
    assert gone.lifecycle == "retired"


async def test_limits_are_announced_and_kept() -> None:
    settings = SimLlmSettings(requests_per_minute=60, tokens_per_minute=100_000, burst_seconds=2)
    async with desk(settings) as d:
        for left in (1, 0):
            headers = await d.message_headers()
            assert headers["anthropic-ratelimit-requests-limit"] == "60"
            assert headers["anthropic-ratelimit-requests-remaining"] == str(left)
            assert headers["anthropic-ratelimit-requests-reset"].startswith("2026-11-24T12:00:0")
            assert int(headers["anthropic-ratelimit-tokens-remaining"]) > 0
        with pytest.raises(anthropic.RateLimitError) as caught:
            await d.say()
        assert caught.value.response.headers["retry-after"] == "1"
        d.clock.pass_by(1)
        await d.say()
    assert len(d.sim.invoice) == 3


async def test_tokens_a_minute_are_limited_too() -> None:
    async with desk(SimLlmSettings(tokens_per_minute=600, burst_seconds=60)) as d:
        await d.say("word " * 500)
        with pytest.raises(anthropic.RateLimitError, match="tokens"):
            await d.say("word " * 500)
        await d.anthropic.messages.create(
            **message("word " * 500, model="claude-sonnet-5-5", thinking={"type": "between_tools"})
        )


async def test_a_prompt_longer_than_the_context_is_refused() -> None:
    async with desk() as d:
        with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
            await d.say("word " * 200_001, model="claude-haiku-4-5")
