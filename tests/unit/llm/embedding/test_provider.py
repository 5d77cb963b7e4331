"""A provider's embeddings: what is sent, what comes back, and what every failure is called."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from earshot.domain.call import Outcome, Usage
from earshot.errors import EarshotError, Misconfigured, Rejected
from earshot.llm.clients import Clients
from earshot.llm.embedding.asked import EmbeddingAnswer, EmbeddingRequest
from earshot.llm.embedding.companies import embedding_model
from earshot.llm.embedding.provider import ProviderEmbedding
from earshot.llm.embedding.settings import EmbeddingSettings
from earshot.llm.keys import LlmKeys
from earshot.llm.prices import ListPrices
from earshot.llm.settings import LlmSettings
from earshot.ports.model import Unanswered
from tests.unit.llm.wire import KEYS, SECRET, TestClock, Wire, reply

TEXTS = ("one", "two")


def told(*rows: Any, **more: Any) -> dict[str, Any]:
    data = [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(rows)]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return {"object": "list", "model": "m", "data": data, "usage": usage, **more}


@asynccontextmanager
async def model(wire: Wire, keys: LlmKeys = KEYS, **settings: Any) -> AsyncGenerator[ProviderEmbedding]:
    chosen = EmbeddingSettings.model_validate({"provider": "openai", **settings})
    clients = Clients(LlmSettings(base_url="http://127.0.0.1:9/v1"), keys, transport=httpx2.MockTransport(wire))
    yield embedding_model(chosen, clients, deadline=5.0, clock=TestClock())
    await clients.close()


async def ask(wire: Wire, *texts: str, **settings: Any) -> EmbeddingAnswer:
    async with model(wire, **settings) as one:
        answer = await one.ask(EmbeddingRequest(texts=texts or TEXTS))
    assert isinstance(answer, EmbeddingAnswer)
    return answer


async def test_openai_is_asked_for_short_vectors_which_come_back_at_unit_length() -> None:
    wire = Wire(reply(told([3.0, 4.0], [0.0, 2.0])))
    answer = await ask(wire)
    assert answer.vectors == ((0.6, 0.8), (0.0, 1.0))
    assert answer.usage == Usage(input_tokens=7)
    (body,) = wire.bodies
    assert (body["model"], body["input"], body["dimensions"]) == ("text-embedding-3-small", ["one", "two"], 384)
    assert wire.requests[0].headers["authorization"] == "Bearer oai-key"


async def test_a_compatible_server_is_asked_for_nothing_special() -> None:
    wire = Wire(reply(told([1.0, 0.0], [0.0, 1.0])))
    await ask(wire, provider="compatible", model="nomic-embed-text")
    assert "dimensions" not in wire.bodies[0]
    assert str(wire.requests[0].url) == "http://127.0.0.1:9/v1/embeddings"


async def test_google_is_told_what_the_vectors_are_for() -> None:
    wire = Wire(reply({"embeddings": [{"values": [1.0, 0.0]}, {"values": [0.0, 1.0]}]}))
    answer = await ask(wire, provider="google")
    request = wire.bodies[0]["requests"][0]
    assert (request["taskType"], request["outputDimensionality"]) == ("SEMANTIC_SIMILARITY", 384)
    assert answer.usage is not None
    assert answer.usage.input_tokens >= 2, "Google told none: the estimate stands for it, never nothing"
    await ask(wire, provider="google", model="gemini-embedding-2")
    second = wire.bodies[1]["requests"][0]
    assert second["content"]["parts"][0]["text"] == "task: sentence similarity | query: one"
    assert "taskType" not in second


async def test_what_google_tells_of_its_usage_is_believed() -> None:
    body = {"embeddings": [{"values": [1.0]}, {"values": [1.0]}], "usageMetadata": {"promptTokenCount": 11}}
    answer = await ask(Wire(reply(body)), provider="google")
    assert answer.usage == Usage(input_tokens=11)


@pytest.mark.parametrize(
    "rows",
    [
        ([1.0, 0.0],),
        ([1.0, 0.0], [1.0]),
        ([1.0, 0.0], [0.0, 0.0]),
        ([1.0, 0.0], [float("1e400"), 0.0]),
        ([], []),
        ([1.0], [1.0], [1.0]),
    ],
)
async def test_vectors_that_cannot_be_used_are_paid_for_and_none(rows: tuple[list[float], ...]) -> None:
    wire = Wire(reply(str(told(*rows)).replace("'", '"').replace("inf", "1e999")))
    answer = await ask(wire)
    assert answer.vectors == ()
    assert answer.usage == Usage(input_tokens=7)


async def test_a_body_that_nobody_can_read_is_paid_for_where_it_tells_its_usage() -> None:
    async with model(Wire(reply(told("nonsense", None)))) as one:
        answer = await one.ask(EmbeddingRequest(texts=TEXTS))
    assert answer.usage == Usage(input_tokens=7)
    assert getattr(answer, "vectors", ()) == ()


@pytest.mark.parametrize("provider", ["openai", "google", "compatible"])
@pytest.mark.parametrize(
    ("status", "error", "outcome"),
    [
        (401, Misconfigured, None),
        (404, Misconfigured, None),
        (400, Rejected, None),
        (429, Unanswered, Outcome.RATE_LIMITED),
        (500, Unanswered, Outcome.ERROR),
        (503, Unanswered, Outcome.OVERLOADED),
    ],
)
async def test_failures_are_named_and_never_quote_the_texts(
    provider: str, status: int, error: type[EarshotError], outcome: Outcome | None
) -> None:
    wire = Wire(reply({"error": {"message": SECRET, "code": status, "status": "X"}}, status=status))
    async with model(wire, provider=provider, model="m") as one:
        with pytest.raises(error) as caught:
            await one.ask(EmbeddingRequest(texts=(SECRET,)))
    assert (
        SECRET
        not in f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r} {caught.value.__context__!r}"
    )
    if isinstance(caught.value, Unanswered):
        assert caught.value.outcome is outcome
    if isinstance(caught.value, Misconfigured) and status == 404:
        assert "[embeddings] model" in caught.value.hint


async def test_a_cut_connection_may_have_been_charged() -> None:
    async with model(Wire(httpx2.ReadError("cut"))) as one:
        with pytest.raises(Unanswered) as caught:
            await one.ask(EmbeddingRequest(texts=TEXTS))
    assert caught.value.lost


async def test_a_missing_key_is_named() -> None:
    with pytest.raises(Misconfigured, match="OPENAI_API_KEY"):
        async with model(Wire(reply({})), keys=LlmKeys()):
            pass


def test_the_bound_is_above_the_bill() -> None:
    prices = ListPrices(LlmSettings(), clock=TestClock())
    request = EmbeddingRequest(texts=("räksmörgås " * 50, "😀" * 100))
    bound = prices.bound("openai", "text-embedding-3-small", request=request)
    cost = prices.cost("openai", "text-embedding-3-small", usage=Usage(input_tokens=650))
    assert cost is not None
    assert bound is not None
    assert 10 * cost.usd > bound > cost.usd
    assert prices.cost("google", "gemini-embedding-001", usage=Usage(input_tokens=10**6)) is not None
    assert prices.bound("compatible", "nomic-embed-text", request=request) is None
