"""Narrowing never loses a match, and says something where it can."""

import json
import operator
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.decide.evaluate import evaluate
from earshot.decide.narrowing import NUMBERS, WORDS, either, narrow
from earshot.decide.rules import load_rules
from earshot.decide.settings import RuleSettings
from earshot.decide.syntax import tree
from earshot.domain.facts import Facts
from earshot.domain.reading import ChurnRisk, IssueType, Priority
from earshot.domain.rule_state import Clause
from earshot.store.facts import NARROWED

from .facts import facts

TYPES, LEVELS, RISKS = ([word.value for word in kind] for kind in (IssueType, Priority, ChurnRisk))


COMPARED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def admits(clauses: Sequence[Clause], seen: Facts) -> bool:
    """Whether facts fulfil all clauses: what the database is asked to check."""
    return all(_admits(clause, operator.attrgetter(clause.fact)(seen)) for clause in clauses)


def _admits(clause: Clause, value: object) -> bool:
    if clause.op == "in":
        return value in clause.values
    (bound,) = clause.values
    assert isinstance(bound, int | float)
    return isinstance(value, int | float) and COMPARED[clause.op](float(value), float(bound))


def told(when: str) -> list[tuple[str, str, tuple[object, ...]]]:
    return [(clause.fact, clause.op, clause.values) for clause in narrow(tree(when))]


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("true", []),
        ('insight.issue_type == "BILLING"', [("insight.issue_type", "in", ("BILLING",))]),
        ('"BILLING" == insight.issue_type', [("insight.issue_type", "in", ("BILLING",))]),
        ('insight.issue_type != "BILLING"', []),
        ("-0.5 > insight.sentiment_score", [("insight.sentiment_score", "<", (-0.5,))]),
        ("theme.frequency >= 5", [("theme.frequency", ">=", (5.0,))]),
        ("insight.injection", [("insight.injection", "in", (True,))]),
        ("!insight.injection && true", [("insight.injection", "in", (False,))]),
        (
            'insight.priority in ["LOW", "HIGH"] && insight.priority in ["HIGH", "CRITICAL"]',
            [("insight.priority", "in", ("HIGH",))],
        ),
        (
            'insight.priority == "LOW" || insight.priority == "HIGH"',
            [("insight.priority", "in", ("LOW", "HIGH"))],
        ),
        ('insight.priority == "LOW" || theme.trend > 0', []),
        (
            'insight.priority == "LOW" && theme.trend > 0 || insight.priority == "HIGH" && theme.mrr > 0.5',
            [("insight.priority", "in", ("LOW", "HIGH"))],
        ),
        ("theme.mrr > 5.0 && theme.mrr > 9.0", [("theme.mrr", ">", (9.0,))]),
        ("theme.mrr > 5.0 || theme.mrr > 9.0", [("theme.mrr", ">", (5.0,))]),
        ('!(insight.priority == "LOW")', []),
        ('insight.confidence > 0.5 ? insight.priority == "LOW" : false', []),
        ('findings.exists(f, f.issue_type == "BILLING")', []),
        ('insight.affected_feature == "a\\"b"', [("insight.affected_feature", "in", ('a"b',))]),
        ('insight.affected_feature == "a\\\\nb"', []),
    ],
)
def test_what_can_be_said_is_said(when: str, wanted: list[tuple[str, str, tuple[object, ...]]]) -> None:
    assert told(when) == wanted


def test_the_store_understands_every_clause() -> None:
    assert (WORDS | NUMBERS) <= NARROWED


def _word(path: str, words: list[str]) -> st.SearchStrategy[str]:
    one = st.sampled_from(words).map(json.dumps)
    return st.one_of(
        one.map(lambda w: f"{path} == {w}"),
        one.map(lambda w: f"{w} == {path}"),
        one.map(lambda w: f"{path} != {w}"),
        st.lists(one, min_size=1, max_size=3).map(lambda ws: f"{path} in [{', '.join(ws)}]"),
    )


_NUMBER = st.sampled_from(["-0.7", "0.0", "0.25", "1", "3", "-1"])
_COMPARED = st.tuples(
    st.sampled_from(["insight.sentiment_score", "insight.confidence", "theme.frequency", "theme.mrr"]),
    st.sampled_from(["<", "<=", ">", ">="]),
    _NUMBER,
)
LEAVES = st.one_of(
    _word("insight.issue_type", TYPES),
    _word("insight.priority", LEVELS),
    _word("insight.churn_risk", RISKS),
    _COMPARED.map(" ".join),
    _COMPARED.map(lambda c: f"{c[2]} {c[1]} {c[0]}"),
    st.sampled_from(["insight.injection", "!insight.injection", "true", "false", 'conversation.tags[0] == "vip"']),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]}) && ({p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}) || ({p[1]})"),
        inner.map(lambda p: f"!({p})"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]}) ? ({p[1]}) : ({p[2]})"),
    ),
    max_leaves=6,
)
FACTS = st.builds(
    facts,
    issue_type=st.sampled_from(TYPES),
    priority=st.sampled_from(LEVELS),
    churn_risk=st.sampled_from(RISKS),
    sentiment_score=st.sampled_from([-1.0, -0.7, -0.69, 0.0, 0.25, 1.0]),
    confidence=st.sampled_from([0.0, 0.25, 1.0]),
    injection=st.booleans(),
    frequency=st.integers(0, 4),
    tags=st.sampled_from([(), ("vip",)]),
)


@settings(max_examples=600, deadline=None)
@given(CONDITIONS, FACTS)
def test_a_narrowed_search_loses_no_match(when: str, seen: Facts) -> None:
    rule = RuleSettings.model_validate({"name": "R", "when": when, "actions": ["CREATE_TICKET"]})
    held = bool(evaluate(load_rules([rule]), seen).matches)
    assert not held or admits(narrow(tree(when)), seen)


@settings(max_examples=300, deadline=None)
@given(CONDITIONS, CONDITIONS, FACTS)
def test_a_search_for_two_rules_loses_no_match_of_either(one: str, other: str, seen: Facts) -> None:
    first, second = narrow(tree(one)), narrow(tree(other))
    if admits(first, seen) or admits(second, seen):
        assert admits(either(first, second), seen)
