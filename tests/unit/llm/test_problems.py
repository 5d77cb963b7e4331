"""Error answers and broken connections, by name and without the provider's words."""

from typing import Any

import httpx2
import pytest

from earshot.domain.call import Outcome, Tier
from earshot.errors import EarshotError, Misconfigured, Rejected
from earshot.ports.model import Unanswered
from tests.unit.llm.test_answers import LOCAL, PROVIDERS, assert_silent
from tests.unit.llm.wire import ASKED, SECRET, Wire, reply


async def failing(provider: str, answer: httpx2.Response | Exception) -> EarshotError:
    wire = Wire(answer)
    models = wire.models(provider=provider, **(LOCAL if provider == "compatible" else {}))
    with pytest.raises(EarshotError) as raised:
        await models.tier(Tier.CHEAP).ask(ASKED)
    await models.close()
    assert len(wire.requests) == 1, "an attempt is one call"
    assert_silent(raised.value)
    return raised.value


def refusal(status: int, **error: Any) -> httpx2.Response:
    return reply({"type": "error", "error": {"message": SECRET, **error}}, status=status, retry_after="7")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "outcome", "lost"),
    [
        (408, Outcome.TIMEOUT, True),
        (429, Outcome.RATE_LIMITED, False),
        (500, Outcome.ERROR, False),
        (502, Outcome.LOST, True),
        (503, Outcome.OVERLOADED, False),
        (504, Outcome.TIMEOUT, True),
        (524, Outcome.TIMEOUT, True),
        (529, Outcome.OVERLOADED, False),
    ],
)
async def test_faults_that_pass(provider: str, status: int, outcome: Outcome, *, lost: bool) -> None:
    error = await failing(provider, refusal(status))
    assert isinstance(error, Unanswered)
    assert (error.outcome, error.lost, error.retry_after) == (outcome, lost, 7.0)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (400, Rejected, ""),
        (413, Rejected, ""),
        (422, Rejected, ""),
        (401, Misconfigured, "_API_KEY"),
        (403, Misconfigured, "_API_KEY"),
        (404, Misconfigured, "[llm] cheap"),
    ],
)
async def test_faults_that_stay(provider: str, status: int, kind: type[EarshotError], says: str) -> None:
    error = await failing(provider, refusal(status))
    assert type(error) is kind
    assert says in error.hint
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("provider", "answer"),
    [
        ("openai", refusal(429, code="insufficient_quota", type="insufficient_quota")),
        ("anthropic", reply({"error": {"type": "billing_error", "message": "x"}}, status=402)),
        (
            "anthropic",
            reply(
                {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}},
                status=400,
            ),
        ),
    ],
)
async def test_an_empty_account_is_for_a_person_to_fill(provider: str, answer: httpx2.Response) -> None:
    error = await failing(provider, answer)
    assert isinstance(error, Misconfigured)
    assert "credit" in error.hint


async def test_a_conversation_that_is_too_long_is_refused_as_such() -> None:
    error = await failing("openai", refusal(400, code="context_length_exceeded"))
    assert isinstance(error, Rejected)
    assert "longer than" in error.hint


async def test_an_unknown_model_is_named_with_its_setting() -> None:
    error = await failing("openai", refusal(400, code="model_not_found"))
    assert isinstance(error, Misconfigured)
    assert "[llm] cheap" in error.hint


async def test_a_code_that_is_no_code_is_not_repeated() -> None:
    error = await failing("openai", refusal(400, code=SECRET, type=SECRET))
    assert str(error) == "openai:gpt-6-luna answered 400."


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("fault", "outcome", "lost"),
    [
        (httpx2.ConnectError("x"), Outcome.ERROR, False),
        (httpx2.ConnectTimeout("x"), Outcome.ERROR, False),
        (httpx2.PoolTimeout("x"), Outcome.ERROR, False),
        (httpx2.ReadTimeout("x"), Outcome.TIMEOUT, True),
        (httpx2.ReadError("x"), Outcome.LOST, True),
        (httpx2.WriteError("x"), Outcome.LOST, True),
        (httpx2.RemoteProtocolError("x"), Outcome.LOST, True),
    ],
)
async def test_broken_connections(provider: str, fault: Exception, outcome: Outcome, *, lost: bool) -> None:
    error = await failing(provider, fault)
    assert isinstance(error, Unanswered)
    assert (error.outcome, error.lost) == (outcome, lost)


async def test_a_fault_of_ours_is_not_taken_for_the_providers() -> None:
    wire = Wire(ZeroDivisionError("ours"))
    models = wire.models(provider="anthropic")
    broken = ASKED.model_copy(update={"form": None, "content": None})
    with pytest.raises(Exception) as raised:  # noqa: PT011 (any, but not one of the provider's)
        await models.tier(Tier.CHEAP).ask(broken)
    await models.close()
    assert not isinstance(raised.value, Unanswered)
