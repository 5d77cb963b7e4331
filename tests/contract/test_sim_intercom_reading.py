"""The simulated Intercom over a real socket: what it says, and who may ask."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from earshot.sim.intercom.server import running, serve
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.workspace import Json, SimWorkspace
from tests.contract.desk import (
    EVERYTHING,
    HEADERS,
    admin,
    desk,
    talk,
    twenty,
    workspace,
)


@pytest.fixture
def held(tmp_path: Path) -> SimWorkspace:
    return twenty(tmp_path)


async def test_me_names_the_workspace(held: SimWorkspace) -> None:
    async with desk(held) as it:
        me = await it.json("/me")
        assert (me["type"], me["app"]["id_code"], me["app"]["region"]) == ("admin", "simload", "US")


async def test_a_wrong_token_is_refused_without_rate_headers(held: SimWorkspace) -> None:
    async with desk(held) as it:
        answer = await it.http.get("/me", headers={"Authorization": "Bearer other"})
        assert answer.status_code == 401
        error = answer.json()
        assert (error["type"], error["errors"][0]["code"]) == ("error.list", "unauthorized")
        assert error["request_id"]
        assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


async def test_without_a_set_token_any_will_do_but_never_none(held: SimWorkspace) -> None:
    async with desk(held, SimSettings(token="")) as it:
        for given, status in (("Bearer x", 200), ("Bearer", 401), ("", 401), ("Basic x", 401)):
            assert (await it.http.get("/me", headers={"Authorization": given})).status_code == status


async def test_serving_says_when_it_is_ready_and_names_a_taken_port(held: SimWorkspace) -> None:
    async with running(IntercomSim(held)) as url:
        port = int(url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match=r"in use"):
            await serve(IntercomSim(held), port=port)
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(IntercomSim(held), port=0, ready=ready.set_result))
    async with httpx2.AsyncClient(base_url=await ready, headers=HEADERS) as http:
        assert (await http.get("/me")).status_code == 200
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


@pytest.mark.parametrize(("version", "status"), [("2.16", 200), ("Preview", 200), ("2.17", 400), ("x", 400)])
async def test_the_version_is_checked(held: SimWorkspace, version: str, status: int) -> None:
    async with desk(held) as it:
        answer = await it.http.get("/me", headers={"Intercom-Version": version})
        assert answer.status_code == status


async def test_the_rate_limit_counts_ten_second_windows(held: SimWorkspace) -> None:
    async with desk(held, SimSettings(rate_per_minute=18)) as it:
        left = [(await it.get("/me")).headers["x-ratelimit-remaining"] for _ in range(3)]
        assert left == ["2", "1", "0"]
        refused = await it.get("/me")
        assert refused.status_code == 429
        assert refused.headers["x-ratelimit-limit"] == "3"
        assert "retry-after" not in refused.headers
        it.clock.at = datetime.fromtimestamp(int(refused.headers["x-ratelimit-reset"]), UTC)
        assert (await it.get("/me")).status_code == 200


async def test_a_search_walk_finds_everything_once(held: SimWorkspace) -> None:
    async with desk(held) as it:
        ids = await it.walk(EVERYTHING, size=7)
        assert sorted(ids) == sorted(f"t-{number}" for number in range(20))
        page = (await it.search(EVERYTHING, size=7)).json()
        assert (page["total_count"], page["pages"]["total_pages"]) == (20, 3)
        assert [row["updated_at"] for row in page["conversations"]] == sorted(
            row["updated_at"] for row in page["conversations"]
        )
        assert "conversation_parts" not in page["conversations"][0]


async def test_the_list_is_cursor_paged_and_ignores_what_it_does_not_know(held: SimWorkspace) -> None:
    async with desk(held) as it:
        first = await it.json("/conversations", per_page=15, created_since=1, page=9)
        after = first["pages"]["next"]["starting_after"]
        second = await it.json("/conversations", per_page=15, starting_after=after)
        assert len({row["id"] for row in first["conversations"] + second["conversations"]}) == 20
        assert "next" not in second["pages"]
        assert (await it.get("/conversations", per_page=151)).status_code == 400


async def test_plain_text_comes_back_byte_for_byte_and_html_escaped(held: SimWorkspace) -> None:
    async with desk(held) as it:
        plain = await it.json("/conversations/t-3", display_as="plaintext")
        html = await it.json("/conversations/t-3")
        assert plain["source"]["body"] == "Question 3: a < b & c"
        assert html["source"]["body"] == "<p>Question 3: a &lt; b &amp; c</p>"
        assert [part["body"] for part in plain["conversation_parts"]["conversation_parts"]] == ["An answer"]
        assert "_plain" not in json.dumps([plain, html])


async def test_only_the_newest_parts_are_given(tmp_path: Path) -> None:
    held = workspace(tmp_path, talk(1, *[f"line {number}" for number in range(600)]))
    async with desk(held) as it:
        parts = (await it.json("/conversations/t-1"))["conversation_parts"]
        assert parts["total_count"] == 601
        assert len(parts["conversation_parts"]) == 500
        assert parts["conversation_parts"][-1]["body"] == "<p>line 599</p>"


@pytest.mark.parametrize("path", ["/conversations/none", "/contacts/none", "/companies/none", "/nowhere"])
async def test_what_is_not_there_is_404(held: SimWorkspace, path: str) -> None:
    async with desk(held) as it:
        answer = await it.get(path)
        assert answer.status_code == 404
        assert answer.json()["type"] == "error.list"


async def test_contacts_and_companies(held: SimWorkspace) -> None:
    async with desk(held) as it:
        person = await it.json("/contacts/u3")
        reference = person["companies"]["data"][0]
        assert set(reference) == {"type", "id", "url"}
        firm = await it.json(f"/companies/{reference['id']}")
        assert (firm["name"], firm["plan"]["name"], firm["monthly_spend"]) == ("Acme", "Pro", 99)
        assert (await it.json("/contacts/u3/companies"))["data"] == [firm]
        assert await it.json("/companies", company_id=firm["company_id"]) == firm


async def test_a_merged_contact_points_at_its_successor(held: SimWorkspace) -> None:
    async with desk(held) as it:
        for old, new in (("u1", "u2"), ("u2", "u3")):
            assert (await it.send("POST", f"/_sim/contacts/{old}/merge", {"into": new})).status_code == 200
        answer = await it.get("/contacts/u1")
        assert answer.status_code == 410
        assert answer.headers["link"] == '</contacts/u3>; rel="canonical"'
        assert answer.json()["errors"][0]["code"] == "contact_merged"
        assert (await it.get("/contacts/u1/companies")).status_code == 410
        assert (await it.send("POST", "/_sim/contacts/u9/merge", {"into": "nobody"})).status_code == 404


async def test_previous_conversations_are_a_count(held: SimWorkspace) -> None:
    async with desk(held) as it:
        page = (await it.search({"field": "contact_ids", "operator": "=", "value": "u4"}, size=1)).json()
        assert page["total_count"] == 1
        tickets = await it.send(
            "POST", "/tickets/search", {"query": {"field": "contact_ids", "operator": "=", "value": "u4"}}
        )
        assert tickets.json()["total_count"] == 0


async def test_linked_tickets_are_counted(tmp_path: Path) -> None:
    held = workspace(
        tmp_path,
        {
            "id": "9",
            "created_at": 1_767_000_000,
            "updated_at": 1_767_000_000,
            "contacts": {"contacts": [{"type": "contact", "id": "c1"}]},
            "linked_objects": {"data": [{"type": "ticket", "id": "77", "category": "Customer"}]},
        },
    )
    async with desk(held) as it:
        for contact, count in (("c1", 1), ("c2", 0)):
            query = {"field": "contact_ids", "operator": "=", "value": contact}
            answer = await it.send("POST", "/tickets/search", {"query": query})
            assert answer.json()["total_count"] == count


async def test_deletions_are_listed_by_page_with_urls(held: SimWorkspace) -> None:
    async with desk(held) as it:
        for number in range(5):
            it.clock.at += timedelta(seconds=1)
            assert (await it.send("DELETE", f"/_sim/conversations/t-{number}")).status_code == 200
        assert (await it.get("/conversations/t-2")).status_code == 404
        assert len(await it.walk(EVERYTHING)) == 15
        seen: list[str] = []
        page = await it.json("/conversations/deleted", per_page=2)
        seen += [row["id"] for row in page["conversations"]]
        while page["pages"]["next"]:
            page = (await it.http.get(page["pages"]["next"])).json()
            seen += [row["id"] for row in page["conversations"]]
        assert seen == ["t-4", "t-3", "t-2", "t-1", "t-0"]
        assert page["total_count"] == 5
        up = await it.json("/conversations/deleted", order="asc", per_page=1)
        assert up["conversations"][0]["id"] == "t-0"
        assert (await it.get("/conversations/deleted", per_page=61)).status_code == 400


@pytest.mark.parametrize(
    ("author", "kind", "part_type"),
    [
        ("customer", "user", "comment"),
        ("agent", "admin", "comment"),
        ("note", "admin", "note"),
        ("bot", "bot", "comment"),
    ],
)
async def test_somebody_writes(held: SimWorkspace, *, author: str, kind: str, part_type: str) -> None:
    async with desk(held) as it:
        before = await it.json("/conversations/t-5")
        changed = await it.send("POST", "/_sim/conversations/t-5/reply", {"author": author, "text": "more <now>"})
        assert changed.json()["parts"] == 2
        after = await it.json("/conversations/t-5", display_as="plaintext")
        part = after["conversation_parts"]["conversation_parts"][-1]
        assert (part["author"]["type"], part["part_type"], part["body"]) == (kind, part_type, "more <now>")
        assert after["updated_at"] > before["updated_at"]
        assert after["statistics"]["count_conversation_parts"] == 2
        found = await it.walk({"field": "updated_at", "operator": ">", "value": before["updated_at"]})
        assert found[-1] == "t-5"


async def test_a_customer_reopens(held: SimWorkspace) -> None:
    async with desk(held) as it:
        await it.send(
            "POST", "/conversations/t-5/parts", {"message_type": "close", "type": "admin", "admin_id": admin(it)}
        )
        assert (await it.json("/conversations/t-5"))["state"] == "closed"
        it.sim.reply("t-5", "customer", text="again")
        again = await it.json("/conversations/t-5")
        assert (again["state"], again["open"], again["waiting_since"]) == ("open", True, again["updated_at"])


async def test_a_touch_changes_nothing_but_the_time(held: SimWorkspace) -> None:
    async with desk(held) as it:
        before = await it.json("/conversations/t-5")
        await it.send("POST", "/_sim/conversations/t-5/touch")
        after = await it.json("/conversations/t-5")
        assert after.pop("updated_at") > before.pop("updated_at")
        assert after == before


async def test_a_redaction_removes_the_words(held: SimWorkspace) -> None:
    async with desk(held) as it:
        before = await it.json("/conversations/t-5")
        await it.send("POST", "/_sim/conversations/t-5/redact")
        part_id = before["conversation_parts"]["conversation_parts"][0]["id"]
        source = {"type": "source", "conversation_id": "t-5", "source_id": before["source"]["id"]}
        answer = await it.send("POST", "/conversations/redact", source)
        assert answer.status_code == 200
        after = await it.json("/conversations/t-5", display_as="plaintext")
        part = after["conversation_parts"]["conversation_parts"][0]
        assert (part["id"], part["body"], part["redacted"]) == (part_id, None, True)
        assert (after["source"]["body"], after["source"]["redacted"]) == ("", True)
        wrong = await it.send("POST", "/conversations/redact", {**source, "source_id": "404"})
        assert wrong.status_code == 404


async def test_admins_teams_stats_and_truth(held: SimWorkspace) -> None:
    async with desk(held) as it:
        assert (await it.json("/admins"))["admins"][0]["id"] == admin(it)
        assert (await it.json("/teams"))["teams"][0]["name"] == "Support"
        await it.get("/conversations/t-1")
        await it.get("/conversations/t-1")
        stats = await it.json("/_sim/stats")
        assert stats["retrieves"] == {"t-1": 2}
        assert stats["requests"] == {"GET /admins": 1, "GET /teams": 1, "GET /conversations/{id}": 2}
        assert stats["statuses"] == {"200": 4}
        await it.send("POST", "/_sim/stats/reset")
        assert (await it.json("/_sim/stats"))["total_requests"] == 0
        assert await it.json("/_sim/truth") == {"truths": [], "matters": []}


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("POST", "/_sim/conversations/t-1/reply", {"author": "ghost", "text": "x"}),
        ("POST", "/_sim/conversations/t-1/reply", {"author": "agent"}),
        ("POST", "/_sim/faults", {"kind": "gremlins"}),
        ("POST", "/_sim/faults", {"kind": "moving"}),
    ],
)
async def test_wrong_control_is_refused(held: SimWorkspace, *, verb: str, path: str, body: Json) -> None:
    async with desk(held) as it:
        assert (await it.send(verb, path, body)).status_code == 400


async def test_a_body_that_is_no_json_is_refused(held: SimWorkspace) -> None:
    async with desk(held) as it:
        for content in (b"{", b"[]", b""):
            answer = await it.http.post("/conversations/search", content=content)
            assert answer.status_code == 400
