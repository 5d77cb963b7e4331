"""The simulated Intercom over a real socket: what the reference says the real one does."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from earshot.sim.intercom.load import load
from earshot.sim.intercom.server import running
from earshot.sim.intercom.settings import Fault, FaultSettings, SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.workspace import Json, SimWorkspace

HEADERS = {"Authorization": "Bearer sim-token", "Intercom-Version": "2.16"}
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


class StillClock:
    """Time that moves only when somebody sleeps or a test moves it."""

    def __init__(self) -> None:
        self.at = NOW
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


def talk(number: int, *extra: str) -> Json:
    said = [
        ("customer", f"Question {number}: a < b & c"),
        ("agent", "An answer"),
        *[("customer", one) for one in extra],
    ]
    return {
        "id": f"t-{number}",
        "messages": [{"author": author, "text": text} for author, text in said],
        "customer": {"id": f"u{number}", "name": f"Name {number}", "company": "Acme", "plan": "Pro", "mrr": 99},
    }


def workspace(folder: Path, *rows: Json) -> SimWorkspace:
    file = folder / "talks.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load(file, end=NOW)


class Desk:
    """A running simulator and a client of it."""

    def __init__(self, sim: IntercomSim, http: httpx.AsyncClient, clock: StillClock) -> None:
        self.sim = sim
        self.http = http
        self.clock = clock

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(path, params=params)

    async def json(self, path: str, **params: Any) -> Any:
        answer = await self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def search(self, query: Any, *, after: str | None = None, size: int = 150) -> httpx.Response:
        paging = {"per_page": size, **({"starting_after": after} if after else {})}
        sort = {"field": "updated_at", "order": "ascending"}
        return await self.http.post(
            "/conversations/search", json={"query": query, "sort": sort, "pagination": paging}
        )

    async def walk(self, query: Any, *, size: int = 150) -> list[str]:
        ids: list[str] = []
        after: str | None = None
        while True:
            page = (await self.search(query, after=after, size=size)).json()
            ids += [row["id"] for row in page["conversations"]]
            following = page["pages"].get("next")
            if not following:
                return ids
            after = following["starting_after"]

    async def send(self, verb: str, path: str, body: Json | None = None) -> httpx.Response:
        return await self.http.request(verb, path, json=body)


@asynccontextmanager
async def desk(held: SimWorkspace, settings: SimSettings | None = None) -> AsyncGenerator[Desk]:
    clock = StillClock()
    sim = IntercomSim(held, settings=settings, clock=clock)
    async with running(sim) as url, httpx.AsyncClient(base_url=url, headers=HEADERS) as http:
        yield Desk(sim, http, clock)


def faulty(*kinds: Fault, **more: Any) -> SimSettings:
    return SimSettings(faults=FaultSettings(kinds=frozenset(kinds), **more))


EVERYTHING = {"field": "updated_at", "operator": ">", "value": 0}


@pytest.fixture
def held(tmp_path: Path) -> SimWorkspace:
    return workspace(tmp_path, *[talk(number) for number in range(20)])


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
            url = page["pages"]["next"]
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
        it.sim.reply("t-5", "customer", "again")
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


def admin(it: Desk) -> str:
    return next(iter(it.sim.admins))


async def test_a_note_is_written_and_attributed(held: SimWorkspace) -> None:
    async with desk(held) as it:
        note = {"message_type": "note", "type": "admin", "admin_id": admin(it), "body": "<p>Seen</p>"}
        answer = await it.send("POST", "/conversations/t-1/reply", note)
        part = answer.json()["conversation_parts"]["conversation_parts"][-1]
        assert (part["part_type"], part["body"], part["app_package_code"]) == (
            "note",
            "<p>Seen</p>",
            "earshot-sim-app",
        )
        nobody = await it.send("POST", "/conversations/t-1/reply", {**note, "admin_id": "1"})
        assert (nobody.status_code, nobody.json()["errors"][0]["code"]) == (404, "admin_not_found")
        assert (
            await it.send("POST", "/conversations/t-1/reply", {**note, "message_type": "shout"})
        ).status_code == 400
        said = {"message_type": "comment", "type": "user", "intercom_user_id": "u1", "body": "x & y"}
        part = (await it.send("POST", "/conversations/t-1/reply", said)).json()["conversation_parts"][
            "conversation_parts"
        ][-1]
        assert (part["author"]["type"], part["body"]) == ("user", "<p>x &amp; y</p>")
        unknown = await it.send("POST", "/conversations/t-1/reply", {**said, "intercom_user_id": "none"})
        assert unknown.status_code == 404


async def test_tags_want_an_id_and_an_admin(held: SimWorkspace) -> None:
    async with desk(held) as it:
        created = (await it.send("POST", "/tags", {"name": "Earshot: bug"})).json()
        assert (await it.send("POST", "/tags", {"name": "EARSHOT: BUG"})).json() == created
        assert (await it.json("/tags"))["data"] == [created]
        put = await it.send("POST", "/conversations/t-1/tags", {"id": created["id"], "admin_id": admin(it)})
        assert put.json()["applied_by"]["id"] == admin(it)
        assert await it.walk({"field": "tag_ids", "operator": "=", "value": created["id"]}) == ["t-1"]
        by_name = await it.send("POST", "/conversations/t-1/tags", {"id": created["name"], "admin_id": admin(it)})
        assert by_name.status_code == 404
        path = f"/conversations/t-1/tags/{created['id']}"
        assert (await it.send("DELETE", path, {})).status_code == 404
        assert (await it.send("DELETE", path, {"admin_id": admin(it)})).status_code == 200
        assert (await it.json("/conversations/t-1"))["tags"]["tags"] == []
        assert (await it.send("DELETE", path, {"admin_id": admin(it)})).json()["errors"][0][
            "code"
        ] == "tag_not_found"
        assert (await it.send("POST", "/tags", {})).status_code == 400


async def test_assign_close_snooze_open(held: SimWorkspace) -> None:
    async with desk(held) as it:
        base = {"type": "admin", "admin_id": admin(it)}
        path = "/conversations/t-1/parts"
        to_team = {**base, "message_type": "assignment", "type": "team", "assignee_id": "5017691"}
        assert (await it.send("POST", path, to_team)).json()["team_assignee_id"] == 5017691
        assert await it.walk({"field": "team_assignee_id", "operator": "=", "value": 5017691}) == ["t-1"]
        away = await it.send("POST", path, {**to_team, "assignee_id": "0"})
        assert away.json()["team_assignee_id"] == 0
        last = away.json()["conversation_parts"]["conversation_parts"][-1]
        assert last["assigned_to"] == {"type": "nobody_admin", "id": None}
        assert (await it.send("POST", path, {**to_team, "assignee_id": "12"})).status_code == 404
        snoozed = await it.send("POST", path, {**base, "message_type": "snoozed", "snoozed_until": 1_800_000_000})
        assert (snoozed.json()["state"], snoozed.json()["snoozed_until"]) == ("snoozed", 1_800_000_000)
        assert (await it.send("POST", path, {**base, "message_type": "snoozed"})).status_code == 400
        opened = await it.send("POST", path, {**base, "message_type": "open"})
        assert (opened.json()["state"], opened.json()["snoozed_until"]) == ("open", None)
        assert (await it.send("POST", path, {**base, "message_type": "dance"})).status_code == 400


async def test_attributes_are_defined_written_and_ambiguous(held: SimWorkspace) -> None:
    async with desk(held) as it:
        define = {"name": "Kind", "data_type": "list", "options": [{"label": "Billing"}]}
        made = (await it.send("POST", "/conversations/attributes", define)).json()
        assert made["options"][0]["label"] == "Billing"
        put = await it.send(
            "PUT", "/conversations/t-1", {"title": "New", "read": True, "custom_attributes": {"Kind": "Billing"}}
        )
        changed = put.json()
        assert (changed["title"], changed["read"], changed["custom_attributes"]) == (
            "New",
            True,
            {"Kind": "Billing"},
        )
        assert (
            changed["conversation_parts"]["conversation_parts"][-1]["part_type"]
            == "conversation_attribute_updated_by_admin"
        )
        await it.send("POST", "/conversations/attributes", {**define, "data_type": "string"})
        again = await it.send("PUT", "/conversations/t-1", {"custom_attributes": {"Kind": "Billing"}})
        assert again.json()["errors"][0]["code"] == "INVALID_PARAMETER"
        assert len((await it.json("/conversations/attributes"))["data"]) == 2
        wrong = await it.send("POST", "/conversations/attributes", {**define, "data_type": "colour"})
        assert wrong.status_code == 422
        assert (await it.get("/data_attributes", model="conversation")).status_code == 422
        assert (await it.json("/data_attributes", model="contact"))["data"] == []
        firm = next(iter(it.sim.companies))
        assert (await it.send("PUT", "/conversations/t-1", {"company_id": firm})).json()["company"]["id"] == firm
        assert (await it.send("PUT", "/conversations/t-1", {"company_id": "none"})).status_code == 404


async def test_deleting_over_the_api(held: SimWorkspace) -> None:
    async with desk(held) as it:
        answer = await it.send("DELETE", "/conversations/t-7?retain_metrics=false")
        assert answer.json() == {"id": "t-7", "object": "conversation", "deleted": True}
        assert (await it.json("/conversations/deleted"))["conversations"][0]["metrics_retained"] is False
        assert (await it.send("DELETE", "/conversations/t-7")).status_code == 404


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


async def scripted(it: Desk, kind: Fault, *, path: str = "/", times: int = 1) -> None:
    body = {"kind": str(kind), "path": path, "times": times}
    assert (await it.send("POST", "/_sim/faults", body)).status_code == 200


async def test_fault_429_names_its_reset(held: SimWorkspace) -> None:
    async with desk(held) as it:
        await scripted(it, Fault.TOO_MANY)
        refused = await it.get("/me")
        assert refused.status_code == 429
        assert int(refused.headers["x-ratelimit-reset"]) > it.clock.at.timestamp()
        assert (await it.get("/me")).status_code == 200


async def test_fault_5xx_passes(held: SimWorkspace) -> None:
    async with desk(held) as it:
        await scripted(it, Fault.SERVER_ERROR, times=2)
        assert [(await it.get("/me")).status_code >= 500 for _ in range(3)] == [True, True, False]


async def test_fault_reset_cuts_the_connection_after_the_effect(held: SimWorkspace) -> None:
    async with desk(held) as it:
        await scripted(it, Fault.RESET)
        note = {"message_type": "note", "type": "admin", "admin_id": admin(it), "body": "<p>x</p>"}
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await it.send("POST", "/conversations/t-1/reply", note)
        parts = (await it.json("/conversations/t-1"))["conversation_parts"]["conversation_parts"]
        assert [part["part_type"] for part in parts] == ["comment", "note"]


async def test_fault_truncated_and_empty_are_200(held: SimWorkspace) -> None:
    async with desk(held) as it:
        await scripted(it, Fault.TRUNCATED)
        cut = await it.get("/me")
        assert cut.status_code == 200
        with pytest.raises(ValueError, match=r"."):
            cut.json()
        await scripted(it, Fault.EMPTY)
        empty = await it.get("/me")
        assert (empty.status_code, empty.content) == (200, b"")


async def test_fault_slow_waits(held: SimWorkspace) -> None:
    async with desk(held, faulty(slow_seconds=7)) as it:
        await scripted(it, Fault.SLOW)
        assert (await it.get("/me")).status_code == 200
        assert it.clock.slept == [7.0]


async def test_fault_repeated_cursor(held: SimWorkspace) -> None:
    async with desk(held) as it:
        first = (await it.search(EVERYTHING, size=5)).json()["pages"]["next"]["starting_after"]
        await scripted(it, Fault.REPEATED_CURSOR, path="/conversations/search")
        stuck = (await it.search(EVERYTHING, size=5, after=first)).json()
        assert stuck["pages"]["next"]["starting_after"] == first
        on = (await it.search(EVERYTHING, size=5, after=first)).json()
        assert on["pages"]["next"]["starting_after"] != first
        assert on["conversations"] == stuck["conversations"]


async def test_fault_moving_ends_and_nobody_is_lost(held: SimWorkspace) -> None:
    async with desk(held, faulty(Fault.MOVING, moves=10, moves_per_page=2)) as it:
        ids = await it.walk(EVERYTHING, size=3)
        assert len(ids) > 20
        assert set(ids) == {f"t-{number}" for number in range(20)}
        assert it.sim.stats()["faults"] == {"moving": 10}


async def test_fault_same_second(held: SimWorkspace) -> None:
    async with desk(held, faulty(Fault.SAME_SECOND, same_second=12)) as it:
        rows = (await it.search(EVERYTHING)).json()["conversations"]
        times = [row["updated_at"] for row in rows]
        assert max(times.count(at) for at in times) == 12
        assert len(set(await it.walk(EVERYTHING, size=5))) == 20


async def test_fault_search_404_strikes_only_pages_with_the_poisoned_row(held: SimWorkspace) -> None:
    async with desk(held, faulty(Fault.SEARCH_404, poisoned=("t-4",))) as it:
        assert (await it.search(EVERYTHING)).status_code == 404
        at = (await it.json("/conversations/t-4"))["updated_at"]
        before = await it.search({"field": "updated_at", "operator": "<", "value": at})
        after = await it.search({"field": "updated_at", "operator": ">", "value": at})
        assert before.json()["total_count"] + after.json()["total_count"] == 19
        assert (await it.search({"field": "updated_at", "operator": "=", "value": at})).status_code == 404


async def test_fault_failing_never_passes(held: SimWorkspace) -> None:
    async with desk(held, faulty(Fault.FAILING)) as it:
        failing = (await it.json("/_sim/stats"))["failing"]
        assert len(failing) == 2
        for _ in range(5):
            assert (await it.get(f"/conversations/{failing[0]}")).status_code == 500
        assert it.sim.stats()["retrieves"] == {failing[0]: 5}


async def test_with_passing_faults_on_every_request_passes_in_the_end(held: SimWorkspace) -> None:
    passing = [kind for kind in Fault if kind not in (Fault.SEARCH_404, Fault.FAILING)]
    async with desk(held, faulty(*passing, rate=0.15, seed=6)) as it:
        for number in range(20):
            for _ in range(12):
                try:
                    answer = await it.get(f"/conversations/t-{number}")
                    if answer.json().get("id") == f"t-{number}":
                        break
                except (httpx.TransportError, ValueError):
                    pass
                it.clock.at += timedelta(seconds=2)
            else:
                pytest.fail(f"t-{number} never came")
        struck = it.sim.stats()["faults"]
        assert {"429", "5xx", "reset", "truncated", "empty", "slow", "same-second"} <= set(struck)


async def test_without_a_socket_a_reset_is_an_error(held: SimWorkspace) -> None:
    sim = IntercomSim(held)
    sim.script_fault(Fault.RESET)
    transport = httpx.ASGITransport(sim.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sim", headers=HEADERS) as http:
        with pytest.raises(ConnectionResetError):
            await http.get("/me")
        assert (await http.get("/me")).status_code == 200
