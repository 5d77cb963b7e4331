"""A clock that only moves when somebody waits, and an Intercom whose answers a test writes down."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from earshot.connectors.intercom.client import IntercomClient, Token
from earshot.connectors.intercom.settings import IntercomSettings

Json = dict[str, Any]
Answering = Callable[[httpx2.Request], httpx2.Response | Exception]
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Waits:
    """A clock: waiting is instant, moves the time and is written down."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._monotonic = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(seconds)

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


class Even(random.Random):
    """Chance that always lands in the middle."""

    def random(self) -> float:
        return 0.5


@dataclass
class Script:
    """Answers requests with a function, and remembers them."""

    answer: Answering
    requests: list[httpx2.Request] = field(default_factory=list[httpx2.Request])

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def paths(self) -> list[str]:
        return [request.url.raw_path.decode() for request in self.requests]

    @property
    def bodies(self) -> list[Json]:
        return [json.loads(request.content) for request in self.requests]

    def http(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self.handle))


def in_turn(*answers: httpx2.Response | Exception) -> Script:
    """One answer after the other; the last one for ever."""
    left = list(answers)
    return Script(lambda _: left.pop(0) if len(left) > 1 else left[0])


def ok(data: Any, **headers: str) -> httpx2.Response:
    return httpx2.Response(200, json=data, headers=headers)


def error(status: int, code: str = "some_code", message: str = "some words", **headers: str) -> httpx2.Response:
    body = {"type": "error.list", "request_id": "r-1", "errors": [{"code": code, "message": message}]}
    return httpx2.Response(status, json=body, headers=headers)


def limits(limit: int, remaining: int, reset: float) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(reset)),
    }


def settings_for_tests(**changes: Any) -> IntercomSettings:
    return IntercomSettings.model_validate({"base_url": "http://intercom.test", "rate_share": 1.0, **changes})


def client_of(script: Script, clock: Waits | None = None, **changes: Any) -> IntercomClient:
    return IntercomClient(
        script.http(),
        Token("secret-token"),
        settings=settings_for_tests(**changes),
        clock=clock or Waits(),
        jitter=Even(),
    )
