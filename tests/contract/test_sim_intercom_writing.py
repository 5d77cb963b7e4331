"""The simulated Intercom over a real socket: writing back."""

from pathlib import Path

import pytest

from earshot.sim.workspace import SimWorkspace
from tests.contract.desk import admin, desk, twenty


@pytest.fixture
def held(tmp_path: Path) -> SimWorkspace:
    return twenty(tmp_path)


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
