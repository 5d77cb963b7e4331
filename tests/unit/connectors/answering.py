"""A tool whose other side a test writes down, request by request."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from earshot.connectors.http.sender import Reply

Json = dict[str, Any]


@dataclass
class Answers:
    """Answers in turn, the last one for ever; keeps what was asked."""

    left: list[httpx2.Response | Exception]
    requests: list[httpx2.Request] = field(default_factory=list[httpx2.Request])

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        found = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(found, Exception):
            raise found
        return httpx2.Response(found.status_code, headers=found.headers, content=found.content)

    @property
    def bodies(self) -> list[Json]:
        return [json.loads(request.content) for request in self.requests]

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self)


def says(*answers: httpx2.Response | Exception) -> Answers:
    return Answers(list(answers))


def json_answer(status: int, data: object, headers: Mapping[str, str] | None = None) -> httpx2.Response:
    return httpx2.Response(status, json=data, headers=dict(headers or {}))


def reply(status: int, data: object = None, *, wait: float | None = None, **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"", data, wait)
