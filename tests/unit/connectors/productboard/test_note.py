"""Notes as they are written, and what Productboard's answers mean."""

import base64
import json
from datetime import UTC, datetime

import httpx2
import pytest

from earshot.connectors.http.sender import Lost
from earshot.connectors.productboard.note import new_note
from earshot.connectors.productboard.settings import ProductboardSettings
from earshot.connectors.productboard.tool import ProductboardTool, ending
from earshot.connectors.productboard.verdict import verdict
from earshot.domain.delivery import Op, Result, Thing
from earshot.domain.document import Document, Paragraph, Quotation, Span
from tests.contract.tools.case import KEY, NOW, order
from tests.still import StillClock
from tests.unit.connectors.answering import Answers, Json, json_answer, reply, says

MADE = {
    "data": {"id": "n-1", "type": "textNote", "links": {"self": "s", "html": "https://acme.productboard.com/n/1"}}
}


def tool(answers: Answers, **settings: object) -> ProductboardTool:
    chosen = ProductboardSettings.model_validate(settings)
    secrets = {"PRODUCTBOARD_TOKEN": "t"}
    return ProductboardTool(chosen, secrets, clock=StillClock(NOW), transport=answers.transport)


def body(note_type: str = "textNote", **changes: object) -> Json:
    settings = ProductboardSettings.model_validate({"note_type": note_type})
    wanted = order(Thing.FEEDBACK)
    wanted = wanted.model_copy(update={"content": wanted.content.model_copy(update=changes)})
    return new_note(wanted, settings=settings, now=NOW)["data"]


def wrong(*pointers: str) -> httpx2.Response:
    errors = [
        {"code": "request.invalid", "title": "t", "detail": "Ana's words", "source": {"pointer": pointer}}
        for pointer in pointers
    ]
    return json_answer(400, {"id": "req-1", "errors": errors})


def listed(*notes: Json) -> httpx2.Response:
    return json_answer(200, {"data": list(notes), "links": {"next": None}})


def note(number: int, *, record: str = KEY, system: str = "earshot") -> Json:
    source = {"system": system, "recordId": record}
    made: Json = {**MADE["data"], "id": f"n-{number}", "metadata": {"source": source}}
    return {**made, "createdAt": f"2026-03-0{number}T00:00:00Z"}


def test_tags_stand_once_and_are_never_blank() -> None:
    tags = body(labels=("customer-request", "earshot", " ", "x" * 300))["fields"]["tags"]
    assert [tag["name"] for tag in tags][:2] == ["earshot", "customer-request"]
    assert len(tags) == 3
    assert len(tags[2]["name"]) <= 255


@pytest.mark.parametrize("email", ["", "nobody", "a b@c.example", "a@b.example, c@d.example", "<a@b.example>"])
def test_what_is_no_address_links_no_customer(email: str) -> None:
    assert "relationships" not in body(email=email)


def test_a_note_without_a_page_of_ours_names_none() -> None:
    assert body(url=None)["metadata"]["source"] == {"system": "earshot", "recordId": KEY}
    assert "url" not in body(url="javascript:x")["metadata"]["source"]


def test_each_quotation_is_a_part_of_its_own() -> None:
    said = Paragraph(spans=(Span(text="We say"),))
    blocks = (said, said, Quotation(text="They say"), Quotation(text="They too"), said)
    parts = body("conversationNote", body=Document(blocks=blocks))["fields"]["content"]
    assert [part["authorType"] for part in parts] == ["agent", "customer", "customer", "agent"]
    assert len({part["externalId"] for part in parts}) == 4
    assert parts[0]["content"].count("We say") == 2
    assert parts[0]["timestamp"] == "2026-03-10T11:00:00+00:00"


@pytest.mark.parametrize(
    ("status", "data", "result"),
    [
        (401, {"message": "Unauthorized"}, Result.AUTH_FAILED),
        (403, {"id": "r", "errors": [{"code": "auth.accessDenied"}]}, Result.AUTH_FAILED),
        (404, {}, Result.REJECTED),
        (408, None, Result.UNKNOWN),
        (422, {}, Result.REJECTED),
        (429, {}, Result.RETRY),
        (500, None, Result.UNKNOWN),
        (201, None, Result.UNKNOWN),
        (201, {}, Result.DELIVERED),
    ],
)
def test_every_status_has_its_meaning(status: int, data: object, result: Result) -> None:
    assert verdict(reply(status, data), makes=True).result is result


def test_reading_again_is_always_safe() -> None:
    assert verdict(reply(500), makes=False).result is Result.RETRY
    assert verdict(reply(408), makes=False).result is Result.RETRY
    assert verdict(Lost(arrived=True, reason="no answer"), makes=True).result is Result.UNKNOWN


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("Bad token; invalid JSON", "v1"),
        ("No credentials found for given 'iss'", "another workspace"),
        ("Unauthorized", "no token"),
        ("Ana", "refused"),
    ],
)
def test_a_refused_token_says_why(message: str, cause: str) -> None:
    outcome = verdict(reply(401, {"message": message}), makes=True)
    assert cause in outcome.reason
    assert "Ana" not in outcome.reason


async def test_what_is_optional_is_left_out_once() -> None:
    answers = says(wrong("/data/relationships/0/target", "/data/fields/tags/1"), json_answer(201, MADE))
    outcome = await tool(answers).deliver(order(Thing.FEEDBACK))
    assert outcome.result is Result.DELIVERED
    assert "customer" in outcome.note
    assert "tags" in outcome.note
    assert len(answers.requests) == 2
    assert "relationships" not in answers.bodies[1]["data"]
    assert answers.bodies[1]["data"]["fields"].keys() == {"name", "content"}


async def test_what_a_note_needs_is_not_left_out() -> None:
    answers = says(wrong("/data/fields/tags", "/data/fields/name"))
    outcome = await tool(answers).deliver(order(Thing.FEEDBACK))
    assert outcome.result is Result.REJECTED
    assert outcome.fields == ("fields/tags", "fields/name")
    assert "Ana" not in outcome.reason
    assert len(answers.requests) == 1


async def test_a_second_refusal_ends_it() -> None:
    answers = says(wrong("/data/fields/tags"))
    assert (await tool(answers).deliver(order(Thing.FEEDBACK))).result is Result.REJECTED
    assert len(answers.requests) == 2


async def test_of_several_notes_the_oldest_is_kept() -> None:
    found = await tool(says(listed(note(3), note(2), note(4)))).find(order(Thing.FEEDBACK))
    assert found.receipt is not None
    assert found.receipt.external_id == "n-2"
    assert "3 notes" in found.note


async def test_only_a_note_that_names_this_thing_is_ours() -> None:
    others = listed(note(1, record="other"), note(2, system="zapier"))
    assert (await tool(says(others)).find(order(Thing.FEEDBACK))).result is Result.REJECTED
    nameless = listed({**MADE["data"], "metadata": {}})
    assert (await tool(says(nameless)).find(order(Thing.FEEDBACK))).result is Result.UNKNOWN


@pytest.mark.parametrize("answer", [httpx2.Response(200, text="{"), json_answer(200, {}), httpx2.ReadError("cut")])
async def test_a_list_that_cannot_be_read_proves_nothing(answer: httpx2.Response | Exception) -> None:
    assert (await tool(says(answer)).find(order(Thing.FEEDBACK))).result is Result.RETRY


async def test_a_change_is_never_looked_up() -> None:
    answers = says(listed())
    assert (await tool(answers).find(order(Thing.FEEDBACK, op=Op.UPDATE))).result is Result.REJECTED
    assert answers.requests == []


def token_until(moment: datetime) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(moment.timestamp())}).encode()).decode().rstrip("=")
    return f"e30.{claims}.x"


def test_a_token_that_ends_soon_is_warned_of() -> None:
    assert "2026-03-20" in ending(token_until(datetime(2026, 3, 20, tzinfo=UTC)), now=NOW)[0]
    assert ending(token_until(datetime(2027, 3, 20, tzinfo=UTC)), now=NOW) == ()


@pytest.mark.parametrize("token", ["", "t", "a.b", "a.%%%.c", "a.e30.c", "a.bnVsbA.c"])
def test_a_token_that_tells_nothing_is_no_error(token: str) -> None:
    assert ending(token, now=NOW) == ()
