"""The simulated providers' embeddings behind the vendors' own clients: shape, meaning, limits, money."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx2
import openai
import pytest
from google.genai import Client
from google.genai.types import EmbedContentConfig, EmbedContentResponse
from openai.types import CreateEmbeddingResponse
from pydantic_ai.providers.google import GoogleProvider

from earshot.sim.llm.embeddings import vector
from earshot.sim.llm.settings import Fault, SimLlmSettings
from tests.contract.llm_desk import KEY, Desk, desk

SMALL = "text-embedding-3-small"
GEMINI = "gemini-embedding-001"
TEXTS = ["the csv export is broken", "broken: csv export", "please invite my colleague"]


@asynccontextmanager
async def google(d: Desk) -> AsyncGenerator[Client]:
    async with httpx2.AsyncClient(timeout=30) as http:
        yield GoogleProvider(api_key=KEY, base_url=d.url, http_client=http).client


async def embed(d: Desk, texts: Any, **more: Any) -> CreateEmbeddingResponse:
    create: Any = d.openai.embeddings.create
    told: CreateEmbeddingResponse = await create(**{"model": SMALL, "input": texts, **more})
    return told


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_like_texts_lie_close_and_every_token_is_charged() -> None:
    async with desk() as d:
        told = await embed(d, TEXTS)
    rows = [one.embedding for one in told.data]
    assert [one.index for one in told.data] == [0, 1, 2]
    assert {len(row) for row in rows} == {1536}
    assert all(cosine(row, row) == pytest.approx(1.0, abs=1e-4) for row in rows)
    assert cosine(rows[0], rows[1]) > 0.7
    assert abs(cosine(rows[0], rows[2])) < 0.3
    assert told.usage.prompt_tokens == told.usage.total_tokens > 0
    (line,) = d.sim.invoice.lines
    assert line.amount == told.usage.prompt_tokens * Decimal("0.02") / 1_000_000
    assert d.sim.counts["POST /v1/embeddings"] == 1


async def test_vectors_can_be_shortened_and_asked_for_as_plain_numbers() -> None:
    async with desk() as d:
        packed = await embed(d, TEXTS, dimensions=64)
        plain = await embed(d, TEXTS, dimensions=64, encoding_format="float")
        one = await embed(d, TEXTS[0], dimensions=64)
    assert plain.data[0].embedding == vector(TEXTS[0], 64)
    assert one.data[0].embedding == packed.data[0].embedding == pytest.approx(vector(TEXTS[0], 64), abs=1e-6)


@pytest.mark.parametrize(
    ("texts", "more", "error"),
    [
        ([], {}, openai.BadRequestError),
        ([""], {}, openai.BadRequestError),
        (["x"] * 2049, {}, openai.BadRequestError),
        (["word " * 9000], {}, openai.BadRequestError),
        (["x"], {"dimensions": 1537}, openai.BadRequestError),
        (["x"], {"encoding_format": "hex"}, openai.BadRequestError),
        (["x"], {"extra_body": {"colour": "red"}}, openai.BadRequestError),
        (["x"], {"model": "text-embedding-9"}, openai.NotFoundError),
        (["x"], {"model": "gpt-6-luna"}, openai.PermissionDeniedError),
        (["x"], {"model": GEMINI}, openai.NotFoundError),
    ],
)
async def test_what_is_refused_costs_nothing(
    texts: list[str], more: dict[str, Any], error: type[Exception]
) -> None:
    async with desk() as d:
        with pytest.raises(error):
            await embed(d, texts, **more)
        assert not d.sim.invoice.lines


async def test_a_server_of_ones_own_embeds_for_nothing() -> None:
    async with desk() as d:
        told = await embed(d, TEXTS, model="nomic-embed-text")
    assert len(told.data[0].embedding) == 384
    assert d.sim.invoice.total == 0


async def test_a_model_that_embeds_does_not_write() -> None:
    async with desk() as d:
        with pytest.raises(openai.BadRequestError):
            await d.respond(model=SMALL)
        url = f"/v1beta/models/{GEMINI}:generateContent"
        refused = await d.raw.post(url, json={"contents": [{"parts": [{"text": "hello"}]}]})
    assert refused.status_code == 404


async def test_google_embeds_in_batches_and_one_by_one() -> None:
    async with desk() as d, google(d) as client:
        config = EmbedContentConfig(task_type="SEMANTIC_SIMILARITY", output_dimensionality=64)
        models: Any = client.aio.models
        told: EmbedContentResponse = await models.embed_content(model=GEMINI, contents=TEXTS, config=config)
        single = {"content": {"parts": [{"text": TEXTS[0]}]}, "outputDimensionality": 64}
        one = (await d.raw.post(f"/v1beta/models/{GEMINI}:embedContent", json=single)).json()
    rows = [each.values for each in told.embeddings or []]
    assert rows == [vector(text, 64) for text in TEXTS]
    assert one["embedding"]["values"] == rows[0]
    assert len(d.sim.invoice.lines) == 2
    assert d.sim.invoice.lines[1].amount == one["usageMetadata"]["promptTokenCount"] * Decimal("0.15") / 1_000_000


BAD_BODIES: list[dict[str, Any]] = [
    {"requests": []},
    {"requests": [{"model": "models/other", "content": {"parts": [{"text": "x"}]}}]},
    {"requests": [{"model": f"models/{GEMINI}", "content": {"parts": [{"text": ""}]}}]},
    {"requests": [{"model": f"models/{GEMINI}", "content": {"parts": [{"inlineData": {}}]}}]},
    {"requests": [{"model": f"models/{GEMINI}", "content": {"parts": [{"text": "x"}]}, "colour": 1}]},
    {"requests": [{"model": f"models/{GEMINI}", "content": {"parts": [{"text": "x"}]}}] * 101},
]


@pytest.mark.parametrize("body", BAD_BODIES)
async def test_google_refuses_what_google_refuses(body: dict[str, Any]) -> None:
    async with desk() as d:
        told = await d.raw.post(f"/v1beta/models/{GEMINI}:batchEmbedContents", json=body)
        gone = await d.raw.post("/v1beta/models/gemini-3.8-flash:batchEmbedContents", json=body)
    assert told.status_code == 400
    assert told.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert gone.status_code == 404


async def test_limits_and_faults_strike_here_too() -> None:
    async with desk(SimLlmSettings(requests_per_minute=6)) as d:
        await embed(d, TEXTS)
        with pytest.raises(openai.RateLimitError):
            await embed(d, TEXTS)
    async with desk() as d:
        d.sim.script(Fault.INVALID)
        assert len((await embed(d, TEXTS)).data) == 2
        d.sim.script(Fault.SERVER_ERROR)
        with pytest.raises(openai.APIStatusError):
            await embed(d, TEXTS)
