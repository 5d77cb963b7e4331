"""What Earshot knows, in the shape that a field of Jira takes."""

from typing import Any

import pytest

from earshot.connectors.jira.fields import Fact, shaped
from earshot.connectors.jira.screens import ScreenField


def field(kind: str, **more: Any) -> ScreenField:
    return ScreenField(id="customfield_1", name="One", required=False, kind=kind, **more)


@pytest.mark.parametrize(
    ("fact", "target", "value"),
    [
        (85.3, None, 85.3),
        ("x", field("any"), "x"),
        (85.3, field("number"), 85.3),
        (float("nan"), field("number"), None),
        (float("inf"), None, None),
        (True, field("number"), None),
        ("85", field("number"), None),
        ("two\nlines", field("string"), "two lines"),
        (3, field("string"), "3"),
        (True, field("string"), "yes"),
        (["a", "b"], field("string"), "a, b"),
        ("2026-01-01", field("date"), "2026-01-01"),
        ("2026-01-01T23:30:00-05:00", field("date"), "2026-01-02"),
        ("2026-01-01T10:00:00Z", field("datetime"), "2026-01-01T10:00:00.000+0000"),
        ("soon", field("date"), None),
        (5, field("date"), None),
        ("sales", field("option", offered=("Support", "Sales")), {"value": "Sales"}),
        ("nobody", field("option", offered=("Support", "Sales")), None),
        ("free", field("option"), {"value": "free"}),
        (["sales", "nobody"], field("array", items="option", offered=("Sales",)), [{"value": "Sales"}]),
        (["nobody"], field("array", items="option", offered=("Sales",)), None),
        (["Two words", "b"], field("array", items="string"), ["two-words", "b"]),
        ("u1", field("user"), None),
        (["1"], field("array", items="user"), None),
    ],
)
def test_a_fact_takes_the_form_of_its_field(fact: Fact, target: ScreenField | None, value: Any) -> None:
    assert shaped(fact, target) == value


def test_long_text_becomes_a_document() -> None:
    found = shaped("<b>a</b>", field("string", long=True))
    assert found == {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "<b>a</b>"}]}],
    }
