"""Why a rule held or not: its condition taken apart at && and ||, each part with its answer and its values."""

from typing import Any

import cel

from earshot.decide.evaluate import Failure, judge, plain_facts
from earshot.decide.reasons import VALUE_LIMIT, visible
from earshot.decide.rules import Path, Rule, asked
from earshot.decide.syntax import Token, tokens, tree
from earshot.domain.facts import Facts
from earshot.domain.model import Noun


class Piece(Noun):
    """A part of a condition as it is written; `joined` is "&&" or "||" where it has parts."""

    text: str
    joined: str = ""
    parts: tuple["Piece", ...] = ()


class Part(Noun):
    """A part of a condition; `joined` is "&&" or "||" where it has parts, `held` None where it cannot be judged."""

    text: str
    held: bool | None
    values: dict[str, str] = {}
    joined: str = ""
    parts: tuple["Part", ...] = ()


def explain(rule: Rule, facts: Facts) -> Part:
    """A rule's condition on these facts."""
    plain = plain_facts(facts)
    return _part(taken_apart(rule.settings.when), _Judging(plain, rule))


def taken_apart(when: str) -> Piece:
    """A sound condition taken apart at && and ||."""
    return _piece(when, list(tokens(when)))


class _Judging:
    def __init__(self, plain: dict[str, Any], rule: Rule) -> None:
        self._context = cel.Context(variables=plain)
        self._plain = plain
        self._rule = rule

    def held(self, text: str) -> bool | None:
        """Whether a part holds."""
        program = cel.compile(text)
        held = judge(Rule(self._rule.settings, program, asks=(), hash="", node=self._rule.node), self._context)
        return None if isinstance(held, Failure) else held

    def values(self, text: str) -> dict[str, str]:
        """What a part asks for, and what it is told."""
        return {".".join(path): self._value(path) for path in asked(tree(text))}

    def _value(self, path: Path) -> str:
        value: Any = self._plain
        for name in path:
            value = value[name]
        if isinstance(value, tuple):
            return f"list of {len(value)}"  # pyright: ignore[reportUnknownArgumentType]
        return visible(str(value), limit=VALUE_LIMIT)


def _part(piece: Piece, judging: _Judging) -> Part:
    held = judging.held(piece.text)
    if piece.parts:
        parts = tuple(_part(one, judging) for one in piece.parts)
        return Part(text=_line(piece.text), held=held, joined=piece.joined, parts=parts)
    return Part(text=_line(piece.text), held=held, values=judging.values(piece.text))


def _piece(when: str, row: list[Token]) -> Piece:
    row = _bare(row)
    for joined in ("||", "&&"):
        pieces = _cut(row, joined)
        if len(pieces) > 1:
            return Piece(text=_text(when, row), joined=joined, parts=tuple(_piece(when, one) for one in pieces))
    return Piece(text=_text(when, row))


def _text(when: str, row: list[Token]) -> str:
    return when[row[0].at : row[-1].at + len(row[-1].text)]


def _line(text: str) -> str:
    return " ".join(text.split())


def _bare(row: list[Token]) -> list[Token]:
    """Without brackets round the whole."""
    while row[0].text == "(" and row[-1].text == ")" and _closing(row) == len(row) - 1:
        row = row[1:-1]
    return row


def _closing(row: list[Token]) -> int:
    depth = 0
    for at, token in enumerate(row):
        depth += _step(token)
        if depth == 0:
            return at
    return -1


def _cut(row: list[Token], joined: str) -> list[list[Token]]:
    """The row cut at an operator outside brackets; whole where a choice (`? :`) stands outside brackets."""
    depth, start = 0, 0
    pieces: list[list[Token]] = []
    for at, token in enumerate(row):
        depth += _step(token)
        if depth == 0 and token.kind == "sign" and token.text == "?":
            return [row]
        if depth == 0 and token.kind == "sign" and token.text == joined:
            pieces.append(row[start:at])
            start = at + 1
    return [*pieces, row[start:]]


def _step(token: Token) -> int:
    """How deep a token leads into brackets."""
    if token.kind != "sign":
        return 0
    return 1 if token.text in {"(", "["} else -1 if token.text in {")", "]"} else 0
