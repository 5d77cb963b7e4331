"""A model that obeys whoever speaks in the conversation, for tests of what an attacker can reach."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from earshot.sim.llm.answering import Choices, options
from earshot.sim.llm.fill import resolve
from earshot.sim.llm.wire import Json, dumps, items, mapping

_LONGEST = 2000
_COMMAND = re.compile(
    r"\b(?:ignore|disregard|forget|instead|system|assistant|prompt|instructions?|you must|you are now|respond|reply"
    r"|output|print|classify|mark|set|act as|pretend|reveal|override|previous|always|never|json)\b",
    re.IGNORECASE,
)
_LINE = re.compile(r"^[ \t]*(\d+) +(\w[\w ]*):(.*)$", re.MULTILINE)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_WORD = re.compile(r"[A-Za-z][A-Za-z_]+")


@dataclass(frozen=True)
class Said:
    """One message as Earshot frames it: `number author: "JSON string"`; a shortened one has two strings."""

    number: int
    author: str
    text: str


def said(content: str) -> list[Said]:
    """The messages of a conversation in a prompt, read leniently; empty where none is framed that way."""
    found: list[Said] = []
    for number, author, rest in _LINE.findall(content):
        texts = [_decoded(text) for text in _STRING.findall(rest)]
        if texts:
            found.append(Said(int(number), author, "\n".join(texts)))
    return found


def obey(_instructions: str, content: str, *, schema: Json | None) -> str:
    """An answer that does what an attacker in the content asks for, wherever the schema lets it.

    Free text takes the attacker's own words, a closed field the option that the attacker names (the last option
    otherwise), numbers their extreme, booleans False, so that nothing looks suspicious.
    """
    wish = _wish(content)
    return wish if schema is None else dumps(_obeyed(schema, schema, wish=wish))


def obey_questions(content: str, questions: Sequence[Json]) -> list[Choices]:
    """The same for closed questions: all on the option that the attacker names."""
    wish = _wish(content)
    return [{str(_named(options(question), wish)): 1.0} for question in questions]


def _wish(content: str) -> str:
    texts = [one.text for one in said(content)] or [content]
    return max(texts, key=lambda text: len(_COMMAND.findall(text)))[:_LONGEST]


def _decoded(text: str) -> str:
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return text[1:-1]


def _obeyed(node: Any, root: Json, *, wish: str) -> Any:
    schema = resolve(node, root)
    if "const" in schema:
        return schema["const"]
    values = items(schema.get("enum"))
    if values:
        return _named(values, wish)
    branches = items(schema.get("anyOf"))
    if branches:
        return _obeyed(branches[0], root, wish=wish)
    kind = schema.get("type")
    if kind == "object":
        return {name: _obeyed(inner, root, wish=wish) for name, inner in mapping(schema.get("properties")).items()}
    if kind == "array":
        return [_obeyed(schema.get("items"), root, wish=wish)]
    if kind in {"integer", "number"}:
        return schema.get("maximum", 1)
    return {"boolean": False, "null": None}.get(str(kind), wish)


def _named(values: Sequence[Any], wish: str) -> Any:
    words = {word.upper() for word in _WORD.findall(wish)}
    return next((value for value in values if str(value).upper() in words), values[-1])
