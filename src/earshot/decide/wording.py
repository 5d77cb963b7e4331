"""A rule's condition in plain words, as far as it can be said; what cannot is given as it is written."""

from collections.abc import Sequence
from typing import Final

from earshot.decide.explaining import Piece, taken_apart
from earshot.decide.rules import path_of
from earshot.decide.syntax import Binary, Call, Flaw, Items, Literal, Name, Node, Select, Unary, tree
from earshot.domain.model import Noun

_OF: Final = {"insight": "the", "customer": "the customer's", "conversation": "the conversation's", "theme": "the"}
_NAMES: Final = {
    "insight.injection": "the text instructs its reader",
    "insight.affected_feature": "the product area",
    "insight.classifier": "the reader",
    "customer.mrr": "the customer's MRR",
    "theme.frequency": "the number of conversations about the theme",
    "theme.customers": "the number of customers with the theme",
    "theme.mrr": "the MRR of customers with the theme",
    "theme.trend": "the theme's growth this week",
    "theme.title": "the theme's title",
    "theme.id": "the theme's id",
    "conversation.messages": "the number of messages",
}
_VERBS: Final = {
    "==": "is",
    "!=": "is not",
    ">=": "is at least",
    ">": "is more than",
    "<=": "is at most",
    "<": "is less than",
}
_TURNED: Final = {"==": "==", "!=": "!=", ">=": "<=", ">": "<", "<=": ">=", "<": ">"}
_ASKS: Final = {
    "contains": "contains",
    "startsWith": "begins with",
    "endsWith": "ends with",
    "matches": "matches the pattern",
}


class Said(Noun):
    """A part of a condition in words; `joined` is "all of these" or "one of these" where it has parts.

    `plain` is false where it stands as it is written.
    """

    text: str
    plain: bool = True
    joined: str = ""
    parts: tuple["Said", ...] = ()


def said(when: str) -> Said:
    """A condition in words. Never raises: what cannot be read is given as it is written."""
    try:
        tree(when)
        return _piece(taken_apart(when))
    except Flaw:
        return Said(text=when, plain=False)


def _piece(piece: Piece) -> Said:
    line = " ".join(piece.text.split())
    if piece.parts:
        joined = "all of these" if piece.joined == "&&" else "one of these"
        return Said(text=line, joined=joined, parts=tuple(map(_piece, piece.parts)))
    told = _told(tree(piece.text))
    return Said(text=told or line, plain=bool(told))


def _told(node: Node) -> str:
    match node:
        case Literal(kind="bool", value=value):
            return "always" if value else "never"
        case Binary(operator="in", left=left, right=right):
            return _within(left, right)
        case Binary(operator=operator, left=left, right=right) if operator in _VERBS:
            return _compared(left, right, operator=operator)
        case Call(name=name, target=target, args=(Literal(value=str(value)),)) if name in _ASKS and target:
            return f"{of} {_ASKS[name]} “{value}”" if (of := _fact(target)) else ""
        case Unary(operator="!", of=of):
            return f"not so: {told}" if (told := _told(of)) else ""
        case _:
            return _fact(node)


def _compared(left: Node, right: Node, *, operator: str) -> str:
    fact, value = _fact(left), _value(right)
    if not fact:
        fact, value, operator = _fact(right), _value(left), _TURNED[operator]
    if not fact or not value:
        return ""
    if value == "“”":
        return f"{fact} is {'not known' if operator == '==' else 'known'}"
    return f"{fact} {_VERBS[operator]} {value}"


def _within(left: Node, right: Node) -> str:
    if isinstance(right, Items):
        values = [_value(item) for item in right.items]
        return f"{fact} is {_either(values)}" if (fact := _fact(left)) and all(values) else ""
    listed = _fact(right) or _list(right)
    return f"{listed} include {value}" if listed and (value := _value(left)) else ""


def _list(node: Node) -> str:
    """A list of facts, which is no plain value."""
    match node:
        case Select(of=Name(name="conversation"), field="tags"):
            return "the conversation's tags"
        case _:
            return ""


def _fact(node: Node) -> str:
    path = path_of(node)
    if len(path) != 2:
        return ""
    return _NAMES.get(".".join(path)) or f"{_OF.get(path[0], 'the')} {path[1].replace('_', ' ')}"


def _value(node: Node) -> str:
    match node:
        case Literal(kind="string", value=value):
            text = str(value)
            return text.replace("_", " ").lower() if text.isupper() else f"“{text}”"
        case Literal(kind="bool", value=value):
            return "true" if value else "false"
        case Literal(kind="int" | "double", value=value):
            return f"{value:,}".removesuffix(".0")
        case Unary(operator="-", of=of):
            return f"\u2212{value}" if (value := _value(of)) else ""
        case _:
            return ""


def _either(values: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(values[:-1]), values[-1]))) if values else "nothing"
