"""A task: everything of a request that is the same each time, and what is made of an answer."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from earshot.domain.call import Outcome
from earshot.ports.model import Answer, Finish, Form, Request
from earshot.text.asking.files import prompt_file
from earshot.text.asking.forms import Unfilled
from earshot.text.tokens import estimate_tokens

V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


@dataclass(frozen=True)
class Task:
    """The static part of a request: ours alone, the same for all data, so that providers can cache it."""

    version: str
    instructions: str
    form: Form
    max_tokens: int

    @cached_property
    def hash(self) -> str:
        """SHA-256 over all static text."""
        parts = [self.version, self.instructions, self.form.json_schema]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @cached_property
    def tokens(self) -> int:
        """About how many input tokens the static part takes, schema included."""
        schema = json.dumps(self.form.json_schema, separators=(",", ":"))
        return estimate_tokens(self.instructions) + estimate_tokens(schema)

    def request(self, content: str) -> Request:
        """The request with this content."""
        return Request(instructions=self.instructions, content=content, form=self.form, max_tokens=self.max_tokens)


def make_task(package: str, name: str, *, form: Form, max_tokens: int, product: str = "") -> Task:
    """The task of a prompt file; `product` says in a sentence what is sold."""
    file = prompt_file(package, name)
    instructions = file.filled(product=f"\nThe product: {product}" if product else "")
    return Task(version=file.version, instructions=instructions, form=form, max_tokens=max_tokens)


@dataclass(frozen=True, slots=True)
class Judged(Generic[V_co]):
    """What was made of an answer: a value when the outcome is OK, otherwise the reason, without customer text."""

    outcome: Outcome
    value: V_co | None = None
    reason: str = ""


def judged(answer: Answer, decode: Callable[[str], V]) -> Judged[V]:
    """What an answer means by its decoder, which raises Unfilled. Never raises, whatever the answer holds."""
    if answer.finish is Finish.LENGTH:
        return Judged(Outcome.TRUNCATED, reason="answer cut short")
    if answer.finish is Finish.REFUSAL:
        return Judged(Outcome.REFUSED, reason="the model refused")
    try:
        return Judged(Outcome.OK, decode(answer.text))
    except Unfilled as fault:
        return Judged(Outcome.INVALID, reason=f"invalid answer ({fault})")
