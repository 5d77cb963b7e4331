import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.audit.labels import OPTIONS, Label, parse, said
from earshot.domain.reading import IssueType, PartialLabels, Priority

BILLING = {"issue_type": "BILLING", "priority": "HIGH", "sentiment": "NEGATIVE", "churn_risk": "LOW"}


def test_the_three_forms_say_the_same() -> None:
    lines: list[dict[str, Any]] = [
        {"id": "1", **BILLING},
        {"id": 2, "label": BILLING, "source": "desk"},
        {"id": "3", "label_a": BILLING, "label_b": {**BILLING, "priority": "LOW"}, "messages": []},
    ]
    found = parse(map(json.dumps, lines))
    assert found.bad == ()
    assert [row.id for row in found.rows] == ["1", "2", "3"]
    plain, nested, pair = found.rows
    assert plain.labels == nested.labels == (Label.model_validate(BILLING),)
    assert nested.source == "desk"
    assert [label.priority for label in pair.labels] == [Priority.HIGH, Priority.LOW]
    assert (plain.with_text, pair.with_text) == (False, True)


def test_fields_may_be_left_out_and_are_written_as_people_write_them() -> None:
    (row,) = parse(['{"id": "1", "issue_type": " feature request ", "priority": null, "sentiment": ""}']).rows
    assert row.labels == (Label(issue_type=IssueType.FEATURE_REQUEST),)
    assert row.labels[0].value("priority") is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"issue_type": "BILLING"}', "`id` is missing"),
        ('{"id": true, "issue_type": "BILLING"}', "`id` is missing"),
        ('{"id": "1"}', "no label"),
        ('{"id": "1", "label": "BILLING"}', "`label` is not an object"),
        ('{"id": "1", "label_a": {"priority": "URGENT"}}', "`label_a.priority` must be one of CRITICAL, HIGH"),
        ('{"id": "1", "priority": 3}', "`priority` must be one of"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_read(line: str, reason: str) -> None:
    found = parse([line, "", json.dumps({"id": "good", **BILLING})])
    assert [row.id for row in found.rows] == ["good"]
    assert found.bad[0].line == 1
    assert found.bad[0].reason.startswith(reason)


def test_of_two_lines_with_one_id_the_first_counts() -> None:
    found = parse([json.dumps({"id": "1", **BILLING}), json.dumps({"id": 1, **BILLING, "priority": "LOW"})])
    assert [row.labels[0].priority for row in found.rows] == [Priority.HIGH]
    assert [bad.line for bad in found.bad] == [2]


def test_what_a_classifier_does_not_say_is_none() -> None:
    assert said(None) == Label()
    told = said(PartialLabels(issue_type=IssueType.BILLING))
    assert {field: told.value(field) for field in OPTIONS} == {
        "issue_type": "BILLING", "priority": None, "sentiment": None, "churn_risk": None,
    }  # fmt: skip


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
keys = st.sampled_from(["id", "label", "label_a", "label_b", "messages", "source", *OPTIONS])


@given(st.lists(st.dictionaries(keys, json_values, max_size=6) | json_values, max_size=6))
def test_nothing_a_file_holds_breaks_it_and_every_line_is_accounted_for(values: list[Any]) -> None:
    found = parse(json.dumps(value) for value in values)
    assert len(found.rows) + len(found.bad) == len(values)
    assert all(row.labels and row.id for row in found.rows)
