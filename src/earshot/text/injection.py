"""Cheap signs that a text addresses the model that reads it. A flag for people, never a reason to change labels."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from earshot.domain.conversation import Conversation
from earshot.text.untrusted import inert

_LONGEST = 100_000
_WORDS = {
    "RULES": r"(?:instruction|prompt|rule|guideline|direction|directive|command|programming)s?",
    "BEFORE": r"(?:previous|prior|preceding|above|earlier|former|original|initial|your|system|existing)",
    "GO": r"(?:^|[.!?:]\s)\W{0,10}(?:please )?",
}


@dataclass(frozen=True, slots=True)
class _Sign:
    near: tuple[str, ...]
    pattern: re.Pattern[str]

    def stands_in(self, text: str, lowered: str) -> bool:
        return any(word in lowered for word in self.near) and self.pattern.search(text) is not None


def instructs(text: str) -> bool:
    """Whether a text looks as if it addressed the model that reads it."""
    seen = inert(text[:_LONGEST])
    lowered = seen.lower()
    return any(sign.stands_in(seen, lowered) for sign in _signs())


def conversation_instructs(conversation: Conversation) -> bool:
    """Whether a customer's words, the title among them, try to instruct their reader."""
    texts = [conversation.title or "", *(message.text for message in conversation.customer_messages)]
    return instructs("\n\n".join(texts))


@cache
def _signs() -> tuple[_Sign, ...]:
    return tuple(_Sign(near=near, pattern=_compiled(sign)) for near, sign in _listed())


def _compiled(sign: str) -> re.Pattern[str]:
    for name, words in _WORDS.items():
        sign = sign.replace(name, words)
    return re.compile(sign, re.IGNORECASE | re.MULTILINE)


def _listed() -> list[tuple[tuple[str, ...], str]]:
    """The signs of the file: words one of which must be near, and the pattern."""
    text = files("earshot.text").joinpath("injection_signs.toml").read_text("utf-8")
    return [(tuple(sign["near"]), sign["sign"]) for sign in tomllib.loads(text)["signs"]]
