"""docs/rules.md tells the truth about facts, actions, keys and packs."""

import json
import re
from pathlib import Path

from earshot.decide.packs import PACKS
from earshot.decide.parameters import TAKES
from earshot.decide.rules import load_rules
from earshot.decide.schema import FACTS
from earshot.decide.settings import RuleSettings
from earshot.domain.action import SUBJECTS

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    text = PAGE.partition(f"# {heading}\n")[2]
    table = re.search(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert table, heading
    return [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table[0].splitlines()[2:]]


def test_every_fact_is_told() -> None:
    told = {
        name.strip("`"): re.sub(r"\([^)]*\)|a list of|of the first finding:", "", text)
        for name, text in rows("What a condition may ask")
    }
    kinds = FACTS.fields or {}
    fields = {name: kind.fields or (kind.element and kind.element.fields) or {} for name, kind in kinds.items()}
    assert {name: [word.strip() for word in text.split(",")] for name, text in told.items()} == {
        name: list(inner) for name, inner in fields.items()
    }


def test_every_action_is_told_with_its_subject_and_parameters() -> None:
    told = {
        name.strip("`"): (subject, set(re.findall(r"\b[a-z]+\b", text)))
        for name, subject, text in rows("What can follow")
    }
    assert {name: subject for name, (subject, _) in told.items()} == {k.value: s.value for k, s in SUBJECTS.items()}
    for kind, takes in TAKES.items():
        assert set(takes.all) <= told[kind.value][1]
        assert all(f"({value})" in PAGE for value in takes.filled.values())


def test_every_key_is_told_with_its_default() -> None:
    told = {name.strip("`"): default.strip("`") for name, default, *_ in rows("Writing one")}
    fields = RuleSettings.model_fields
    defaults = {
        name: "" if field.is_required() or field.default is None else json.dumps(field.default)
        for name, field in fields.items()
    }
    assert told == defaults


def test_every_pack_is_told() -> None:
    assert [name.strip("`") for name, _ in rows("The packs")] == list(PACKS)


def test_the_examples_of_conditions_are_sound() -> None:
    (block,) = re.findall(r"^```text\n(insight\..*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for number, when in enumerate(block.splitlines()):
        load_rules([RuleSettings.model_validate({"name": f"R{number}", "when": when, "actions": ["NOTE"]})])
