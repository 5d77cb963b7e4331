"""Rules, checked and compiled. One that names what does not exist, or can never hold, is refused with its place."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cel

from earshot.decide.check import check
from earshot.decide.schema import FACTS, Kind
from earshot.decide.settings import RuleSettings
from earshot.decide.syntax import Call, Flaw, Literal, Name, Node, Select, below, tree
from earshot.domain.model import Noun
from earshot.errors import Misconfigured

Path = tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """A rule ready to be judged. `asks` are the facts its condition names."""

    settings: RuleSettings
    program: cel.Program
    asks: tuple[Path, ...]


@dataclass(frozen=True)
class Rules:
    """The enabled rules, the most urgent first, equals in the order they were given."""

    ordered: tuple[Rule, ...]


class RuleRow(Noun):
    """A rule as `earshot rules` shows it; `problem` is empty when it can be used."""

    name: str
    when: str
    actions: tuple[str, ...]
    priority: int
    stop: bool
    enabled: bool
    problem: str = ""


def load_rules(settings: Sequence[RuleSettings]) -> Rules:
    """Check and compile rules. Raises Misconfigured naming the rule, the place and the nearest valid name."""
    problems = [f"rule {row.name!r}: {row.problem}" for row in list_rules(settings) if row.problem]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise Misconfigured(
            problems[0] + more, hint="Correct the rule in [[decide.rules]]; see `earshot rules check`."
        )
    enabled = [rule for rule in settings if rule.enabled]
    return Rules(tuple(_compiled(rule) for rule in sorted(enabled, key=lambda rule: rule.priority)))


def list_rules(settings: Sequence[RuleSettings]) -> list[RuleRow]:
    """Every rule with what is wrong with it, in the order they are judged. Never raises."""
    names = Counter(rule.name for rule in settings)
    return [
        RuleRow(
            name=rule.name,
            when=rule.when,
            actions=tuple(rule.actions),
            priority=rule.priority,
            stop=rule.stop,
            enabled=rule.enabled,
            problem="two rules have this name" if names[rule.name] > 1 else _problem(rule),
        )
        for rule in sorted(settings, key=lambda rule: rule.priority)
    ]


def _problem(rule: RuleSettings) -> str:
    try:
        node = tree(rule.when)
        check(node)
        _check_patterns(node)
        _program(rule.when)
    except Flaw as flaw:
        line = rule.when.count("\n", 0, flaw.at) + 1
        column = flaw.at - rule.when.rfind("\n", 0, flaw.at)
        return f"line {line}, column {column}: {flaw}"
    return ""


def _program(condition: str) -> cel.Program:
    try:
        return cel.compile(condition)
    except ValueError as error:
        raise Flaw(f"not valid CEL ({str(error).splitlines()[0]})", 0) from error


def _check_patterns(node: Node) -> None:
    for part in below(node):
        match part:
            case Call(name="matches", args=(Literal(value=str(pattern), at=at),)):
                _check_pattern(pattern, at)
            case _:
                continue


def _check_pattern(pattern: str, at: int) -> None:
    try:
        cel.evaluate("''.matches(pattern)", {"pattern": pattern})
    except RuntimeError as error:
        raise Flaw("this pattern is not a valid regular expression", at) from error


def _compiled(rule: RuleSettings) -> Rule:
    paths = dict.fromkeys(path for part in below(tree(rule.when)) if (path := _path(part)))
    return Rule(rule, cel.compile(rule.when), tuple(paths))


def _path(node: Node) -> Path:
    """The fact a node names, if it names one that is a plain value."""
    names: list[str] = []
    at: Node = node
    while isinstance(at, Select):
        names.append(at.field)
        at = at.of
    if not isinstance(at, Name) or not names:
        return ()
    kind: Kind | None = FACTS
    path = (at.name, *reversed(names))
    for name in path:
        kind = (kind.fields or {}).get(name) if kind else None
    return path if kind is not None and kind.fields is None else ()
