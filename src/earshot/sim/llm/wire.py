"""What goes over the wire: a call as endpoints see it, an answer, and how it is delivered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from earshot.errors import Rejected
from earshot.sim.llm.settings import Fault

Json = dict[str, Any]
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def encode(value: Any) -> bytes:
    """Compact UTF-8 JSON; text that UTF-8 cannot carry (lone surrogates) goes out escaped."""
    text = dumps(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def dumps(value: Any) -> str:
    """Compact JSON text."""
    return _encoder.encode(value)


def mapping(value: Any) -> Json:
    """The object itself, or an empty one where it is anything else."""
    return cast("Json", value) if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The list itself, or an empty one where it is anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else []


@dataclass(frozen=True)
class Call:
    """A request as endpoints see it. `headers` have lower-case names; `path` holds the path's parameters."""

    method: str
    url: str
    path: tuple[str, ...]
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    address: str


@dataclass(frozen=True)
class Reply:
    """One HTTP answer, when it is due, and which fault spoils its delivery."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])
    media: str = "application/json"
    seconds: float = 0.0
    spoiled: Fault | None = None


class Refused(Rejected):
    """A request that the provider refuses, in vendor-neutral words; each vendor's module shapes the body."""

    def __init__(
        self,
        status: int,
        kind: str,
        *,
        message: str,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.headers = dict(headers or {})


def openai_error(refused: Refused) -> Reply:
    """The error body of OpenAI."""
    error = {"message": str(refused), "type": refused.kind, "param": refused.param, "code": refused.code}
    return Reply(refused.status, encode({"error": error}), refused.headers)


_ANTHROPIC_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def anthropic_error_body(refused: Refused) -> Json:
    """The error object of Anthropic, as also found in batch results."""
    kind = _ANTHROPIC_KINDS.get(refused.status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": str(refused)}}


def anthropic_error(refused: Refused, request_id: str) -> Reply:
    """The error body of Anthropic."""
    body = {**anthropic_error_body(refused), "request_id": request_id}
    return Reply(refused.status, encode(body), refused.headers)


_GOOGLE_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def google_error(refused: Refused) -> Reply:
    """The error body of Google."""
    status = _GOOGLE_STATUSES.get(refused.status, "INTERNAL")
    error = {"code": refused.status, "message": str(refused), "status": status}
    return Reply(refused.status, encode({"error": error}), refused.headers)


def parsed(call: Call) -> Json:
    """The JSON object of a request's body. Raises Refused (400)."""
    try:
        body: Any = json.loads(call.body)
    except ValueError:
        raise bad("We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise bad("The body must be a JSON object.")
    return cast("Json", body)


def bad(message: str, *, code: str | None = None, param: str | None = None) -> Refused:
    """A 400."""
    return Refused(400, "invalid_request_error", message=message, code=code, param=param)


def missing(message: str, *, code: str | None = None) -> Refused:
    """A 404."""
    return Refused(404, "invalid_request_error", message=message, code=code)
