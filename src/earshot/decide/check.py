"""Checks a condition's names and types before it can ever run: a rule that cannot hold is refused, not silent."""

from collections.abc import Mapping

from earshot.decide.schema import BOOL, DOUBLE, FACTS, INT, NULL, STRING, Kind, nearest
from earshot.decide.syntax import Binary, Call, Choice, Flaw, Index, Items, Literal, Name, Node, Select, Unary

Scope = Mapping[str, Kind]

_LITERALS = {"bool": BOOL, "int": INT, "double": DOUBLE, "string": STRING, "null": NULL}
_NUMBERS = ("int", "double")
_ORDERED = (*_NUMBERS, "string")
_TEXT_METHODS = ("contains", "startsWith", "endsWith", "matches")
_MACROS = ("exists", "all", "exists_one", "filter", "map")
_CASTS = {"int": INT, "double": DOUBLE, "string": STRING}
_FUNCTIONS = ("size", "has", *_CASTS)


def check(node: Node) -> None:
    """Raise Flaw unless the condition is well typed over the facts and says yes or no."""
    kind = _type(node, FACTS.fields or {})
    if kind.name != "bool":
        raise Flaw(f"a condition must be true or false, this is a {kind}", 0)


def _type(node: Node, scope: Scope) -> Kind:
    match node:
        case Literal(kind=kind):
            return _LITERALS[kind]
        case Name():
            return _name(node, scope)
        case Select():
            return _select(node, scope)
        case Call():
            return _call(node, scope)
        case _:
            return _composed(node, scope)


def _composed(node: Node, scope: Scope) -> Kind:
    match node:
        case Index():
            return _index(node, scope)
        case Items():
            return _items(node, scope)
        case Unary():
            return _unary(node, scope)
        case Binary():
            return _binary(node, scope)
        case Choice():
            return _choice(node, scope)
        case _:
            raise Flaw("not understood", node.at)


def _name(node: Name, scope: Scope) -> Kind:
    if node.name not in scope:
        raise Flaw(f"unknown name {node.name}{nearest(node.name, scope)}", node.at)
    return scope[node.name]


def _select(node: Select, scope: Scope) -> Kind:
    of = _type(node.of, scope)
    if of.fields is None:
        raise Flaw(f"a {of} has no field {node.field}", node.at)
    if node.field not in of.fields:
        raise Flaw(f"unknown field {node.field}{nearest(node.field, of.fields)}", node.at)
    return of.fields[node.field]


def _index(node: Index, scope: Scope) -> Kind:
    of = _type(node.of, scope)
    if of.element is None:
        raise Flaw(f"only a list has numbered elements, this is a {of}", node.at)
    _demand(node.key, scope, "int")
    return of.element


def _items(node: Items, scope: Scope) -> Kind:
    if not node.items:
        raise Flaw("an empty list matches nothing", node.at)
    kinds = [_type(item, scope) for item in node.items]
    for item, kind in zip(node.items, kinds, strict=True):
        if kind.name != kinds[0].name:
            raise Flaw(f"a list of {kinds[0]} cannot hold a {kind}", item.at)
    return Kind("list", element=kinds[0])


def _unary(node: Unary, scope: Scope) -> Kind:
    return _demand(node.of, scope, *(("bool",) if node.operator == "!" else _NUMBERS))


def _choice(node: Choice, scope: Scope) -> Kind:
    _demand(node.condition, scope, "bool")
    one = _type(node.one, scope)
    other = _type(node.other, scope)
    if one.name != other.name:
        raise Flaw(f"both outcomes must be of one type, these are {one} and {other}", node.at)
    return one


def _binary(node: Binary, scope: Scope) -> Kind:
    if node.operator in {"&&", "||"}:
        _demand(node.left, scope, "bool")
        return _demand(node.right, scope, "bool")
    if node.operator in {"==", "!="}:
        return _equality(node, scope)
    if node.operator == "in":
        return _membership(node, scope)
    return _ordering(node, scope) if node.operator[0] in "<>" else _arithmetic(node, scope)


def _equality(node: Binary, scope: Scope) -> Kind:
    left, right = _type(node.left, scope), _type(node.right, scope)
    if not _comparable(left, right):
        raise Flaw(f"a {left} never equals a {right}", node.at)
    _closed(node.left, right)
    _closed(node.right, left)
    return BOOL


def _ordering(node: Binary, scope: Scope) -> Kind:
    left, right = _demand(node.left, scope, *_ORDERED), _demand(node.right, scope, *_ORDERED)
    if not _comparable(left, right):
        raise Flaw(f"a {left} cannot be compared with a {right}", node.at)
    if left.words or right.words:
        raise Flaw("these words have no order; use == or in [...]", node.at)
    return BOOL


def _arithmetic(node: Binary, scope: Scope) -> Kind:
    allowed = _ORDERED if node.operator == "+" else ("int",) if node.operator == "%" else _NUMBERS
    left, right = _demand(node.left, scope, *allowed), _demand(node.right, scope, *allowed)
    if left.name != right.name:
        raise Flaw(f"{node.operator} needs two numbers of one type, these are {left} and {right}", node.at)
    return _LITERALS[left.name]


def _membership(node: Binary, scope: Scope) -> Kind:
    one, many = _type(node.left, scope), _type(node.right, scope)
    if many.element is None:
        raise Flaw(f"in needs a list on its right, this is a {many}", node.at)
    if not _comparable(one, many.element):
        raise Flaw(f"a {one} is never in a {many}", node.at)
    for item in node.right.items if isinstance(node.right, Items) else ():
        _closed(item, one)
    return BOOL


def _comparable(one: Kind, other: Kind) -> bool:
    return one.name == other.name or (one.name in _NUMBERS and other.name in _NUMBERS)


def _closed(node: Node, against: Kind) -> None:
    """A constant compared with a closed field must be one of its words."""
    if isinstance(node, Literal) and against.words and node.value not in against.words:
        raise Flaw(f"{node.value!r} is never met here{nearest(str(node.value), against.words)}", node.at)


def _demand(node: Node, scope: Scope, *allowed: str) -> Kind:
    kind = _type(node, scope)
    if kind.name not in allowed:
        raise Flaw(f"expected {' or '.join(allowed)}, this is a {kind}", node.at)
    return kind


def _call(node: Call, scope: Scope) -> Kind:
    if node.target is None:
        return _function(node, scope)
    of = _type(node.target, scope)
    if node.name == "size":
        return _size(node, of, arguments=0)
    if of.name == "string" and node.name in _TEXT_METHODS:
        _count(node, 1)
        _demand(node.args[0], scope, "string")
        return BOOL
    if of.element is not None and node.name in _MACROS:
        return _macro(node, of, scope=scope)
    methods = _TEXT_METHODS if of.name == "string" else _MACROS if of.element is not None else ()
    raise Flaw(f"a {of} has no function {node.name}{nearest(node.name, methods)}", node.at)


def _function(node: Call, scope: Scope) -> Kind:
    if node.name not in _FUNCTIONS:
        raise Flaw(f"unknown function {node.name}{nearest(node.name, _FUNCTIONS)}", node.at)
    _count(node, 1)
    kind = _type(node.args[0], scope)
    if node.name == "size":
        return _size(node, kind, arguments=1)
    if node.name == "has":
        if not isinstance(node.args[0], Select):
            raise Flaw("has() asks for a field, as in has(customer.plan)", node.at)
        return BOOL
    _demand(node.args[0], scope, *_ORDERED)
    return _CASTS[node.name]


def _size(node: Call, of: Kind, *, arguments: int) -> Kind:
    _count(node, arguments)
    if of.name not in {"string", "list"}:
        raise Flaw(f"a {of} has no size", node.at)
    return INT


def _macro(node: Call, of: Kind, *, scope: Scope) -> Kind:
    _count(node, 2)
    variable, body = node.args
    if not isinstance(variable, Name) or of.element is None:
        raise Flaw(f"{node.name} needs a new name first, as in findings.{node.name}(f, …)", variable.at)
    inner: dict[str, Kind] = {**scope, variable.name: of.element}
    if node.name == "map":
        return Kind("list", element=_type(body, inner))
    _demand(body, inner, "bool")
    return of if node.name == "filter" else BOOL


def _count(node: Call, wanted: int) -> None:
    if len(node.args) != wanted:
        raise Flaw(f"{node.name} takes {wanted} argument{'s' * (wanted != 1)}, here are {len(node.args)}", node.at)
