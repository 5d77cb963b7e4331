"""What is written back to Intercom, and what cannot be."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.intercom.tool import IntercomTool
from earshot.connectors.intercom.write_settings import IntercomWriteSettings
from earshot.connectors.intercom.writing import typed
from earshot.domain.delivery import Op, Order, Result, Thing
from earshot.errors import Misconfigured
from earshot.sim.intercom.settings import Fault, SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.workspace import Json
from tests.contract.desk import talk, workspace
from tests.contract.tools.case import NOW, order
from tests.still import StillClock
from tests.unit.connectors.answering import json_answer, says

OWNER = "991267500"
NOTE = order(Thing.NOTE, conversation="t-1")


class Writing:
    """A tool and its workspace."""

    def __init__(self, sim: IntercomSim, tool: IntercomTool) -> None:
        self.sim = sim
        self.tool = tool

    def talk(self) -> Json:
        return self.sim.shelf.open_up(self.sim.record("t-1"))

    def parts(self) -> list[Json]:
        parts: list[Json] = self.talk()["conversation_parts"]["conversation_parts"]
        return parts


def made(sim: IntercomSim, **write: Any) -> IntercomTool:
    settings = IntercomSettings(
        base_url="http://127.0.0.1", write=IntercomWriteSettings.model_validate({"enabled": True, **write})
    )
    return IntercomTool(
        settings,
        {"INTERCOM_ACCESS_TOKEN": "sim-token"},
        clock=StillClock(NOW),
        transport=httpx2.ASGITransport(sim.app),
    )


@pytest.fixture
async def it(tmp_path: Path) -> AsyncGenerator[Writing]:
    sim = IntercomSim(workspace(tmp_path, talk(1), talk(2)), clock=StillClock(NOW))
    tool = made(sim)
    yield Writing(sim, tool)
    await tool.close()


def tag(name: str) -> Order:
    return order(Thing.TAG, conversation="t-1", parameters={"tag": name})


def attribute(name: str, value: str) -> Order:
    return order(Thing.ATTRIBUTE, conversation="t-1", parameters={"attribute": name, "value": value})


async def test_a_note_is_internal_marked_and_signed_by_the_tokens_owner(it: Writing) -> None:
    outcome = await it.tool.deliver(NOTE)
    part = it.parts()[-1]
    assert outcome.result is Result.DELIVERED
    assert outcome.receipt is not None
    assert outcome.receipt.external_id == part["id"]
    assert (part["part_type"], part["author"]["id"]) == ("note", OWNER)
    assert "earshot:0123456789abcdef" in part["body"]
    assert "<strong>Export stops at 10,000 rows</strong>" in part["body"]


async def test_a_note_that_may_be_there_is_looked_up_and_found_once(it: Writing) -> None:
    assert (await it.tool.find(NOTE)).result is Result.REJECTED
    await it.tool.deliver(NOTE)
    found = await it.tool.find(NOTE)
    assert found.result is Result.DELIVERED
    assert found.receipt is not None
    assert found.receipt.external_id == it.parts()[-1]["id"]
    other = NOTE.model_copy(update={"object_key": "f" * 32})
    assert (await it.tool.find(other)).result is Result.REJECTED


async def test_no_order_makes_a_message_to_the_customer(it: Writing) -> None:
    for thing in Thing:
        for op in Op:
            wanted = order(thing, op=op, conversation="t-1", parameters={"tag": "x", "team": "Support"})
            await it.tool.deliver(wanted.model_copy(update={"receipt": None}))
    kinds = {part["part_type"] for part in it.parts() if part["app_package_code"] or part["author"]["id"] == OWNER}
    assert "comment" not in {part["part_type"] for part in it.parts() if part["app_package_code"]}
    assert {"note", "assignment", "conversation_tags_updated"} <= kinds


async def test_a_tag_is_made_once_and_put_on_once(it: Writing) -> None:
    for _ in range(2):
        assert (await it.tool.deliver(tag("Processed"))).result is Result.DELIVERED
    assert (await it.tool.deliver(tag("processed"))).result is Result.DELIVERED
    assert [one["name"] for one in it.talk()["tags"]["tags"]] == ["Processed"]
    assert len(it.sim.tags) == 1
    assert it.sim.requests["POST /tags"] == 1


async def test_unknown_tags_are_refused_where_none_may_be_made(it: Writing) -> None:
    tool = made(it.sim, create_tags=False)
    outcome = await tool.deliver(tag("vip"))
    assert (outcome.result, outcome.fields) == (Result.REJECTED, ("tag",))
    it.sim.tags["7"] = {"type": "tag", "id": "7", "name": "VIP"}
    assert (await tool.deliver(tag("vip"))).result is Result.DELIVERED
    await tool.close()


@pytest.mark.parametrize(
    ("parameters", "field", "expected"),
    [
        ({"team": "support"}, "team_assignee_id", 5017691),
        ({"team": "5017691"}, "team_assignee_id", 5017691),
        ({"admin": OWNER}, "admin_assignee_id", int(OWNER)),
    ],
)
async def test_it_is_assigned_by_name_or_id(
    it: Writing, parameters: dict[str, str], field: str, expected: int
) -> None:
    wanted = order(Thing.ASSIGNMENT, conversation="t-1", parameters=parameters)
    assert (await it.tool.find(wanted)).result is Result.REJECTED
    assert (await it.tool.deliver(wanted)).result is Result.DELIVERED
    assert it.talk()[field] == expected
    assert (await it.tool.find(wanted)).result is Result.DELIVERED


async def test_what_a_person_moved_on_is_not_taken_back(it: Writing) -> None:
    wanted = order(Thing.ASSIGNMENT, conversation="t-1", parameters={"team": "Support"})
    await it.tool.deliver(wanted)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(it.sim.app),
        base_url="http://127.0.0.1",
        headers={"Authorization": "Bearer sim-token"},
    ) as http:
        other = {"message_type": "assignment", "type": "team", "admin_id": OWNER, "assignee_id": "0"}
        await http.post("/conversations/t-1/parts", json=other)
    assert (await it.tool.find(wanted)).result is Result.DELIVERED


async def test_nobody_of_that_name(it: Writing) -> None:
    for parameters in ({"team": "Finance"}, {"admin": "Zoe"}):
        outcome = await it.tool.deliver(order(Thing.ASSIGNMENT, conversation="t-1", parameters=parameters))
        assert outcome.result is Result.REJECTED
        assert next(iter(parameters.values())) in outcome.reason


async def test_an_attribute_must_be_defined_or_definable(it: Writing) -> None:
    wanted = attribute("Earshot kind", "product_bug")
    refused = await it.tool.deliver(wanted)
    assert (refused.result, refused.fields) == (Result.REJECTED, ("Earshot kind",))
    tool = made(it.sim, create_attributes=True)
    for _ in range(2):
        assert (await tool.deliver(wanted)).result is Result.DELIVERED
    await tool.close()
    assert it.talk()["custom_attributes"] == {"Earshot kind": "product_bug"}
    assert len(it.sim.attributes) == 1


async def test_a_list_takes_only_its_options(it: Writing) -> None:
    definition = {"id": 1, "name": "Kind", "data_type": "list", "options": [{"id": "1", "label": "Billing"}]}
    it.sim.attributes.append({**definition, "archived": False})
    assert (await it.tool.deliver(attribute("kind", "billing"))).result is Result.DELIVERED
    assert it.talk()["custom_attributes"] == {"Kind": "Billing"}
    assert (await it.tool.deliver(attribute("Kind", "Weather"))).result is Result.REJECTED


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", "x", "x"),
        ("integer", "7", 7),
        ("integer", "7.5", None),
        ("integer", "many", None),
        ("decimal", "7.5", 7.5),
        ("decimal", "nan", None),
        ("boolean", "True", True),
        ("boolean", "yes", None),
        ("datetime", "2026-03-10T00:00:00+00:00", 1773100800),
        ("datetime", "soon", None),
        ("files", "x", None),
    ],
)
def test_values_are_typed(kind: str, value: str, expected: object) -> None:
    assert typed(value, {"data_type": kind}) == expected


async def test_a_conversation_that_is_gone_is_refused_and_a_bad_token_pauses(it: Writing) -> None:
    outcome = await it.tool.deliver(order(Thing.NOTE, conversation="t-404"))
    assert outcome.result is Result.REJECTED
    assert "not_found" in outcome.reason
    it.sim.settings = SimSettings(token="another")
    assert (await it.tool.deliver(NOTE)).result is Result.AUTH_FAILED
    with pytest.raises(Misconfigured):
        await it.tool.access()


async def test_trouble_before_the_write_is_tried_again_and_writes_nothing(it: Writing) -> None:
    for fault in (Fault.RESET, Fault.TRUNCATED, Fault.EMPTY, Fault.SERVER_ERROR):
        it.sim.script_fault(fault, path="/me")
        outcome = await it.tool.deliver(NOTE)
        assert outcome.result is Result.RETRY, fault
    assert it.parts()[-1]["part_type"] != "note"


@pytest.mark.parametrize(
    "wanted",
    [
        order(Thing.NOTE, conversation=""),
        order(Thing.TAG, conversation="t-1"),
        order(Thing.TAG, conversation="t-1", parameters={"tag": " "}),
        order(Thing.TAG, conversation="t-1", parameters={"tag": "x" * 201}),
        order(Thing.ASSIGNMENT, conversation="t-1"),
        order(Thing.ATTRIBUTE, conversation="t-1", parameters={"attribute": "x"}),
        order(Thing.NOTE, op=Op.UPDATE, conversation="t-1"),
        order(Thing.TICKET, conversation="t-1"),
    ],
)
async def test_incomplete_orders_are_refused_before_anything_is_asked(it: Writing, wanted: Order) -> None:
    assert it.tool.check(wanted)
    assert (await it.tool.deliver(wanted)).result is Result.REJECTED
    assert it.sim.requests.total() == 0


async def test_the_path_holds_nothing_but_the_id(it: Writing) -> None:
    outcome = await it.tool.deliver(order(Thing.NOTE, conversation="../tags?x=1#"))
    assert outcome.result is Result.REJECTED
    assert it.sim.requests["POST /tags"] == 0


async def test_access_changes_nothing_and_previews_show_names(it: Writing) -> None:
    before = it.talk()
    access = await it.tool.access()
    assert access.who == "Noor Haddad"
    assert it.talk() == before
    assert json.loads(it.tool.preview(tag("processed"))) == {"conversation": "t-1", "tag": "processed"}
    assert json.loads(it.tool.preview(NOTE))["message_type"] == "note"


def test_settings_name_a_teammate_by_number() -> None:
    with pytest.raises(ValidationError):
        IntercomWriteSettings(admin_id="mia")
    with pytest.raises(ValidationError):
        IntercomWriteSettings.model_validate({"allow_replies": True})


async def test_a_tag_that_was_deleted_meanwhile_is_made_anew(it: Writing) -> None:
    await it.tool.deliver(tag("processed"))
    it.sim.tags.clear()
    other = order(Thing.TAG, conversation="t-2", parameters={"tag": "processed"})
    assert (await it.tool.deliver(other)).result is Result.RETRY
    assert (await it.tool.deliver(other)).result is Result.DELIVERED


@pytest.mark.parametrize(
    ("thing", "given", "setting"),
    [
        (Thing.ATTRIBUTE, {"attribute": "Issue", "value": "BUG"}, "create_attributes"),
        (Thing.TAG, {"tag": "processed"}, "create_tags"),
    ],
)
async def test_what_intercom_lacks_is_told_with_what_to_do(
    thing: Thing, given: dict[str, str], setting: str
) -> None:
    answers = says(json_answer(200, {"type": "list", "data": [], "id": "9"}))
    settings = IntercomSettings.model_validate({"write": {"enabled": True, "create_tags": False}})
    tool = IntercomTool(
        settings, {"INTERCOM_ACCESS_TOKEN": "t"}, clock=StillClock(NOW), transport=answers.transport
    )
    outcome = await tool.deliver(order(thing, parameters=given))
    assert outcome.result is Result.REJECTED
    assert f"[intercom.write] {setting} = true" in outcome.reason
