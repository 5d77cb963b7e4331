"""What a model is asked, the same for every vendor's way of asking, and what it wrote."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from earshot.sim.llm.catalogue import Served, Tokens
from earshot.sim.llm.wire import Json

Finish = Literal["stop", "length", "refusal"]


@dataclass(frozen=True)
class Part:
    """A stretch of the prompt, in order. `life`: a cache breakpoint after it, living so many seconds."""

    text: str
    static: bool = False
    life: int | None = None


@dataclass(frozen=True)
class Ask:
    """One question to a model, read from a vendor's request.

    `parts` is the whole prompt as it is charged; `instructions` and `content` are what an answering function gets.
    `implicit`: the vendor sets a cache breakpoint at the end by itself.
    """

    model: Served
    instructions: str
    content: str
    parts: tuple[Part, ...]
    schema: Json | None = None
    max_tokens: int | None = None
    thinking: int = 0
    cache_key: str = ""
    implicit: bool = False
    custom_id: str | None = None
    questions: tuple[Json, ...] = ()


@dataclass(frozen=True)
class Written:
    """What a model wrote, why it stopped and what that used."""

    id: str
    text: str
    finish: Finish
    tokens: Tokens


def content_hash(content: str) -> str:
    """What recorded answers go by: SHA-256 of the content (the user's turn), in hex."""
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
