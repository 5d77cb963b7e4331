"""What the simulated Intercom says: answers, refusals in Intercom's error shape, JSON on the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from earshot.errors import Rejected

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def encode(value: Any) -> bytes:
    """Compact UTF-8 JSON; text that UTF-8 cannot carry (lone surrogates) goes out escaped."""
    try:
        return _encoder.encode(value).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Call:
    """A request as endpoints see it: path and query parameters, JSON body, the server's own address."""

    path: dict[str, str]
    asked: dict[str, str]
    body: Any
    address: str


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    media: str = "application/json; charset=utf-8"


def ok(value: Any) -> Answer:
    """A 200 with JSON."""
    return Answer(200, encode(value))


class Refusal(Rejected):
    """A request that Intercom refuses: status, its error code and message."""

    def __init__(self, status: int, code: str, *, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})

    @property
    def answer(self) -> Answer:
        """The refusal as an HTTP answer."""
        error = {"code": self.code, "message": str(self)}
        body = {"type": "error.list", "request_id": str(uuid4()), "errors": [error]}
        return Answer(self.status, encode(body), self.headers)


def invalid(message: str, *, code: str = "parameter_invalid") -> Refusal:
    """A 400 about a parameter."""
    return Refusal(400, code, message=message)


def not_found(message: str = "Resource Not Found", *, code: str = "not_found") -> Refusal:
    """A 404."""
    return Refusal(404, code, message=message)
