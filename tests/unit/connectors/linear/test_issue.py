"""What an issue of Linear is made of."""

from typing import Any

import pytest

from earshot.connectors.linear.issue import attachments_of, input_of, labels_of, receipt_of, standing_of, team_of
from earshot.connectors.linear.names import Labels
from earshot.connectors.linear.settings import LinearSettings
from earshot.domain.delivery import Content, Op, Order, Receipt, Standing, Thing, WebLink

SETTINGS = LinearSettings(team="ENG", links=2)
LINKS = tuple(WebLink(text=f"Conversation {number}", href=f"https://a.example/{number}") for number in range(4))


def order(receipt: Receipt | None = None, **content: Any) -> Order:
    said = Content.model_validate({"title": "Export stops", **content})
    op = Op.UPDATE if receipt else Op.CREATE
    return Order(
        object_key="ab" * 16, request_key="cd" * 16, thing=Thing.TICKET, op=op, content=said, receipt=receipt
    )


@pytest.mark.parametrize(("priority", "number"), [("P0", 1), ("P1", 2), ("P2", 3), ("P3", 4), ("", 0), ("P9", 0)])
def test_priorities_are_linears_numbers(priority: str, number: int) -> None:
    found = input_of(order(priority=priority), SETTINGS, team="t", labels=Labels(()))
    assert found["priority"] == number
    assert "labelIds" not in found


def test_a_title_is_one_line_of_255_characters() -> None:
    title = input_of(order(title="a\nb " + "x" * 400), SETTINGS, team="t", labels=Labels(("l",)))["title"]
    assert title.startswith("a b x")
    assert len(title) == 255


def test_the_count_stands_on_one_attachment_for_ever() -> None:
    first = attachments_of(order(links=LINKS, url="https://a.example/1"), SETTINGS)
    assert [one["url"] for one in first] == ["https://a.example/0", "https://a.example/2", "https://a.example/1"]
    receipt = receipt_of({"identifier": "ENG-1"}, order(links=LINKS, url="https://a.example/1"))
    later = attachments_of(order(receipt, links=LINKS[3:], url="https://a.example/3"), SETTINGS)
    assert [one["url"] for one in later] == ["https://a.example/3", "https://a.example/1"]
    assert later[-1]["metadata"]["request"] == "cd" * 16
    assert {one["issueId"] for one in [*first, *later]} == {receipt.external_id}


def test_what_is_no_web_address_is_not_attached() -> None:
    bad = WebLink(text="x", href="javascript:alert(1)")
    assert attachments_of(order(links=(bad,), url="file:///etc/passwd"), SETTINGS) == []


def test_labels_are_told_once() -> None:
    found = labels_of(Content(title="t", item_type="Bug", labels=("p0", "Bug", " ")), SETTINGS)
    assert found == ["earshot", "Bug", "p0"]


@pytest.mark.parametrize(("given", "key"), [("OPS", "OPS"), ("", "ENG"), ("Customer success", "")])
def test_the_team_is_a_key_or_none(given: str, key: str) -> None:
    assert team_of(Content(title="t", parameters={"team": given}), SETTINGS) == key


@pytest.mark.parametrize(
    ("row", "kind", "standing"),
    [
        ({}, "triage", Standing.OPEN),
        ({}, "a kind of tomorrow", Standing.OPEN),
        ({}, "completed", Standing.DONE),
        ({}, "canceled", Standing.DONE),
        ({}, "duplicate", Standing.DUPLICATE),
        ({"trashed": True}, "started", Standing.GONE),
    ],
)
def test_where_it_stands_is_told_by_the_states_type(row: dict[str, Any], kind: str, standing: Standing) -> None:
    assert standing_of(row, kind) is standing
