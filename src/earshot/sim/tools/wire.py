"""What goes over the wire of a simulated tool: a call as endpoints see it, an answer, a refusal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from earshot.errors import Rejected

Json = dict[str, Any]


@dataclass(frozen=True)
class ToolReply:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    media: str = "application/json"


class ToolRefused(Rejected):
    """A request that the tool refuses with this answer."""

    def __init__(self, answer: ToolReply) -> None:
        super().__init__(f"refused with {answer.status}")
        self.answer = answer


@dataclass(frozen=True)
class ToolCall:
    """A request as endpoints see it. `headers` have small-letter names; `path` holds the path's parameters."""

    method: str
    url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    address: str

    def json(self) -> Json:
        """The body's JSON object. Raises ToolRefused (400)."""
        try:
            value: Any = json.loads(self.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise refused(400, {"error": "the body must be a JSON object"})
        return cast("Json", value)


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> ToolReply:
    """A JSON answer."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return ToolReply(status, body, headers or {})


def refused(status: int, value: Any, *, headers: Mapping[str, str] | None = None) -> ToolRefused:
    """A refusal with a JSON body, to be raised."""
    return ToolRefused(answer(value, status=status, headers=headers))
