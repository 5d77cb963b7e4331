"""A condition's syntax tree, to check types on; the rule language's own package offers none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 4_000
"""Longest condition in characters."""

DEEPEST = 30
"""Deepest nesting of brackets."""

TALLEST = 120
"""Longest row of operators, so that walking a tree never runs out of stack."""


class Flaw(Exception):
    """Something wrong in a condition, at an offset in its text."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True)
class Literal:
    """A constant; `kind` is its type's name."""

    kind: str
    value: object
    at: int


@dataclass(frozen=True)
class Name:
    """A variable."""

    name: str
    at: int


@dataclass(frozen=True)
class Select:
    """A field of a record; `at` is where the field's name stands."""

    of: Node
    field: str
    at: int


@dataclass(frozen=True)
class Index:
    """An element of a list."""

    of: Node
    key: Node
    at: int


@dataclass(frozen=True)
class Call:
    """A function, or a method where there is a target."""

    name: str
    target: Node | None
    args: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class Items:
    """A list written out."""

    items: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class Unary:
    """`!` or `-`."""

    operator: str
    of: Node
    at: int


@dataclass(frozen=True)
class Binary:
    """Two sides and an operator between them."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True)
class Choice:
    """`condition ? one : other`."""

    condition: Node
    one: Node
    other: Node
    at: int


Node = Literal | Name | Select | Index | Call | Items | Unary | Binary | Choice


@dataclass(frozen=True)
class Token:
    """A piece of a condition; `kind` is the group of `_TOKEN` that matched."""

    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<double>(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?))
    |(?P<int>(?:0[xX][0-9a-fA-F]+|\d+)(?![\w.]))
    |(?P<string>[rR]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[<>!?:.,()\[\]+\-*/%])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)


def tree(condition: str) -> Node:
    """The syntax tree of a condition. Raises Flaw."""
    if len(condition) > LONGEST:
        raise Flaw(f"a condition may have {LONGEST} characters, this one has {len(condition)}", 0)
    whole = _Parser(list(tokens(condition)), len(condition)).whole()
    waiting: list[tuple[Node, int]] = [(whole, 1)]
    while waiting:
        node, height = waiting.pop()
        if height > TALLEST:
            raise Flaw("too many parts in a row", node.at)
        waiting.extend((child, height + 1) for child in children(node))
    return whole


def below(node: Node) -> Iterator[Node]:
    """A node and everything under it."""
    yield node
    for child in children(node):
        yield from below(child)


def children(node: Node) -> tuple[Node, ...]:
    """What a node is made of."""
    match node:
        case Select(of=of) | Unary(of=of):
            return (of,)
        case Index(of=of, key=key):
            return (of, key)
        case Call(target=target, args=args):
            return args if target is None else (target, *args)
        case Items(items=items):
            return items
        case Binary(left=left, right=right):
            return (left, right)
        case Choice(condition=condition, one=one, other=other):
            return (condition, one, other)
        case _:
            return ()


def tokens(condition: str) -> Iterator[Token]:
    """The pieces of a condition, without blanks and remarks. Raises Flaw."""
    at = 0
    while at < len(condition):
        found = _TOKEN.match(condition, at)
        if found is None:
            quote = "a text that is not closed" if condition[at] in "\"'" else f"{condition[at]!r}"
            raise Flaw(f"{quote} cannot stand here", at)
        if found.lastgroup != "space":
            yield Token(str(found.lastgroup), found.group(), at)
        at = found.end()


class _Parser:
    def __init__(self, tokens: list[Token], end: int) -> None:
        self._tokens = [*tokens, Token("end", "", end)]
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._expression()
        if self._next.kind != "end":
            raise Flaw(f"{self._next.text!r} is not expected here", self._next.at)
        return node

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _is(self, *texts: str) -> bool:
        return self._next.kind in {"sign", "name"} and self._next.text in texts

    def _expect(self, text: str) -> Token:
        if not self._is(text):
            found = repr(self._next.text) if self._next.text else "the end"
            raise Flaw(f"expected {text!r}, found {found}", self._next.at)
        return self._take()

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Flaw("too deeply nested", self._next.at)
        node = self._binary(0)
        if self._is("?"):
            mark = self._take()
            one = self._binary(0)
            self._expect(":")
            node = Choice(node, one, self._expression(), mark.at)
        self._depth -= 1
        return node

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while self._is(*_LEVELS[level]):
            operator = self._take()
            node = Binary(operator.text, node, self._binary(level + 1), operator.at)
        return node

    def _unary(self) -> Node:
        if not self._is("!", "-"):
            return self._member()
        self._depth += 1
        if self._depth > DEEPEST:
            raise Flaw("too deeply nested", self._next.at)
        operator = self._take()
        node = Unary(operator.text, self._unary(), operator.at)
        self._depth -= 1
        return node

    def _member(self) -> Node:
        node = self._primary()
        while self._is(".", "["):
            mark = self._take()
            if mark.text == "[":
                node = Index(node, self._expression(), mark.at)
                self._expect("]")
            else:
                node = self._after_dot(node)
        return node

    def _after_dot(self, of: Node) -> Node:
        field = self._take()
        if field.kind != "name":
            raise Flaw("expected a name after the dot", field.at)
        if self._is("("):
            return Call(field.text, of, self._arguments(), field.at)
        return Select(of, field.text, field.at)

    def _primary(self) -> Node:
        token = self._take()
        if token.kind in {"int", "double", "string"}:
            return _literal(token)
        if token.kind == "name":
            return self._named(token)
        if token.text == "(":
            node = self._expression()
            self._expect(")")
            return node
        if token.text == "[":
            return Items(self._until("]"), token.at)
        found = f"{token.text!r} is not expected here" if token.text else "the condition ends too early"
        raise Flaw(found, token.at)

    def _named(self, token: Token) -> Node:
        if token.text in {"true", "false"}:
            return Literal("bool", token.text == "true", token.at)
        if token.text == "null":
            return Literal("null", None, token.at)
        if self._is("("):
            return Call(token.text, None, self._arguments(), token.at)
        return Name(token.text, token.at)

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(")
        return self._until(")")

    def _until(self, close: str) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while not self._is(close):
            nodes.append(self._expression())
            if not self._is(close):
                self._expect(",")
        self._take()
        return tuple(nodes)


def _literal(token: Token) -> Literal:
    if token.kind == "int":
        return Literal("int", int(token.text, 0) if token.text[:2].lower() == "0x" else int(token.text), token.at)
    if token.kind == "double":
        return Literal("double", float(token.text), token.at)
    return Literal("string", _unquoted(token.text), token.at)


def _unquoted(text: str) -> str:
    raw = text[0] in "rR"
    body = text[1:] if raw else text
    fence = 3 if body[:3] in {'"""', "'''"} else 1
    inner = body[fence:-fence]
    return inner if raw else re.sub(r"\\([\"'\\])", r"\1", inner)
