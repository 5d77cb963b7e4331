"""A provider for tests: it records what the real SDKs send and answers what it is told to."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2
from pydantic import SecretStr

from earshot.llm.keys import LlmKeys
from earshot.llm.models import Models, make_models
from earshot.llm.settings import LlmSettings
from earshot.ports.model import Form, Question, Request

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECRET = "Please phone me on 0171 555 0100, the export is broken"
KEYS = LlmKeys(
    anthropic=SecretStr("ant-key"),
    openai=SecretStr("oai-key"),
    google=SecretStr("goo-key"),
    compatible=SecretStr("own-key"),
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"type": "string", "enum": ["bug", "question"]}, "summary": {"type": "string"}},
    "required": ["kind", "summary"],
    "additionalProperties": False,
}
ASKED = Request(
    instructions="Read the conversation.",
    content=f'<conversation>"{SECRET}"</conversation>',
    form=Form(name="reading", json_schema=SCHEMA),
    max_tokens=300,
)
QUESTIONS = (
    Question(name="kind", text="What is it about?", options={"bug": "something broke", "question": "asks"}),
    Question(name="churn", text="Will they leave?", options={"low": "no", "high": "yes"}),
)
DECIDED = Request(instructions="Judge.", content=f'"{SECRET}"', questions=QUESTIONS)
TEXT = '{"kind": "bug", "summary": "The export is broken."}'


class TestClock:
    """A clock that a test moves."""

    __test__ = False

    def __init__(self, now: datetime = NOW) -> None:
        self.at = now
        self.ticks = 100.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    async def sleep(self, seconds: float) -> None:
        self.ticks += seconds


class Wire:
    """Records requests; answers with what `answers` holds, the last one again and again."""

    def __init__(self, *answers: httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx2.Response) else answer(request)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests]

    def models(self, clock: TestClock | None = None, **settings: Any) -> Models:
        """The models of these settings, whose calls come here."""
        chosen = LlmSettings.model_validate({"base_url": "http://127.0.0.1:9/v1", **settings})
        return make_models(chosen, KEYS, clock=clock or TestClock(), transport=httpx2.MockTransport(self))


def reply(content: Mapping[str, Any] | str, *, status: int = 200, **headers: str) -> httpx2.Response:
    """An answer of a provider; JSON, or text as it is."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(content, str):
        return httpx2.Response(status, text=content, headers={"content-type": "application/json", **named})
    return httpx2.Response(status, json=dict(content), headers=named)


def message(text: str = TEXT, *, stop: str = "end_turn", **usage: Any) -> dict[str, Any]:
    """Anthropic's answer."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 40,
            "cache_creation_input_tokens": 1500,
            "cache_read_input_tokens": 500,
            "output_tokens": 30,
            **usage,
        },
    }


def response(text: str = TEXT, *, status: str = "completed", **more: Any) -> dict[str, Any]:
    """OpenAI's answer of the responses API."""
    content: list[dict[str, Any]] = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1795000000,
        "model": "gpt-6-luna",
        "status": status,
        "error": None,
        "incomplete_details": None,
        "output": [{"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": content}],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 2040,
            "input_tokens_details": {"cached_tokens": 500, "cache_write_tokens": 1500},
            "output_tokens": 30,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 2070,
        },
        **more,
    }


def completion(text: str | None = TEXT, *, finish: str = "stop", **more: Any) -> dict[str, Any]:
    """A compatible server's answer of the chat API."""
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1795000000,
        "model": "qwen3:8b",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}],
        "usage": {
            "prompt_tokens": 2040,
            "completion_tokens": 30,
            "total_tokens": 2070,
            "prompt_tokens_details": {"cached_tokens": 500},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
        **more,
    }


def generated(text: str = TEXT, *, finish: str = "STOP", **more: Any) -> dict[str, Any]:
    """Google's answer."""
    return {
        "candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": finish}],
        "modelVersion": "gemini-3.5-flash-lite",
        "responseId": "r1",
        "usageMetadata": {
            "promptTokenCount": 2040,
            "cachedContentTokenCount": 500,
            "candidatesTokenCount": 25,
            "thoughtsTokenCount": 5,
            "totalTokenCount": 2070,
        },
        **more,
    }


def decided() -> dict[str, Any]:
    """OpenAI's answer to the two questions."""
    return {
        "object": "decision",
        "model": "gpt-6-luna",
        "answers": [
            {
                "type": "choice",
                "name": "kind",
                "choice": "bug",
                "confidence": 0.8,
                "probabilities": [{"value": "bug", "probability": 0.9}, {"value": "question", "probability": 0.1}],
            },
            {
                "type": "choice",
                "name": "churn",
                "choice": "low",
                "confidence": 0.5,
                "probabilities": [{"value": "low", "probability": 0.75}, {"value": "high", "probability": 0.25}],
            },
        ],
        "usage": {
            "input_tokens": 900,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 0,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 900,
        },
    }
