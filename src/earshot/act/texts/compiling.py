"""A template's source, checked before it is ever used: unknown names and mistakes are refused with their place."""

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from earshot.act.texts.figures import FILTERS
from earshot.act.texts.markdown import Unreadable, Written, read
from earshot.act.texts.marks import RESERVED, Marks
from earshot.act.texts.variables import EXAMPLES, FIELDS, VARIABLES
from earshot.errors import Misconfigured

_MARKS = "_marks"
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Filter,
    nodes.Slice,
)
_OF_JINJA = frozenset({"default", "first", "join", "last", "length", "lower", "upper", "capitalize", "trim"})
_LOOP = frozenset({"index", "first", "last", "length"})


class Compiled:
    """A template that was found to be good."""

    def __init__(self, template: Template) -> None:
        self._template = template

    def write(self, values: Mapping[str, Any]) -> Written:
        """The template's words with these values in their places."""
        marks = Marks()
        return read(self._template.render({**values, _MARKS: marks}), marks)


@lru_cache(maxsize=512)
def compiled(source: str, *, place: str) -> Compiled:
    """The template; Misconfigured names the place (a file), the line and the nearest right name.

    Made once for each text: a compiled template is a ring of references that only a look for garbage would free.
    """
    if RESERVED.search(source):
        raise Misconfigured(f"{place} holds a character that templates cannot hold.", hint="Type it anew.")
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise _mistake(place, error.lineno, complaint=error.message or "it cannot be read") from None
    for line, complaint in _complaints(tree):
        raise _mistake(place, line, complaint=complaint)
    found = Compiled(_ENVIRONMENT.from_string(source))
    for values in EXAMPLES:
        _try(found, values, place=place)
    return found


def _try(template: Compiled, values: Mapping[str, Any], *, place: str) -> None:
    try:
        template.write(values)
    except Unreadable as error:
        raise Misconfigured(f"{place}: {error}.", hint="A lone * or [ is written \\* or \\[.") from None
    except (TemplateError, TypeError, ValueError) as error:
        raise Misconfigured(f"{place}: {error}.", hint="docs/texts.md names every variable.") from None


def _mistake(place: str, line: int, *, complaint: str) -> Misconfigured:
    return Misconfigured(f"{place}:{line}: {complaint}.", hint="docs/texts.md names every variable.")


def _complaints(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    loops = {target.name for loop in tree.find_all(nodes.For) for target in loop.find_all(nodes.Name)}
    known = {*VARIABLES, *(name for name in loops if name not in VARIABLES), "loop"}
    stored = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    for node in _every(tree):
        if not isinstance(node, _ALLOWED):
            yield node.lineno, f"{type(node).__name__.lower()} is not part of these templates"
        elif isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in {*VARIABLES, *stored, "loop"}:
            yield node.lineno, f"there is no variable {node.name}{_nearest(node.name, known)}"
        elif isinstance(node, nodes.Getattr) and node.attr not in FIELDS | _LOOP:
            yield node.lineno, f"nothing has a field {node.attr}{_nearest(node.attr, FIELDS)}"
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS.keys() | _OF_JINJA:
            yield node.lineno, f"there is no filter {node.name}{_nearest(node.name, FILTERS.keys() | _OF_JINJA)}"


def _every(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _every(child)


def _nearest(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


@pass_context
def _to_mark(context: Context, value: object) -> str:
    """Every value that is put out becomes a mark; told by the context, so that nothing is folded in advance."""
    marks = context[_MARKS]
    return marks.put(value) if isinstance(marks, Marks) else ""


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_to_mark,
        autoescape=False,
    )
    own: dict[str, Any] = {"filters": {**_jinja_filters(made), **FILTERS}, "globals": {}}
    for name, value in own.items():
        setattr(made, name, value)
    return made


def _jinja_filters(environment: Environment) -> dict[str, Callable[..., Any]]:
    held: Mapping[str, Any] = vars(environment)["filters"]
    return {name: held[name] for name in _OF_JINJA}


_ENVIRONMENT = _environment()
