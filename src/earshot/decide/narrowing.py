"""What must hold for a condition to hold, as far as a database can check it without judging the condition.

What is not understood narrows nothing: a narrowed search never loses a match.
"""

from collections.abc import Callable, Sequence

from earshot.decide.rules import path_of
from earshot.decide.syntax import Binary, Items, Literal, Node, Unary
from earshot.domain.rule_state import Clause

Value = str | float | bool

_LISTED = {
    "insight": (
        "stage", "issue_type", "priority", "sentiment", "churn_risk", "customer_segment", "recommended_action",
        "affected_feature", "category", "classifier", "injection",
    ),
    "customer": ("plan", "segment"),
    "conversation": ("source", "state", "team_id"),
}  # fmt: skip
WORDS = frozenset(f"{record}.{field}" for record, fields in _LISTED.items() for field in fields)
"""Facts that a database can look up among values."""

NUMBERS = frozenset(
    {"insight.sentiment_score", "insight.confidence", "theme.frequency", "theme.customers", "theme.mrr"}
)
"""Facts that a database can compare as numbers."""

_FLIPPED = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def narrow(node: Node) -> tuple[Clause, ...]:
    """Clauses that all hold wherever the condition holds; none where nothing can be said."""
    match node:
        case Binary(operator="&&", left=left, right=right):
            return _both(narrow(left), narrow(right))
        case Binary(operator="||", left=left, right=right):
            return either(narrow(left), narrow(right))
        case Binary(operator=operator, left=left, right=right):
            return _compared(left, right, operator=operator) or _compared(
                right, left, operator=_FLIPPED.get(operator, "")
            )
        case Unary(operator="!", of=of):
            return _flag(of, value=False)
        case _:
            return _flag(node, value=True)


def either(one: Sequence[Clause], other: Sequence[Clause]) -> tuple[Clause, ...]:
    """What holds where one of two sets of clauses holds: facts that both narrow, to what either allows."""
    pairs = [(left, right) for left in one for right in other if left.fact == right.fact]
    return _tidy([wider for left, right in pairs if (wider := _wider(left, right)) is not None])


def _both(one: Sequence[Clause], other: Sequence[Clause]) -> tuple[Clause, ...]:
    merged: dict[tuple[str, str], Clause] = {}
    for clause in (*one, *other):
        known = merged.get((clause.fact, clause.op))
        merged[clause.fact, clause.op] = clause if known is None else _tighter(known, clause)
    return _tidy(list(merged.values()))


def _tighter(one: Clause, other: Clause) -> Clause:
    if one.op == "in":
        return one.model_copy(update={"values": tuple(value for value in one.values if value in other.values)})
    return one if _COMPARED[one.op](_number(one), _number(other)) else other


def _wider(one: Clause, other: Clause) -> Clause | None:
    if one.op == other.op == "in":
        return one.model_copy(update={"values": tuple(dict.fromkeys((*one.values, *other.values)))})
    if one.op == other.op:
        return other if _COMPARED[one.op](_number(one), _number(other)) else one
    return None


def _tidy(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    return tuple(sorted(dict.fromkeys(clauses), key=lambda clause: (clause.fact, clause.op, str(clause.values))))


def _number(clause: Clause) -> float:
    return float(clause.values[0])


def _flag(node: Node, *, value: bool) -> tuple[Clause, ...]:
    fact = ".".join(path_of(node))
    return (Clause(fact=fact, op="in", values=(value,)),) if fact == "insight.injection" else ()


def _compared(left: Node, right: Node, *, operator: str) -> tuple[Clause, ...]:
    """What `fact operator constant` demands."""
    fact = ".".join(path_of(left))
    if fact in NUMBERS:
        number = _constant(right)
        if operator in _COMPARED and isinstance(number, float):
            return (Clause(fact=fact, op=operator, values=(number,)),)
        return ()
    values = _values(operator, right)
    return (Clause(fact=fact, op="in", values=values),) if fact in WORDS and values else ()


def _values(operator: str, right: Node) -> tuple[Value, ...]:
    if operator == "==":
        value = _constant(right)
        return () if value is None else (value,)
    if operator == "in" and isinstance(right, Items):
        values = [_constant(item) for item in right.items]
        return tuple(v for v in values if v is not None) if None not in values else ()
    return ()


def _constant(node: Node) -> Value | None:
    match node:
        case Unary(operator="-", of=Literal(kind="int" | "double", value=int() | float() as value)):
            return -float(value)
        case Literal(kind="int" | "double", value=int() | float() as value):
            return float(value)
        case Literal(kind="bool", value=bool() as value):
            return value
        case Literal(kind="string", value=str() as value):
            return value if "\\" not in value else None
        case _:
            return None
