"""Who writes the answers: a function handed in, recorded answers, or a filler of schemas."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from earshot.errors import BadInput
from earshot.sim.chance import fraction
from earshot.sim.llm.asking import content_hash
from earshot.sim.llm.fill import fill as filled
from earshot.sim.llm.wire import Json, dumps, items, mapping

Choices = Mapping[str, float]
DecideFunction = Callable[[str, Sequence[Json]], "Awaitable[Sequence[Choices | None]] | Sequence[Choices | None]"]
"""`(content, questions) -> per question the chance of each option, None to refuse it`."""


class AnswerFunction(Protocol):
    """Writes the text of an answer."""

    def __call__(self, instructions: str, content: str, /, *, schema: Json | None) -> Awaitable[str] | str:
        """The text that answers; JSON where there is a schema."""
        ...


def fill(_instructions: str, content: str, *, schema: Json | None) -> str:
    """An answer that satisfies the schema, the same for the same content; a plain sentence without one."""
    if schema is None:
        return "The customer asks for help and waits for an answer."
    return filled(schema, content_hash(content)[:16])


def decide(content: str, questions: Sequence[Json]) -> list[Choices]:
    """Chances for every question, the same for the same content."""
    return [
        chances(options(question), content_hash(content)[:16], number) for number, question in enumerate(questions)
    ]


def options(question: Json) -> list[str]:
    """The possible answers of a question, as text; a predicate has true and false."""
    if question.get("type") == "choice":
        return [str(mapping(choice).get("value")) for choice in items(question.get("choices"))]
    if question.get("type") == "score":
        return [str(mapping(level).get("label")) for level in items(question.get("levels"))]
    return ["True", "False"]


def chances(names: Sequence[str], *key: object) -> dict[str, float]:
    """Seeded chances that add up to one, with a clear first."""
    weights = {name: fraction(*key, name) ** 4 + 0.001 for name in names}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


class Recorded:
    """Answers recorded earlier, by custom id or by the hash of the content; JSON lines `{hash|custom_id, text}`."""

    def __init__(self, answers: Mapping[str, str] | None = None) -> None:
        self.answers = dict(answers or {})

    @classmethod
    def load(cls, file: Path) -> "Recorded":
        """Read a file. Raises BadInput that names the line."""
        answers: dict[str, str] = {}
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    key, text = _recorded(line, f"{file}, line {number}")
                    answers[key] = text
        return cls(answers)

    def find(self, content: str, custom_id: str | None) -> str | None:
        """The recorded answer, if there is one."""
        if not self.answers:
            return None
        by_id = self.answers.get(custom_id) if custom_id is not None else None
        return by_id if by_id is not None else self.answers.get(content_hash(content))


def _recorded(line: str, where: str) -> tuple[str, str]:
    try:
        row: Any = json.loads(line)
    except ValueError as error:
        raise BadInput(f"{where}: not JSON") from error
    known = mapping(row)
    key, text = known.get("custom_id") or known.get("hash"), known.get("text")
    if not isinstance(key, str) or not isinstance(text, str | dict | list):
        raise BadInput(f"{where}: needs `custom_id` or `hash`, and `text`")
    return key, text if isinstance(text, str) else dumps(cast("Any", text))
