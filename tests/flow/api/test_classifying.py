"""Classify a conversation now: from the source, or handed in; kept or only tried."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

from earshot.sim.intercom.simulator import IntercomSim
from tests.flow.api.conftest import Api, OpenApi

CHARGED: dict[str, Any] = {
    "id": "desk-7",
    "title": "Invoice",
    "created_at": "2026-03-02T09:00:00Z",
    "messages": [
        {
            "author": "customer",
            "text": "I was charged twice on my October invoice. Please refund it.",
            "created_at": 1772442000,
        },
    ],
    "customer": {"id": "c-9", "email": "pat@customer.example", "plan": "pro", "mrr": 900},
    "tags": ["vip"],
}
HOSTILE = '"><script>alert(1)</script>{{7*7}}${7*7}<img src=x onerror=alert(1)>\u202e=HYPERLINK("http://evil")'


def some_id(sim: IntercomSim) -> str:
    """The id of a conversation that a customer began."""
    talks = (sim.shelf.open_up(record) for record in sim.shelf)
    return next(str(talk["id"]) for talk in talks if talk["source"]["author"]["type"] == "user")


async def counted(api: Api, table: str) -> int:
    """Rows that an export gives."""
    return sum([len(rows) async for rows in api.earshot.export(table)])


async def test_a_conversation_of_the_source_is_fetched_read_and_judged(open_api: OpenApi) -> None:
    api = await open_api()
    wanted = some_id(api.sim)
    assert (await api.http.get(f"/api/v1/conversations/{wanted}")).status_code == 404
    found = await api.post(f"/conversations/{wanted}/classify")
    assert (found["conversation_id"], found["state"], found["stage"]) == (wanted, "done", "full")
    assert found["issue_type"] == found["insight"]["issue_type"]
    assert found["summary"] == found["insight"]["summary"]
    assert (await api.get(f"/conversations/{wanted}"))["id"] == wanted
    again = await api.post(f"/conversations/{wanted}/classify")
    assert again["insight"] == found["insight"]
    assert await api.get(f"/conversations/{wanted}/classification") == again


async def test_what_the_source_does_not_know_is_not_found(open_api: OpenApi) -> None:
    api = await open_api()
    problem = await api.post("/conversations/404404404/classify", status=404)
    assert problem["hint"] or problem["detail"]


async def test_a_conversation_that_is_handed_in_is_kept_like_an_import(open_api: OpenApi) -> None:
    api = await open_api()
    found = await api.post("/classify", CHARGED)
    assert (found["conversation_id"], found["state"], found["issue_type"]) == ("file:desk-7", "done", "BILLING")
    assert (found["plan"], found["tags"]) == ("pro", ["vip"])
    assert any("BILLING" in rule["because"] or rule["actions"] for rule in found["rules"])
    kept = await api.get("/conversations/file:desk-7")
    assert kept["messages"][0]["text"] == CHARGED["messages"][0]["text"]
    assert (await api.post("/classify", CHARGED))["insight"] == found["insight"]
    assert await counted(api, "conversations") == 1


async def test_an_id_with_a_slash_is_found_everywhere(open_api: OpenApi) -> None:
    api = await open_api()
    found = await api.post("/classify", {**CHARGED, "id": "desk/7 ?#"})
    assert found["conversation_id"] == "file:desk/7 ?#"
    one = quote(found["conversation_id"], safe="")
    assert (await api.get(f"/conversations/{one}"))["id"] == found["conversation_id"]
    assert (await api.get(f"/conversations/{one}/classification"))["insight"] == found["insight"]
    assert (await api.get(f"/insights/{one}"))["issue_type"] == "BILLING"
    again = await api.post(f"/conversations/{one}/classify")
    assert again["conversation_id"] == found["conversation_id"]


async def test_a_trial_keeps_nothing(open_api: OpenApi) -> None:
    api = await open_api()
    tried = await api.post("/classify", CHARGED, store="false")
    assert (tried["conversation_id"], tried["issue_type"]) == ("file:desk-7", "BILLING")
    assert tried["insight"]["conversation_id"] == "file:desk-7"
    assert [await counted(api, kind) for kind in ("conversations", "insights", "actions")] == [0, 0, 0]
    kept = await api.post("/classify", CHARGED)
    stripped = {"classified_at", "conversation_id"}
    assert {k: v for k, v in kept["insight"].items() if k not in stripped} == {
        k: v for k, v in tried["insight"].items() if k not in stripped
    }
    assert [rule["name"] for rule in kept["rules"]] == [rule["name"] for rule in tried["rules"]]


async def test_filters_leave_out_and_say_why(open_api: OpenApi) -> None:
    api = await open_api(pull={"filters": {"only_plans": ["enterprise"]}})
    found = await api.post("/classify", CHARGED)
    assert (found["state"], found["reason"], found["issue_type"]) == ("left_out", "another plan", None)


async def test_whoever_will_not_wait_gets_an_address_to_look_at(open_api: OpenApi) -> None:
    api = await open_api()
    wanted = some_id(api.sim)
    answer = await api.http.post(f"/api/v1/conversations/{wanted}/classify", params={"wait": 0})
    assert answer.status_code == 202
    assert answer.json()["state"] == "working"
    where = answer.headers["location"]
    assert where == f"/api/v1/conversations/{wanted}/classification"
    found: dict[str, Any] = {"state": "working"}
    async with asyncio.timeout(30):
        while found["state"] != "done":
            answer = await api.http.get(where)
            found = answer.json() if answer.status_code == 200 else found
    assert found["stage"] == "full"


async def test_many_who_ask_for_the_same_get_one_answer(open_api: OpenApi) -> None:
    api = await open_api()
    wanted = some_id(api.sim)
    found = await asyncio.gather(*(api.post(f"/conversations/{wanted}/classify") for _ in range(8)))
    assert len({json.dumps(one["insight"]) for one in found}) == 1


async def test_hostile_words_in_every_field_stay_data(open_api: OpenApi) -> None:
    api = await open_api()
    given = {
        "id": HOSTILE[:60].replace("/", ""),
        "title": HOSTILE,
        "url": "javascript:alert(1)",
        "tags": [HOSTILE],
        "messages": [{"author": "customer", "text": f"{HOSTILE} The export is broken.", "author_name": HOSTILE}],
        "customer": {"name": HOSTILE, "email": HOSTILE, "company": HOSTILE, "plan": HOSTILE},
    }
    answer = await api.http.post("/api/v1/classify", json=given)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = answer.json()
    assert found["url"] is None
    assert found["tags"] == [HOSTILE]
    (listed,) = (await api.get("/insights", text="export is broken"))["items"]
    assert listed["conversation_id"] == found["conversation_id"]


async def test_erased_people_do_not_come_back(open_api: OpenApi) -> None:
    api = await open_api()
    await api.post("/classify", CHARGED)
    await api.earshot.erase(conversation="file:desk-7")
    problem = await api.post("/classify", CHARGED, status=409)
    assert "erased" in problem["detail"]
    assert await counted(api, "conversations") == 0
