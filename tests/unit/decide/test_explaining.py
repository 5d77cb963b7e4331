"""Explanations take a condition apart where people read it."""

import pytest

from earshot.decide.explaining import Part, explain
from earshot.decide.rules import load_rules
from earshot.decide.settings import RuleSettings

from .facts import facts


def explained(when: str) -> Part:
    rule = RuleSettings.model_validate({"name": "R", "when": when, "actions": ["TAG"]})
    return explain(load_rules([rule]).ordered[0], facts(priority="HIGH", frequency=7, tags=("vip",)))


def shape(part: Part) -> object:
    return (part.joined, [shape(one) for one in part.parts]) if part.parts else (part.text, part.held)


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("true", ("true", True)),
        ("((true))", ("true", True)),
        ("true && false", ("&&", [("true", True), ("false", False)])),
        ("true || (false && true)", ("||", [("true", True), ("&&", [("false", False), ("true", True)])])),
        (
            "theme.frequency > 5 && (insight.priority == 'LOW' || true) // said",
            (
                "&&",
                [("theme.frequency > 5", True), ("||", [("insight.priority == 'LOW'", False), ("true", True)])],
            ),
        ),
        ("true ? false || true : false", ("true ? false || true : false", True)),
        ("(true) && (false)", ("&&", [("true", True), ("false", False)])),
        ('insight.summary == "a && b" && true', ("&&", [('insight.summary == "a && b"', False), ("true", True)])),
        ('conversation.tags[1] == "x" || false', ("||", [('conversation.tags[1] == "x"', None), ("false", False)])),
        (
            "findings.exists(f, f.summary == '' && true) // why\n&& true",
            ("&&", [("findings.exists(f, f.summary == '' && true)", False), ("true", True)]),
        ),
    ],
)
def test_a_condition_is_taken_apart(when: str, wanted: object) -> None:
    assert shape(explained(when)) == wanted


def test_parts_tell_their_values() -> None:
    part = explained('insight.priority == "HIGH" && size(conversation.tags) > theme.frequency')
    assert part.parts[0].values == {"insight.priority": "HIGH"}
    assert part.parts[1].values == {"conversation.tags": "list of 1", "theme.frequency": "7"}
