"""What a person may set on an item, and what is said when it makes no sense."""

import json
from typing import Any

import pytest

from earshot.domain.backlog import ItemStatus, ItemText
from earshot.domain.rice import Factor
from earshot.errors import BadInput
from earshot.pipeline.backlog.editing import FIELDS, field_value
from earshot.pipeline.backlog.planning import item_id


def test_every_field_of_an_item_can_be_set() -> None:
    assert set(FIELDS) == {*ItemText.model_fields, "status", *(factor.value for factor in Factor)}


@pytest.mark.parametrize(
    ("field", "values", "wanted"),
    [
        ("title", ["  Exports\x1b[31m break\n"], "Exports break"),
        ("description", ["Two\r\nlines\u202e"], "Two\nlines"),
        ("issue_type", ["bug"], "Bug"),
        ("priority", ["p0"], "P0"),
        ("status", ["Approved"], "approved"),
        ("labels", ["crm, sales", "crm", ""], ["crm", "sales"]),
        ("labels", [""], []),
        ("components", ["Search"], ["Search"]),
        ("story_points", ["13"], 13),
        ("acceptance_criteria", ["Given a\nGiven b", "Given c"], ["Given a", "Given b", "Given c"]),
        ("reach", ["1,200"], 1200),
        ("impact", [".25"], 0.25),
        ("confidence", ["0.8"], 0.8),
        ("effort", ["2.5"], 2.5),
    ],
)  # fmt: skip
def test_values_that_make_sense(field: str, values: list[str], wanted: Any) -> None:
    value = field_value(field, values)
    assert json.loads(value) == wanted
    if field in ItemText.model_fields:
        sample: dict[str, Any] = {
            "title": "t", "description": "d", "acceptance_criteria": ["a"], "issue_type": "Task", "priority": "P3"
        }  # fmt: skip
        ItemText.model_validate(sample | {field: wanted})
    if field == "status":
        ItemStatus(wanted)


@pytest.mark.parametrize(
    ("field", "values", "told"),
    [
        ("title", [""], "1 to 100 characters"),
        ("title", ["x" * 101], "this one 101"),
        ("title", ["two", "values"], "one value is wanted, 2 are given"),
        ("description", ["\x00"], "1 to 20,000 characters"),
        ("issue_type", ["Epic"], "one of Bug, Feature, Improvement, Task is wanted, not 'Epic'"),
        ("priority", ["\x1b[31mP9"], "not 'P9'"),
        ("status", ["done"], "one of draft, approved, pushed, shipped, discarded"),
        ("labels", ["x" * 61], "at most 60 characters"),
        ("story_points", ["22"], "whole number from 1 to 21"),
        ("story_points", ["3.5"], "whole number from 1 to 21"),
        ("acceptance_criteria", [" \n "], "1 to 10 criteria"),
        ("reach", ["-1"], "reach is whole accounts"),
        ("reach", ["many"], "a number is wanted, not 'many'"),
        ("impact", ["4"], "impact must be one of 0.25, 0.5, 1, 2, 3"),
        ("confidence", ["0.9"], "confidence must be one of 0.5, 0.8, 1"),
        ("effort", ["0"], "effort is person-weeks"),
        ("effort", ["nan"], "effort must be a number"),
        ("colour", ["red"], "no field 'colour'"),
    ],
)
def test_values_that_make_none(field: str, values: list[str], told: str) -> None:
    with pytest.raises(BadInput, match=told) as caught:
        field_value(field, values)
    assert "\x1b" not in str(caught.value)


def test_ids_are_the_same_whoever_drafts() -> None:
    first = item_id("t1", taken=())
    assert first == item_id("t1", taken=["b0"])
    assert first != item_id("t2", taken=())
    assert item_id("t1", taken=[first]) not in {first, item_id("t2", taken=())}
