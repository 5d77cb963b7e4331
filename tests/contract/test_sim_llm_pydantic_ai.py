"""The simulated providers behind pydantic-ai: what it reads from them, and what it says it cost."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import httpx2
import pytest
from pydantic import BaseModel, Field
from pydantic_ai import Agent
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import (
    ModelHTTPError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelRateLimitError,
)
from pydantic_ai.messages import ModelRequest, ModelResponse, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.models.openai_decisions import OpenAIDecisionsModel
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from earshot.sim.llm.settings import Fault, SimLlmSettings
from tests.contract.llm_desk import KEY, SCHEMA, Desk, desk

SETTINGS: Any = {
    "max_tokens": 300,
    "thinking": False,
    "request_timeout": 20,
    "openai_store": False,
    "cache": {"retention": "1h", "messages": False},
}
FORM = ModelRequestParameters(
    output_mode="native",
    output_object=OutputObjectDefinition(json_schema=SCHEMA, name="reading", strict=True),
    allow_text_output=True,
)


@dataclass
class Models:
    desk: Desk
    google: GoogleProvider

    def named(self, name: str) -> Model:
        vendor, _, model = name.partition(":")
        if vendor == "anthropic":
            return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=self.desk.anthropic))
        if vendor == "google":
            return GoogleModel(model, provider=self.google)
        kind = {"openai": OpenAIResponsesModel, "chat": OpenAIChatModel, "decisions": OpenAIDecisionsModel}[vendor]
        return kind(model, provider=OpenAIProvider(openai_client=self.desk.openai))


@asynccontextmanager
async def models(settings: SimLlmSettings | None = None) -> AsyncGenerator[Models]:
    async with desk(settings) as d, httpx2.AsyncClient(timeout=30) as http:
        yield Models(d, GoogleProvider(api_key=KEY, base_url=d.url, http_client=http))


async def ask(model: Model, content: str = "My invoice is wrong") -> ModelResponse:
    messages = [ModelRequest(parts=[UserPromptPart(content)], instructions="A rule to follow. " * 700)]
    given: ModelSettings = {
        k: v for k, v in SETTINGS.items() if "chat" not in type(model).__name__.lower() or k != "cache"
    }  # pyright: ignore[reportAssignmentType]
    return await model_request(model, messages, model_settings=given, model_request_parameters=FORM)


@pytest.mark.parametrize(
    "name",
    [
        "anthropic:claude-haiku-5-5",
        "anthropic:claude-sonnet-5-5",
        "anthropic:claude-opus-5-5",
        "anthropic:claude-haiku-4-5",
        "openai:gpt-6-luna",
        "openai:gpt-6.1-terra",
        "openai:gpt-6.1-sol",
        "chat:gpt-6-luna",
        "google:gemini-3.5-flash-lite",
        "google:gemini-3.8-flash",
    ],
)
async def test_every_provider_answers_and_its_invoice_is_the_list_price(name: str) -> None:
    async with models() as m:
        answers = [await ask(m.named(name), f"Conversation {i}") for i in range(3)]
    for answer, line in zip(answers, m.desk.sim.invoice, strict=True):
        assert answer.finish_reason == "stop"
        assert json.loads(answer.text or "")["kind"] in {"BUG", "BILLING"}
        assert answer.usage.input_tokens == line.tokens.prompt
        assert answer.usage.output_tokens == line.tokens.output
        assert answer.usage.cache_read_tokens == line.tokens.read
        assert answer.cost().total_price == line.amount
    assert m.desk.sim.invoice.lines[2].tokens.read > 1000


async def test_a_model_of_ones_own_is_asked_through_chat() -> None:
    async with models() as m:
        answer = await ask(m.named("chat:llama-3.3-70b"))
    assert json.loads(answer.text or "")
    assert m.desk.sim.invoice.total == Decimal(0)


class Handling(BaseModel):
    """Closed questions."""

    kind: Literal["BUG", "BILLING"] = Field(description="Which kind of matter is it?")
    angry: bool = Field(description="Is the customer angry?")


async def test_decisions_fill_closed_fields() -> None:
    async with models() as m:
        got = await Agent(m.named("decisions:gpt-6-luna"), output_type=Handling).run("My invoice is wrong")
    assert got.output.kind in {"BUG", "BILLING"}
    line = m.desk.sim.invoice.lines[0]
    assert line.mode == "decisions"
    assert got.usage.input_tokens == line.tokens.prompt
    assert line.amount == line.tokens.prompt * Decimal("0.10") / 1_000_000


@pytest.mark.parametrize(
    ("kind", "name", "error"),
    [
        (Fault.TOO_MANY, "anthropic:claude-haiku-5-5", ModelRateLimitError),
        (Fault.TOO_MANY, "openai:gpt-6-luna", ModelRateLimitError),
        (Fault.TOO_MANY, "google:gemini-3.5-flash-lite", ModelRateLimitError),
        (Fault.OVERLOADED, "anthropic:claude-haiku-5-5", ModelOverloadedError),
        (Fault.SERVER_ERROR, "openai:gpt-6-luna", ModelHTTPError),
    ],
)
async def test_faults_arrive_as_what_they_are(kind: Fault, name: str, error: type[ModelHTTPError]) -> None:
    async with models() as m:
        m.desk.sim.script(kind)
        with pytest.raises(error) as caught:
            await ask(m.named(name))
    if isinstance(caught.value, ModelRateLimitError):
        assert caught.value.retry_after == 1


@pytest.mark.parametrize("name", ["anthropic:claude-haiku-5-5-x", "openai:gpt-99", "google:gemini-0"])
async def test_unknown_models_are_not_found(name: str) -> None:
    async with models() as m:
        with pytest.raises(ModelNotFoundError):
            await ask(m.named(name))


async def test_google_tells_its_ends_and_lists_its_models() -> None:
    async with models() as m:
        gemini = m.named("google:gemini-3.5-flash-lite")
        m.desk.sim.script(Fault.TRUNCATED)
        assert (await ask(gemini)).finish_reason == "length"
        m.desk.sim.script(Fault.REFUSAL)
        assert (await ask(gemini)).finish_reason == "content_filter"
        listed = (await m.desk.raw.get("/v1beta/models")).json()["models"]
        one = (await m.desk.raw.get("/v1beta/models/gemini-3.8-flash")).json()
        url = "/v1beta/models/gemini-3.8-flash:generateContent"
        wrong = await m.desk.raw.post(url, json={"contents": [], "colour": 1})
    assert {row["name"] for row in listed} >= {"models/gemini-3.8-flash", "models/gemini-3.5-flash-lite"}
    assert one["name"] == "models/gemini-3.8-flash"
    assert wrong.json()["error"]["status"] == "INVALID_ARGUMENT"
