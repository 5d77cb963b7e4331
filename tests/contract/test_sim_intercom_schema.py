"""The simulator's answers and our requests against Intercom's own OpenAPI description, where it is present."""

import json
from collections.abc import AsyncGenerator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from earshot.connectors.intercom.listing import Slice, search_query, window_of
from earshot.sim.intercom.load import load
from earshot.sim.intercom.settings import Fault, FaultSettings, SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.workspace import Json

SPEC = Path(__file__).parents[2].parent / "shared/specs/intercom/intercom-openapi-2.16.yaml"
NOW = datetime(2026, 3, 10, tzinfo=UTC)
HEADERS = {"Authorization": "Bearer sim-token", "Intercom-Version": "2.16"}
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SPEC.exists(), reason=f"the official description is not at {SPEC}"),
]


def patched(node: Any) -> Any:
    """The description with its known flaw mended: `nullable` beside a `$ref` says nothing in OpenAPI 3.0."""
    if isinstance(node, list):
        return [patched(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    held = {key: patched(value) for key, value in cast("Json", node).items()}
    if "$ref" in held and held.get("nullable"):
        return {"anyOf": [{"$ref": held["$ref"]}, {"enum": [None]}]}
    return held


@pytest.fixture(scope="session")
def components() -> Json:
    """The component schemas, with flaws mended that every real response shares (intercom.md, section 1)."""
    schemas: Json = patched(yaml.load(SPEC.read_text(encoding="utf-8"), yaml.CSafeLoader)["components"])["schemas"]
    # Statistics of what has not happened yet are null in reality; the schema calls every one an integer.
    for statistic in schemas["conversation_statistics"]["properties"].values():
        statistic["nullable"] = True
    # Booleans and decimals are attribute types, and stand in the schema's own example.
    schemas["custom_attributes"]["additionalProperties"]["anyOf"] += [{"type": "boolean"}, {"type": "number"}]
    # The links of a contact's lists are relative in the description's own examples, so not checked as URIs.
    # A company without a plan has `plan: {}`, which the schema allows, and e-mail formats are not checked.
    return schemas


class Judge:
    """Validates values against component schemas."""

    def __init__(self, schemas: Json) -> None:
        self._schemas = schemas

    def mistakes(self, name: str, value: Any) -> list[str]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": self._schemas}}
        found = OAS30Validator(schema).iter_errors(value)
        return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in found]


@pytest.fixture(scope="session")
def judge(components: Json) -> Judge:
    return Judge(components)


def row(number: int) -> Json:
    said = [
        ("customer", "It <broke> & I am sad"),
        ("agent", "Sorry"),
        ("bot", "Was this helpful?"),
        ("customer", ""),
    ]
    return {
        "id": str(1000 + number),
        "title": f"Matter {number}" if number % 2 else "",
        "messages": [{"author": author, "text": text} for author, text in said[number % 3 :]],
        "customer": {"id": f"u{number}", "name": "Ada", "email": "ada@x.example", "company": "Acme", "mrr": number},
    }


@pytest.fixture
def sim(tmp_path: Path) -> IntercomSim:
    file = tmp_path / "talks.jsonl"
    file.write_text("".join(json.dumps(row(number)) + "\n" for number in range(30)), encoding="utf-8")
    return IntercomSim(load(file, end=NOW))


@pytest.fixture
async def http(sim: IntercomSim) -> AsyncGenerator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(sim.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sim", headers=HEADERS) as client:
        yield client


EVERYTHING = {"query": {"field": "updated_at", "operator": ">", "value": 0}, "pagination": {"per_page": 7}}


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/me", "admin_with_app"),
        ("/admins", "admin_list"),
        ("/teams", "team_list"),
        ("/tags", "tag_list"),
        ("/conversations?per_page=4", "conversation_list"),
        ("/conversations/1003", "conversation"),
        ("/conversations/1003?display_as=plaintext", "conversation"),
        ("/conversations/1004", "conversation"),
        ("/conversations/deleted?per_page=1", "deleted_conversation_list"),
        ("/conversations/attributes", "conversation_attribute_list"),
        ("/contacts/u3", "contact"),
        ("/contacts/u3/companies", "contact_attached_companies"),
        ("/conversations/404", "error"),
        ("/contacts/u1", "error"),
    ],
)
async def test_readings_fit(
    sim: IntercomSim, http: httpx2.AsyncClient, judge: Judge, *, path: str, schema: str
) -> None:
    sim.delete("1000")
    sim.delete("1001")
    sim.merge_contact("u1", "u2")
    assert judge.mistakes(schema, (await http.get(path)).json()) == []


async def test_companies_fit(sim: IntercomSim, http: httpx2.AsyncClient, judge: Judge) -> None:
    for firm in sim.companies:
        assert judge.mistakes("company", (await http.get(f"/companies/{firm}")).json()) == []


async def test_searches_fit(http: httpx2.AsyncClient, judge: Judge) -> None:
    first = (await http.post("/conversations/search", json=EVERYTHING)).json()
    assert judge.mistakes("conversation_list", first) == []
    assert judge.mistakes("cursor_pages", first["pages"]) == []
    tickets = {"query": {"field": "contact_ids", "operator": "=", "value": "u1"}}
    assert judge.mistakes("ticket_list", (await http.post("/tickets/search", json=tickets)).json()) == []


@pytest.mark.parametrize("author", ["customer", "agent", "note", "bot"])
async def test_changed_conversations_fit(
    sim: IntercomSim, http: httpx2.AsyncClient, judge: Judge, *, author: str
) -> None:
    sim.reply("1003", author, text="more")
    sim.redact("1003")
    assert judge.mistakes("conversation", (await http.get("/conversations/1003")).json()) == []


WRITES: list[tuple[str, str, str, Json, str]] = [
    (
        "POST",
        "/conversations/1003/reply",
        "reply_conversation_request",
        {"message_type": "note", "type": "admin", "admin_id": "991267500", "body": "<p>x</p>"},
        "conversation",
    ),
    (
        "POST",
        "/conversations/1003/parts",
        "assign_conversation_request",
        {"message_type": "assignment", "type": "team", "admin_id": "991267500", "assignee_id": "5017691"},
        "conversation",
    ),
    (
        "POST",
        "/conversations/1003/parts",
        "close_conversation_request",
        {"message_type": "close", "type": "admin", "admin_id": "991267500"},
        "conversation",
    ),
    (
        "POST",
        "/conversations/1003/parts",
        "snooze_conversation_request",
        {"message_type": "snoozed", "admin_id": "991267500", "snoozed_until": 1_800_000_000},
        "conversation",
    ),
    (
        "PUT",
        "/conversations/1003",
        "update_conversation_request",
        {"title": "T", "read": True, "custom_attributes": {"a": "b"}},
        "conversation",
    ),
    ("POST", "/tags", "create_or_update_tag_request", {"name": "Earshot"}, "tag_basic"),
    (
        "POST",
        "/conversations/attributes",
        "create_conversation_attribute_request",
        {"name": "Kind", "data_type": "list", "options": [{"label": "Billing"}]},
        "conversation_attribute",
    ),
    ("DELETE", "/conversations/1003", "", {}, "conversation_deleted"),
]


@pytest.mark.parametrize(("verb", "path", "asks", "body", "schema"), WRITES)
async def test_writes_fit(
    http: httpx2.AsyncClient, judge: Judge, *, verb: str, path: str, asks: str, body: Json, schema: str
) -> None:
    if asks:
        assert judge.mistakes(asks, body) == []
    answer = await http.request(verb, path, json=body)
    assert answer.status_code == 200
    assert judge.mistakes(schema, answer.json()) == []


async def test_tagging_fits(sim: IntercomSim, http: httpx2.AsyncClient, judge: Judge) -> None:
    sim.tags["7"] = {"type": "tag", "id": "7", "name": "vip"}
    body = {"id": "7", "admin_id": "991267500"}
    for verb, path in (("POST", "/conversations/1003/tags"), ("DELETE", "/conversations/1003/tags/7")):
        answer = await http.request(verb, path, json=body)
        assert judge.mistakes("tag", answer.json()) == []


async def test_refusals_fit(sim: IntercomSim, http: httpx2.AsyncClient, judge: Judge) -> None:
    answers = [
        await http.get("/me", headers={"Authorization": "Bearer wrong"}),
        await http.post("/conversations/search", json={}),
        await http.get("/conversations", params={"per_page": 500}),
    ]
    sim.script_fault(Fault.TOO_MANY)
    answers.append(await http.get("/me"))
    assert [answer.status_code for answer in answers] == [401, 400, 400, 429]
    for answer in answers:
        assert judge.mistakes("error", answer.json()) == []


SEARCHES = [
    search_query(window_of(NOW - timedelta(days=30), None), per_page=150),
    search_query(window_of(NOW - timedelta(days=30), NOW), per_page=1, cursor="WzFd"),
    search_query(Slice(1_700_000_000, 1_700_000_000, (1_690_000_000, 1_700_000_000)), per_page=20),
]


@pytest.mark.parametrize("body", SEARCHES)
async def test_our_search_bodies_fit_and_are_understood(
    sim: IntercomSim, http: httpx2.AsyncClient, judge: Judge, *, body: Json
) -> None:
    assert judge.mistakes("search_request", body) == []
    asked = deepcopy(body)
    asked["pagination"].pop("starting_after", None)
    answer = await http.post("/conversations/search", json=asked)
    assert answer.status_code == 200
    assert sim.requests["POST /conversations/search"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": {"field": "updated_at", "operator": "LIKE", "value": 1}},
        {"query": {"operator": "XOR", "value": [{"field": "state", "operator": "=", "value": "open"}]}},
    ],
)
async def test_what_the_description_refuses_the_simulator_refuses(
    http: httpx2.AsyncClient, judge: Judge, *, body: Json
) -> None:
    assert judge.mistakes("search_request", body)
    assert (await http.post("/conversations/search", json=body)).status_code == 400


async def test_failing_and_broken_answers_still_fit(tmp_path: Path, judge: Judge) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps(row(1)) + "\n", encoding="utf-8")
    faults = FaultSettings(kinds=frozenset({Fault.FAILING, Fault.SEARCH_404}))
    broken = IntercomSim(load(file, end=NOW), settings=SimSettings(faults=faults))
    transport = httpx2.ASGITransport(broken.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sim", headers=HEADERS) as client:
        failed = await client.get("/conversations/1001")
        lost = await client.post("/conversations/search", json=EVERYTHING)
    assert (failed.status_code, lost.status_code) == (500, 404)
    assert judge.mistakes("error", failed.json()) == judge.mistakes("error", lost.json()) == []
