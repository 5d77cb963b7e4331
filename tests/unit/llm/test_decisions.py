from typing import Any

import pytest

from earshot.domain.call import Outcome, Tier, Usage
from earshot.errors import Misconfigured
from earshot.ports.model import Finish, Unanswered
from tests.unit.llm.test_answers import assert_silent
from tests.unit.llm.wire import ASKED, DECIDED, SECRET, TestClock, Wire, decided, reply


def choice(option: str, **probabilities: float) -> dict[str, Any]:
    return {"type": "choice", "choice": option, "confidence": 0.5, "probabilities": probabilities}


GOOGLE = {
    "answers": {"q0": choice("bug", bug=0.9, question=0.1), "q1": choice("low", low=0.75, high=0.25)},
    "usage": {"total_input_tokens": 900, "total_output_tokens": 0},
}


@pytest.mark.parametrize(("provider", "answer"), [("openai", decided()), ("google", GOOGLE)])
async def test_closed_questions_bring_the_probability_of_each_option(provider: str, answer: dict[str, Any]) -> None:
    models = Wire(reply(answer)).models(provider=provider)
    model = models.tier(Tier.LABELS)
    given = await model.ask(DECIDED)
    await models.close()
    assert model.provider == f"{provider}-decisions"
    assert given.choices == {"kind": {"bug": 0.9, "question": 0.1}, "churn": {"low": 0.75, "high": 0.25}}
    assert given.usage == Usage(input_tokens=900)


async def test_one_question_is_sent_for_each_of_ours() -> None:
    wire = Wire(reply(decided()))
    models = wire.models(provider="openai")
    await models.tier(Tier.LABELS).ask(DECIDED)
    await models.close()
    body = wire.bodies[0]
    assert wire.requests[0].url.path == "/v1/decisions"
    assert body["model"] == "gpt-6-luna"
    assert body["input"] == f'Judge.\n\n"{SECRET}"'
    assert body["questions"][0] == {
        "type": "choice",
        "name": "kind",
        "instructions": "What is it about?",
        "choices": [
            {"value": "bug", "description": "something broke"},
            {"value": "question", "description": "asks"},
        ],
    }


async def test_a_refusal_is_paid_for() -> None:
    answer = decided()
    answer["answers"][1] = {"type": "refusal", "name": "churn", "refusal": "no"}
    models = Wire(reply(answer)).models(provider="openai")
    given = await models.tier(Tier.LABELS).ask(DECIDED)
    await models.close()
    assert given.finish is Finish.REFUSAL
    assert given.usage == Usage(input_tokens=900)


async def test_a_wrong_answer_is_paid_for_and_empty() -> None:
    answer = decided()
    answer["answers"].pop()
    models = Wire(reply(answer)).models(provider="openai")
    given = await models.tier(Tier.LABELS).ask(DECIDED)
    await models.close()
    assert given.choices == {}
    assert given.usage == Usage(input_tokens=900)


@pytest.mark.parametrize("provider", ["openai", "google"])
async def test_faults_are_named(provider: str) -> None:
    broken = reply(f"<html>{SECRET}")
    busy = reply({"error": {"code": 529, "message": SECRET}}, status=529)
    models = Wire(broken, busy).models(provider=provider)
    with pytest.raises(Unanswered) as raised:
        await models.tier(Tier.LABELS).ask(DECIDED)
    assert raised.value.lost
    with pytest.raises(Unanswered) as raised:
        await models.tier(Tier.LABELS).ask(DECIDED)
    await models.close()
    assert raised.value.outcome is Outcome.OVERLOADED
    assert_silent(raised.value)


async def test_a_request_without_questions_is_refused_before_it_is_sent() -> None:
    wire = Wire(reply(decided()))
    models = wire.models(provider="openai")
    with pytest.raises(Misconfigured):
        await models.tier(Tier.LABELS).ask(ASKED)
    await models.close()
    assert wire.requests == []


def test_tiers_and_kinds_of_models_fit() -> None:
    wire = Wire(reply(decided()))
    with pytest.raises(Misconfigured) as raised:
        wire.models(provider="anthropic").tier(Tier.LABELS)
    assert "[llm] labels" in raised.value.hint
    with pytest.raises(Misconfigured) as raised:
        wire.models(provider="openai", labels="openai:gpt-6-luna").tier(Tier.LABELS)
    assert "decision endpoint" in str(raised.value)
    with pytest.raises(Misconfigured):
        wire.models(provider="openai", cheap="openai-decisions:gpt-6-luna").tier(Tier.CHEAP)
    labelled = wire.models(clock=TestClock(), provider="anthropic", labels="openai-decisions:gpt-6-luna")
    assert labelled.tier(Tier.LABELS).provider == "openai-decisions"
