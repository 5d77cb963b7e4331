from typing import Any

import pytest

from earshot.sim.intercom import query
from earshot.sim.intercom.answers import Refusal
from earshot.sim.intercom.fields import CONVERSATION_FIELDS

ROW: dict[str, Any] = {
    "id": "12",
    "updated_at": 1_700_000_000,
    "state": "open",
    "open": True,
    "snoozed_until": None,
    "contact_ids": ("a1", "b2"),
    "tag_ids": (),
    "admin_assignee_id": 7,
    "source.subject": "Cannot export the Report",
    "source.body": "<p>Need support with <b>exports</b></p>",
    "source.url": None,
}


def found(field: str, operator: str, value: Any, *, strict: bool = True) -> bool:
    node = query.parse({"field": field, "operator": operator, "value": value}, CONVERSATION_FIELDS)
    return query.matches(node, ROW.get, strict=strict)


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("state", "=", "open", True),
        ("state", "=", "OPEN", True),
        ("state", "!=", "open", False),
        ("state", "IN", ["closed", "open"], True),
        ("state", "NIN", ["closed", "snoozed"], True),
        ("state", "NIN", ["closed", "open"], False),
        ("updated_at", ">", 1_699_999_999, True),
        ("updated_at", ">", 1_700_000_000, False),
        ("updated_at", ">=", 1_700_000_000, True),
        ("updated_at", "<", 1_700_000_000, False),
        ("updated_at", "<=", 1_700_000_000, True),
        ("updated_at", "<", 1_700_000_001, True),
        ("updated_at", "=", "1700000000", True),
        ("updated_at", ">", 1_600_000_000_000, False),
        ("snoozed_until", ">", 0, False),
        ("snoozed_until", "=", None, True),
        ("open", "=", "true", True),
        ("open", "=", False, False),
        ("contact_ids", "=", "b2", True),
        ("contact_ids", "!=", "b2", False),
        ("contact_ids", "IN", ["z", "a1"], True),
        ("contact_ids", "NIN", ["z", "a1"], False),
        ("tag_ids", "=", None, True),
        ("contact_ids", "~", "b", True),
        ("admin_assignee_id", "=", "7", True),
        ("admin_assignee_id", "IN", [1, 7], True),
        ("admin_assignee_id", "NIN", [1, 7], False),
        ("source.subject", "~", "export the", True),
        ("source.subject", "!~", "import", True),
        ("source.subject", "^", "cannot", True),
        ("source.subject", "$", "report", True),
        ("source.subject", "$", "export", False),
        ("source.body", "~", "support", True),
        ("source.body", "~", "suppor", False),
        ("source.body", "~", "support with", False),
        ("source.url", "~", "x", False),
        ("source.url", "!~", "x", True),
    ],
)
def test_operator(field: str, operator: str, value: Any, *, expected: bool) -> None:
    assert found(field, operator, value) is expected


@pytest.mark.parametrize(("operator", "expected"), [(">", True), ("<", True)])
def test_lenient_ranges_take_the_value_in(operator: str, *, expected: bool) -> None:
    assert found("updated_at", operator, 1_700_000_000, strict=False) is expected


def leaf(value: str = "open") -> dict[str, Any]:
    return {"field": "state", "operator": "=", "value": value}


def group(operator: str, *members: Any) -> dict[str, Any]:
    return {"operator": operator, "value": list(members)}


def test_groups_join() -> None:
    either = query.parse(
        group("AND", group("OR", leaf("closed"), leaf()), group("OR", leaf(), leaf("x"))), CONVERSATION_FIELDS
    )
    both = query.parse(group("AND", leaf(), leaf("closed")), CONVERSATION_FIELDS)
    assert query.matches(either, ROW.get)
    assert not query.matches(both, ROW.get)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("state", "parameter_invalid"),
        ({}, "parameter_invalid"),
        ({"field": "custom_attributes.x", "operator": "=", "value": "1"}, "invalid_field"),
        ({"field": "state", "operator": "LIKE", "value": "1"}, "invalid_operator"),
        ({"field": "state", "operator": ">", "value": "1"}, "invalid_operator"),
        ({"field": "updated_at", "operator": "~", "value": "1"}, "invalid_operator"),
        ({"field": "updated_at", "operator": ">", "value": "yesterday"}, "invalid_value"),
        ({"field": "open", "operator": "=", "value": "maybe"}, "invalid_value"),
        ({"field": "state", "operator": "=", "value": ["open"]}, "invalid_value"),
        ({"field": "state", "operator": "IN", "value": "open"}, "invalid_value"),
        ({"field": "state", "operator": "=", "value": {"a": 1}}, "invalid_value"),
        (group("AND"), "parameter_invalid"),
        ({"operator": "OR", "value": "x"}, "parameter_invalid"),
        (group("AND", *[leaf()] * 16), "invalid_query"),
        (group("AND", group("OR", group("AND", leaf()))), "invalid_query"),
    ],
)
def test_refused(body: Any, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        query.parse(body, CONVERSATION_FIELDS)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_fifteen_filters_are_allowed() -> None:
    assert query.matches(query.parse(group("OR", *[leaf()] * 15), CONVERSATION_FIELDS), ROW.get)


def test_required_filters_leave_out_what_an_or_says() -> None:
    node = query.parse(group("AND", leaf(), group("OR", leaf("a"), leaf("b"))), CONVERSATION_FIELDS)
    assert [need.value for need in query.required(node)] == ["open"]
    assert not query.only_required(node)
    assert query.only_required(query.parse(group("OR", leaf()), CONVERSATION_FIELDS))
