"""The search language of `POST /conversations/search`: filters, groups, and what they match."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from earshot.sim.intercom.answers import invalid
from earshot.sim.intercom.peek import mapping, sequence

Lookup = Callable[[str], Any]
"""Gives a record's value of a field."""

MOST_FILTERS = 15
MOST_DEPTH = 2


class Kind(Enum):
    """What a field holds; it decides which operators fit."""

    TEXT = "string"
    WORDS = "words"
    NUMBER = "integer"
    DATE = "date"
    FLAG = "boolean"
    LIST = "list"


_TEXT_OPERATORS = frozenset({"=", "!=", "IN", "NIN", "~", "!~", "^", "$"})
_NUMBER_OPERATORS = frozenset({"=", "!=", "IN", "NIN", ">", "<", ">=", "<="})
OPERATORS = {
    Kind.TEXT: _TEXT_OPERATORS,
    Kind.WORDS: _TEXT_OPERATORS,
    Kind.LIST: _TEXT_OPERATORS,
    Kind.NUMBER: _NUMBER_OPERATORS,
    Kind.DATE: _NUMBER_OPERATORS,
    Kind.FLAG: frozenset({"=", "!=", "IN", "NIN"}),
}
_KNOWN_OPERATORS = _TEXT_OPERATORS | _NUMBER_OPERATORS


@dataclass(frozen=True)
class Filter:
    """One comparison; `value` has the field's type already."""

    field: str
    operator: str
    value: Any
    kind: Kind


@dataclass(frozen=True)
class Group:
    """Several filters or groups joined by AND or OR."""

    operator: str
    members: tuple["Filter | Group", ...]


Node = Filter | Group


def parse(query: Any, fields: dict[str, Kind]) -> Node:
    """Check a query and give its values their types. Raises Refusal (400) as Intercom does."""
    return _parse(query, fields, depth=0)


def _parse(query: Any, fields: dict[str, Kind], *, depth: int) -> Node:
    group = mapping(query)
    if "operator" not in group:
        raise invalid("query must be a filter or a group of filters")
    operator: Any = group["operator"]
    if operator not in ("AND", "OR"):
        return _filter(group, fields)
    if depth >= MOST_DEPTH:
        raise invalid(f"queries can be nested at most {MOST_DEPTH} deep", code="invalid_query")
    members = sequence(group.get("value"))
    if not members:
        raise invalid("a group needs a list of filters as its value")
    if len(members) > MOST_FILTERS:
        raise invalid(f"a group holds at most {MOST_FILTERS} filters", code="invalid_query")
    return Group(str(operator), tuple(_parse(member, fields, depth=depth + 1) for member in members))


def _filter(query: dict[str, Any], fields: dict[str, Kind]) -> Filter:
    field, operator = query.get("field"), query["operator"]
    kind = fields.get(field) if isinstance(field, str) else None
    if kind is None:
        raise invalid(f"{field} is not a searchable field", code="invalid_field")
    if operator not in _KNOWN_OPERATORS:
        raise invalid(f"{operator} is not an operator", code="invalid_operator")
    if operator not in OPERATORS[kind]:
        raise invalid(f"{operator} does not fit the field {field}", code="invalid_operator")
    value: Any = query.get("value")
    if (operator in ("IN", "NIN")) != isinstance(value, list):
        raise invalid(f"the value of {operator} on {field} has the wrong type", code="invalid_value")
    several = sequence(value)
    typed = (
        _typed(value, kind, field=str(field))
        if several is None
        else [_typed(one, kind, field=str(field)) for one in several]
    )
    return Filter(str(field), str(operator), typed, kind)


def _typed(value: Any, kind: Kind, *, field: str) -> Any:
    if value is None:
        return None
    if isinstance(value, (list, dict)):
        raise invalid(f"the value for {field} has the wrong type", code="invalid_value")
    if kind in (Kind.NUMBER, Kind.DATE):
        return _number(value, field)
    if kind is Kind.FLAG:
        return _flag(value, field)
    return str(value)


def _number(value: Any, field: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise invalid(f"the value for {field} must be a number", code="invalid_value") from error


def _flag(value: Any, field: str) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}
    if str(value).lower() not in known:
        raise invalid(f"the value for {field} must be true or false", code="invalid_value")
    return known[str(value).lower()]


def matches(node: Node, lookup: Lookup, *, strict: bool = True) -> bool:
    """Whether a record passes; `strict` says whether `>` and `<` exclude the value itself."""
    if isinstance(node, Group):
        joined = all if node.operator == "AND" else any
        return joined(matches(member, lookup, strict=strict) for member in node.members)
    held = lookup(node.field)
    if node.kind in (Kind.NUMBER, Kind.DATE, Kind.FLAG):
        return _plain_match(node, held, strict=strict)
    return _text_match(node, held)


def _plain_match(node: Filter, held: Any, *, strict: bool) -> bool:
    operator, value = node.operator, node.value
    if operator in ("=", "!="):
        return (held == value) is (operator == "=")
    if operator in ("IN", "NIN"):
        return (held in value) is (operator == "IN")
    if held is None or value is None:
        return False
    if held == value:
        return operator in (">=", "<=") or not strict
    return (held > value) is (operator in (">", ">="))


def _text_match(node: Filter, held: Any) -> bool:
    operator = node.operator
    denied = operator in ("!=", "NIN", "!~")
    several = sequence(node.value)
    values = [node.value] if several is None else several
    return any(_one_text(node, held, value=value) for value in values) is not denied


def _one_text(node: Filter, held: Any, *, value: Any) -> bool:
    if value is None:
        return held is None or held in ([], ())
    texts = [str(one).lower() for one in held] if node.kind is Kind.LIST else _texts(node.kind, held)
    wanted = str(value).lower()
    if node.operator in ("~", "!~"):
        whole_words = node.kind is Kind.WORDS
        return wanted in texts if whole_words else any(wanted in text for text in texts)
    if node.operator == "^":
        return any(text.startswith(wanted) for text in texts)
    if node.operator == "$":
        return any(text.endswith(wanted) for text in texts)
    return wanted in texts


def _texts(kind: Kind, held: Any) -> list[str]:
    if held is None:
        return []
    text = str(held).lower()
    return [text] if kind is Kind.TEXT else re.findall(r"\w+", re.sub(r"<[^>]*>", " ", text))


def required(node: Node) -> Iterator[Filter]:
    """The filters that every match must pass (those not under an OR)."""
    if isinstance(node, Filter):
        yield node
    elif node.operator == "AND" or len(node.members) == 1:
        for member in node.members:
            yield from required(member)


def only_required(node: Node) -> bool:
    """Whether the required filters say everything the query says."""
    if isinstance(node, Filter):
        return True
    single = node.operator == "AND" or len(node.members) == 1
    return single and all(only_required(member) for member in node.members)
