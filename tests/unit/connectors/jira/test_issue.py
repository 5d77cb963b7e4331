"""A ticket's body."""

from typing import Any

import pytest

from earshot.connectors.jira.changing import back
from earshot.connectors.jira.issue import draft, marker, missing, project_of, property_of, type_of
from earshot.connectors.jira.screens import Screen, ScreenField
from earshot.connectors.jira.settings import JiraSettings
from earshot.domain.delivery import Content, Op, Order, Thing

SETTINGS = JiraSettings(project="ENG", fields={"rice_score": "customfield_1"}, labels=("support",))
NAMES = ("project", "issuetype", "summary", "labels", "description", "priority", "components", "customfield_1")


def order(**content: Any) -> Order:
    said = Content.model_validate({"title": "Export stops", **content})
    return Order(object_key="ab" * 16, request_key="cd" * 16, thing=Thing.TICKET, op=Op.CREATE, content=said)


def screen(*names: str, **offered: tuple[str, ...]) -> Screen:
    fields = {name: ScreenField(name, name, required=False, offered=offered.get(name, ())) for name in names}
    return Screen("Bug", "10004", fields)


def test_a_title_is_one_line_of_255_characters() -> None:
    found = draft(order(title="a\r\nb " + "x" * 400), SETTINGS, screen=Screen("Bug"))
    summary = str(found.fields["summary"])
    assert summary.startswith("a b x")
    assert len(summary) == 255
    assert summary.endswith("…")


def test_labels_find_the_ticket_and_cannot_be_forged() -> None:
    wanted = order(labels=("Two words", "earshot-0000000000000000", "", "p0", "p0"))
    found = draft(wanted, SETTINGS, screen=Screen("Bug"))
    assert found.fields["labels"] == ["earshot", "earshot-abababababababab", "support", "two-words", "p0"]
    assert marker(wanted, JiraSettings(label_prefix="es")) == "es-abababababababab"


def test_names_are_those_that_the_project_offers() -> None:
    offered = {"priority": ("highest", "low"), "components": ("Export",)}
    found = draft(
        order(priority="P0", components=("EXPORT", "export", "Other")), SETTINGS, screen=screen(*NAMES, **offered)
    )
    assert found.fields["priority"] == {"name": "highest"}
    assert found.fields["components"] == [{"name": "Export"}]
    assert found.left_out == ()
    other = draft(order(priority="P1", components=("Other",)), SETTINGS, screen=screen(*NAMES, **offered))
    assert "priority" not in other.fields
    assert "components" not in other.fields
    assert len(other.left_out) == 2
    assert "Other" not in " ".join(other.left_out)


def test_a_known_screen_takes_no_other_fields() -> None:
    found = draft(order(facts={"rice_score": 4}), SETTINGS, screen=screen("project", "issuetype", "summary"))
    assert set(found.fields) == {"project", "issuetype", "summary", "labels"}
    assert any("customfield_1" in one for one in found.left_out)
    unknown = draft(order(facts={"rice_score": 4}), SETTINGS, screen=Screen("Bug"))
    assert unknown.fields["customfield_1"] == 4
    assert unknown.fields["issuetype"] == {"name": "Bug"}
    assert draft(order(components=("A",)), SETTINGS, screen=Screen("Bug")).fields["components"] == [{"name": "A"}]


def test_what_is_required_and_not_filled_is_missing() -> None:
    fields = {
        "squad": ScreenField("squad", "Squad", required=True),
        "reporter": ScreenField("reporter", "R", required=True),
    }
    assert missing({}, Screen("Bug", "1", fields)) == {"squad": "Squad"}
    assert missing({"squad": 1}, Screen("Bug", "1", fields)) == {}


@pytest.mark.parametrize(("given", "key"), [("OPS", "OPS"), ("", "ENG"), ('X" OR "1', ""), ("ops", "")])
def test_the_project_is_a_key_or_none(given: str, key: str) -> None:
    assert project_of(Content(title="t", parameters={"project": given}), SETTINGS) == key


def test_types_are_mapped() -> None:
    assert type_of(Content(title="t", item_type="Feature"), SETTINGS) == "Story"
    assert type_of(Content(title="t", item_type="Epic"), SETTINGS) == "Epic"
    assert type_of(Content(title="t"), SETTINGS) == "Task"


def test_the_property_keeps_numbers_and_no_text() -> None:
    found = property_of(order(facts={"customers": 3, "summary": "secret words"}, title="secret words"))
    assert found["facts"] == {"customers": 3}
    assert "secret" not in str(found)


def way(ident: str, category: str, **more: Any) -> dict[str, Any]:
    return {"id": ident, "name": f"Go {ident}", "to": {"statusCategory": {"key": category}}, **more}


def test_the_way_back_leads_to_a_new_status_and_asks_for_nothing() -> None:
    asks = {"fields": {"reason": {"required": True, "hasDefaultValue": False}}}
    ways = [way("1", "done"), way("2", "indeterminate"), way("3", "new", **asks), way("4", "new")]
    assert back(ways, "") == "4"
    assert back(ways[:3], "") == "2"
    assert back(ways[:1], "") is None
    assert back(ways, "go 2") == "2"
    assert back(ways, "Reopen") is None
    assert back([way("1", "new", isAvailable=False)], "") is None
