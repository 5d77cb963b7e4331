"""GraphQL documents read into selections: aliases, arguments, variables; no fragments or directives."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from earshot.errors import BadInput

_TOKEN = re.compile(r'[\s,]+|#[^\n]*|(?P<token>"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?|\$?[A-Za-z_]\w*|[{}()\[\]:!=])')
_END = ""
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Variable:
    """The place of a variable's value."""

    name: str


@dataclass(frozen=True)
class Selection:
    """A field that is asked for; `key` is what the answer calls it."""

    key: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    parts: tuple["Selection", ...] = ()


@dataclass(frozen=True)
class Operation:
    """A query or mutation, its variables (True: must be given) and what it asks for."""

    kind: str
    variables: Mapping[str, bool]
    selections: tuple[Selection, ...]


def read_operation(text: str) -> Operation:
    """The one operation of a document. Raises BadInput."""
    reader = _Reader(_tokens(text))
    found = reader.operation()
    if reader.peek() != _END:
        raise BadInput(f"Syntax Error: Unexpected {reader.peek()!r}.")
    return found


def filled(value: Any, variables: Mapping[str, Any]) -> Any:
    """A value with its variables put in."""
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, dict):
        pairs = cast("Mapping[str, Any]", value)
        return {key: filled(one, variables) for key, one in pairs.items()}
    if isinstance(value, list):
        return [filled(one, variables) for one in cast("list[Any]", value)]
    return value


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadInput(f"Syntax Error: Unexpected character {text[at]!r}.")
        if match["token"]:
            found.append(match["token"])
        at = match.end()
    return found


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def operation(self) -> Operation:
        kind = self._take() if self.peek() != "{" else "query"
        if kind not in ("query", "mutation"):
            raise BadInput(f"Syntax Error: Unexpected {kind!r}.")
        if self.peek() not in ("{", "("):
            self._take()
        variables = self._variables() if self.peek() == "(" else {}
        return Operation(kind, variables, self._selections())

    def _variables(self) -> dict[str, bool]:
        self._need("(")
        found: dict[str, bool] = {}
        while self.peek() != ")":
            name = self._take().removeprefix("$")
            self._need(":")
            found[name] = self._type()
        self._need(")")
        return found

    def _type(self) -> bool:
        """Whether a value must be given."""
        if self.peek() == "[":
            self._need("[")
            self._type()
            self._need("]")
        else:
            self._take()
        must = self.peek() == "!"
        if must:
            self._take()
        return must

    def _selections(self) -> tuple[Selection, ...]:
        self._need("{")
        found: list[Selection] = []
        while self.peek() != "}":
            found.append(self._selection())
        self._need("}")
        if not found:
            raise BadInput("Syntax Error: Expected Name, found '}'.")
        return tuple(found)

    def _selection(self) -> Selection:
        key = name = self._take()
        if self.peek() == ":":
            self._take()
            name = self._take()
        arguments: dict[str, Any] = {}
        if self.peek() == "(":
            self._need("(")
            arguments = self._pairs(")")
        return Selection(key, name, arguments, self._selections() if self.peek() == "{" else ())

    def _pairs(self, end: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.peek() != end:
            name = self._take()
            self._need(":")
            found[name] = self._value()
        self._need(end)
        return found

    def _value(self) -> Any:
        first = self._take()
        if first == "{":
            return self._pairs("}")
        if first == "[":
            items: list[Any] = []
            while self.peek() != "]":
                items.append(self._value())
            self._need("]")
            return items
        return _literal(first)

    def _take(self) -> str:
        token = self.peek()
        if token == _END:
            raise BadInput("Syntax Error: Unexpected <EOF>.")
        self._at += 1
        return token

    def _need(self, token: str) -> None:
        if self._take() != token:
            raise BadInput(f"Syntax Error: Expected {token!r}.")


def _literal(token: str) -> Any:
    if token.startswith("$"):
        return Variable(token[1:])
    if token[0] == '"' or token[0].isdigit() or token[0] == "-":
        return json.loads(token)
    return _WORDS.get(token, token)
