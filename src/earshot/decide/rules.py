"""Rules, checked and compiled. One that names what does not exist, or can never hold, is refused with its place."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import cel

from earshot.decide.check import check
from earshot.decide.parameters import FACT
from earshot.decide.schema import FACTS, Kind
from earshot.decide.settings import RuleSettings
from earshot.decide.standing import rule_hash
from earshot.decide.syntax import Call, Flaw, Literal, Name, Node, Select, below, children, tree
from earshot.domain.model import Noun
from earshot.errors import Misconfigured

Path = tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """A rule ready to be judged. `asks` are the facts its condition names, `hash` stands for its text."""

    settings: RuleSettings
    program: cel.Program
    asks: tuple[Path, ...]
    hash: str
    node: Node


@dataclass(frozen=True)
class Rules:
    """The enabled rules, the most urgent first, equals in the order they were given."""

    ordered: tuple[Rule, ...]

    @cached_property
    def asks(self) -> Mapping[str, frozenset[str]]:
        """By rule what its condition and its actions must know: `record.field`, or a record as a whole."""
        return {rule.settings.name: _paths(rule) for rule in self.ordered}

    @cached_property
    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """The facts that judging them takes: names of fields by record, none for a record that is needed whole."""
        return needs_of([rule.node for rule in self.ordered])


class RuleRow(Noun):
    """A rule as `earshot rules` shows it; `problem` is empty when it can be used."""

    name: str
    when: str
    actions: tuple[str, ...]
    priority: int
    stop: bool
    enabled: bool
    approve: bool = False
    hash: str = ""
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
            actions=tuple(wanted.said for wanted in rule.actions),
            priority=rule.priority,
            stop=rule.stop,
            enabled=rule.enabled,
            approve=rule.approve,
            hash=rule_hash(rule),
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
    node = tree(rule.when)
    return Rule(rule, cel.compile(rule.when), asks=asked(node), hash=rule_hash(rule), node=node)


def asked(node: Node) -> tuple[Path, ...]:
    """The facts that a condition, or a part of one, names."""
    return tuple(dict.fromkeys(path for part in below(node) if (path := path_of(part))))


def needs_of(nodes: Sequence[Node]) -> dict[str, tuple[str, ...]]:
    """The fields by record that conditions name; none for a record that one names as a whole, or for a list."""
    fields: dict[str, set[str]] = {}
    whole: set[str] = set()
    for node in nodes:
        for record, field in _named(node):
            fields.setdefault(record, set()).update({field} if field else ())
            whole.update(() if field else {record})
    return {record: () if record in whole else tuple(sorted(named)) for record, named in sorted(fields.items())}


def _paths(rule: Rule) -> frozenset[str]:
    told = {wanted.parameters[FACT] for wanted in rule.settings.actions if FACT in wanted.parameters}
    needs = needs_of([rule.node])
    asked = {f"{record}.{field}" for record, fields in needs.items() for field in fields}
    return frozenset(told | asked | {record for record, fields in needs.items() if not fields})


def _named(node: Node) -> Iterator[tuple[str, str]]:
    """Each record that a node names, with the field that it asks of it ("" for the whole)."""
    records = FACTS.fields or {}
    match node:
        case Select(of=Name(name=record), field=field) if record in records:
            yield record, field if field in (records[record].fields or {}) else ""
        case Name(name=record) if record in records:
            yield record, ""
        case _:
            for child in children(node):
                yield from _named(child)


def path_of(node: Node) -> Path:
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
