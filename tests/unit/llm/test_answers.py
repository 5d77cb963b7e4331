"""What becomes of answers: finished, cut, refused, broken; and that every one told is paid for."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from earshot.domain.call import Outcome, Tier, Usage
from earshot.ports.model import Answer, Finish, Unanswered
from tests.unit.llm.wire import ASKED, SECRET, TEXT, Wire, completion, generated, message, reply, response

WRITTEN = Usage(input_tokens=2040, cached_tokens=500, cache_write_tokens=1500, output_tokens=30)
READ = Usage(input_tokens=2040, cached_tokens=500, output_tokens=30, reasoning_tokens=5)
BOTH = WRITTEN.model_copy(update={"reasoning_tokens": 5})
LOCAL: dict[str, Any] = {"cheap": "qwen3:8b"}
CUT = '{"kind": "b'


def refused_response() -> dict[str, Any]:
    answer = response()
    answer["output"][0]["content"] = [{"type": "refusal", "refusal": "no"}]
    return answer


def failed_response(code: str, **more: Any) -> dict[str, Any]:
    return response("", status="failed", error={"code": code, "message": SECRET}, **more)


def refused_completion() -> dict[str, Any]:
    answer = completion(None)
    answer["choices"][0]["message"]["refusal"] = "no"
    return answer


async def asked(provider: str, answer: dict[str, Any] | str) -> Answer:
    wire = Wire(reply(answer))
    models = wire.models(provider=provider, **(LOCAL if provider == "compatible" else {}))
    try:
        return await models.tier(Tier.CHEAP).ask(ASKED)
    finally:
        await models.close()
        assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("provider", "answer", "finish", "text", "usage"),
    [
        ("anthropic", message(), Finish.STOP, TEXT, WRITTEN),
        ("anthropic", message(CUT, stop="max_tokens"), Finish.LENGTH, CUT, WRITTEN),
        ("anthropic", message(CUT, stop="model_context_window_exceeded"), Finish.LENGTH, CUT, WRITTEN),
        ("anthropic", message("", stop="refusal"), Finish.REFUSAL, "", WRITTEN),
        ("openai", response(), Finish.STOP, TEXT, BOTH),
        (
            "openai",
            response(CUT, status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
            Finish.LENGTH,
            CUT,
            BOTH,
        ),
        ("openai", refused_response(), Finish.REFUSAL, "", BOTH),
        ("openai", failed_response("server_error"), Finish.STOP, "", BOTH),
        ("google", generated(), Finish.STOP, TEXT, READ),
        ("google", generated(CUT, finish="MAX_TOKENS"), Finish.LENGTH, CUT, READ),
        ("google", generated("", finish="SAFETY"), Finish.REFUSAL, "", READ),
        (
            "google",
            generated(candidates=None, promptFeedback={"blockReason": "SAFETY"}),
            Finish.REFUSAL,
            "",
            READ,
        ),
        ("compatible", completion(), Finish.STOP, TEXT, READ),
        ("compatible", completion(CUT, finish="length"), Finish.LENGTH, CUT, READ),
        ("compatible", refused_completion(), Finish.REFUSAL, "", READ),
        ("compatible", completion(usage=None), Finish.STOP, TEXT, None),
    ],
)
async def test_every_end_keeps_its_usage(
    provider: str, answer: dict[str, Any], finish: Finish, text: str, usage: Usage | None
) -> None:
    given = await asked(provider, answer)
    assert (given.finish, given.text, given.usage) == (finish, text, usage)


PROVIDERS = ["anthropic", "openai", "google", "compatible"]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("body", [f"<html>{SECRET}</html>", "", "[]", "{}", "null", '"text"'])
async def test_an_unreadable_answer_may_have_been_charged(provider: str, body: str) -> None:
    with pytest.raises(Unanswered) as raised:
        await asked(provider, body)
    assert raised.value.lost
    assert raised.value.outcome is Outcome.LOST
    assert_silent(raised.value)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_unreadable_answer_that_tells_its_usage_is_paid_for_and_empty(provider: str) -> None:
    told = '{"usage": {"input_tokens": 7, "prompt_tokens": 7, "output_tokens": 1, "completion_tokens": 1}}'
    given = await asked(provider, told)
    assert given.text == ""
    assert given.usage == Usage(input_tokens=7, output_tokens=1)


@pytest.mark.parametrize(
    ("provider", "answer"),
    [("anthropic", message), ("openai", response), ("google", generated), ("compatible", completion)],
)
async def test_half_a_character_cannot_travel_on(provider: str, answer: Callable[[str], dict[str, Any]]) -> None:
    given = await asked(provider, json.dumps(answer("half a \ud83d character")))
    assert given.text == "half a ? character"
    assert given.usage is not None


async def test_a_failure_inside_a_successful_answer() -> None:
    with pytest.raises(Unanswered) as raised:
        await asked("openai", failed_response("rate_limit_exceeded", usage=None))
    assert raised.value.outcome is Outcome.RATE_LIMITED
    assert not raised.value.lost
    with pytest.raises(Unanswered) as raised:
        await asked("openai", failed_response("server_error", usage=None))
    assert raised.value.lost
    assert_silent(raised.value)


def assert_silent(error: BaseException) -> None:
    """No word of the customer in an error, nor in what it drags along."""
    assert SECRET not in f"{error!r}{error.__cause__!r}{error.__context__!r}"
    assert error.__cause__ is None
    assert error.__context__ is None
