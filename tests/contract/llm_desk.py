"""Running simulated providers and the vendors' own clients of them, for the tests of the simulator."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
from anthropic import AsyncAnthropic
from anthropic.types import Message
from openai import AsyncOpenAI
from openai.types import Decision
from openai.types.responses import Response

from earshot.sim.llm.answering import AnswerFunction
from earshot.sim.llm.server import running
from earshot.sim.llm.settings import Fault, FaultSettings, SimLlmSettings
from earshot.sim.llm.simulator import LlmSim
from tests.still import StillClock

Json = dict[str, Any]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = "sim-key"
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["BUG", "BILLING"]},
        "summary": {"type": "string"},
        "area": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["kind", "summary", "area"],
    "additionalProperties": False,
}


@dataclass
class Desk:
    """A simulator, its clock and its clients."""

    sim: LlmSim
    clock: StillClock
    url: str
    anthropic: AsyncAnthropic
    openai: AsyncOpenAI
    raw: httpx2.AsyncClient

    async def say(self, content: str = "My invoice is wrong", **changes: Any) -> Message:
        """A message through Anthropic's SDK."""
        create: Any = self.anthropic.messages.create
        answer: Message = await create(**message(content, **changes))
        return answer

    async def respond(self, content: str = "My invoice is wrong", **changes: Any) -> Response:
        """A response through OpenAI's SDK."""
        create: Any = self.openai.responses.create
        answer: Response = await create(**response(content, **changes))
        return answer

    async def message_headers(self) -> Mapping[str, str]:
        """The headers of a message of Anthropic's."""
        create: Any = self.anthropic.messages.with_raw_response.create
        answer: Any = await create(**message())
        headers: Mapping[str, str] = answer.headers
        return headers

    async def headers(self) -> Mapping[str, str]:
        """The headers of a response of OpenAI's."""
        create: Any = self.openai.responses.with_raw_response.create
        answer: Any = await create(**response())
        headers: Mapping[str, str] = answer.headers
        return headers

    async def decide(self, content: str | list[Json], questions: list[Json], model: str = "gpt-6-luna") -> Decision:
        """A decision through OpenAI's SDK."""
        create: Any = self.openai.decisions.create
        answer: Decision = await create(model=model, input=content, questions=questions)
        return answer


@asynccontextmanager
async def desk(settings: SimLlmSettings | None = None, **parts: Any) -> AsyncGenerator[Desk]:
    """A running simulator with clients that try once."""
    clock = StillClock(NOW)
    sim = LlmSim(parts.pop("answer", None), settings, clock=clock, **parts)
    headers = {"authorization": f"Bearer {KEY}"}
    async with (
        running(sim) as url,
        AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0, open_telemetry=False) as anthropic,
        AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0) as openai,
        httpx2.AsyncClient(base_url=url, headers=headers, timeout=20) as raw,
    ):
        yield Desk(sim, clock, url, anthropic, openai, raw)


def with_faults(*kinds: Fault, rate: float = 1.0, **more: Any) -> SimLlmSettings:
    """Settings with faults that strike always, unless told."""
    return SimLlmSettings(faults=FaultSettings(kinds=frozenset(kinds), rate=rate, **more))


def always(text: str) -> AnswerFunction:
    """An answering function that always says the same."""

    def answer(*_: object, **_schema: object) -> str:
        return text

    return answer


def message(content: str = "My invoice is wrong", **changes: Any) -> Json:
    """A Messages request."""
    body: Json = {
        "model": "claude-haiku-5-5",
        "max_tokens": 300,
        "system": "Sort the conversation.",
        "messages": [{"role": "user", "content": content}],
        "thinking": {"type": "disabled"},
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


def response(content: str = "My invoice is wrong", **changes: Any) -> Json:
    """A Responses request."""
    form = {"type": "json_schema", "name": "reading", "strict": True, "schema": SCHEMA}
    body: Json = {
        "model": "gpt-6-luna",
        "max_output_tokens": 300,
        "input": [{"role": "system", "content": "Sort the conversation."}, {"role": "user", "content": content}],
        "reasoning": {"effort": "none"},
        "text": {"format": form},
        "store": False,
        "prompt_cache_options": {"mode": "explicit"},
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}
