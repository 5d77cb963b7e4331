"""HubSpot end to end on a real socket, bodies and answers against the contract of its tasks where present."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from earshot.connectors.hubspot.settings import HubSpotSettings
from earshot.connectors.hubspot.tool import HubSpotTool
from earshot.domain.delivery import Op, Order, Receipt, Result, Standing, Thing
from earshot.errors import Misconfigured
from earshot.ports.tool import Tool
from earshot.sim.tools.hubspot import HubSpotSim
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings, ToolSimSettings
from tests.contract.tools.case import HOSTILE, KEY, NOW, SECRET, order
from tests.contract.tools.sockets import (
    HANGS_AFTER,
    Json,
    answer_of,
    before,
    ended,
    mistakes,
    request_of,
    sent,
    told,
)
from tests.still import StillClock

SPEC = Path(__file__).parents[2].parent / "shared/specs/hubspot/tasks.contract.openapi.json"
TASKS = "/crm/objects/2026-09/tasks"
TASK = order(Thing.TASK)
MARK = f"Earshot {KEY[:16]}"


def make(base: str, *, token: str = SECRET, **changes: object) -> HubSpotTool:
    told = {"base_url": base, "timeout_seconds": HANGS_AFTER, **changes}
    return HubSpotTool(HubSpotSettings.model_validate(told), {"HUBSPOT_TOKEN": token}, clock=StillClock(NOW))


def made_by(sim: HubSpotSim) -> list[Json]:
    return [body for body in sent(sim, path=TASKS) if "filterGroups" not in body]


async def test_a_task_is_made_for_the_contact_and_kept_up_to_date() -> None:
    sim = HubSpotSim()
    async with before(sim, lambda base: make(base, owner_id="64492917", portal_id="77")) as tool:
        made = await tool.deliver(TASK)
        assert made.receipt == Receipt(external_id="512", url="https://app.hubspot.com/contacts/77/record/0-1/101")
        changed = order(Thing.TASK, op=Op.UPDATE, receipt=made.receipt, title="Now 12 customers")
        assert (await tool.deliver(changed)).receipt == made.receipt
    task = sim.tasks["512"]
    assert task.contacts == ["101"]
    assert task.properties["hs_task_subject"] == "Now 12 customers"
    assert task.properties["hs_task_priority"] == "HIGH"
    assert task.properties["hs_timestamp"] == "2026-03-12T12:00:00Z"
    assert MARK in task.properties["hs_task_body"]


async def test_a_customer_whom_hubspot_lacks_gets_a_task_that_stands_alone() -> None:
    sim = HubSpotSim()
    async with before(sim, make) as tool:
        outcome = await tool.deliver(order(Thing.TASK, email="stranger@example.com"))
        assert outcome.result is Result.DELIVERED
        assert "stranger" not in outcome.note
        assert "no contact" in outcome.note
    assert sim.tasks["512"].contacts == []


@pytest.mark.parametrize("email", ["customer@example.com", "stranger@example.com", ""])
@pytest.mark.parametrize("fault", ToolFault)
async def test_however_an_answer_ends_one_task_is_there(fault: ToolFault, email: str) -> None:
    sim = HubSpotSim()
    wanted = order(Thing.TASK, email=email)
    async with before(sim, make) as tool:
        sim.faults.script(fault, path=TASKS)
        outcome = await ended(tool, wanted)
        if fault is ToolFault.UNAUTHORIZED:
            assert outcome.result is Result.AUTH_FAILED
            outcome = await ended(tool, wanted)
        assert outcome.result is Result.DELIVERED
        assert outcome.receipt is not None
    assert list(sim.tasks) == [outcome.receipt.external_id]


@pytest.mark.parametrize("fault", ToolFault)
async def test_a_search_that_fails_makes_nothing_and_is_tried_again(fault: ToolFault) -> None:
    sim = HubSpotSim()
    async with before(sim, make) as tool:
        sim.faults.script(fault, path="/crm/objects/2026-09/contacts")
        first = await tool.deliver(TASK)
        assert first.result is (Result.AUTH_FAILED if fault is ToolFault.UNAUTHORIZED else Result.RETRY)
        assert sim.tasks == {}
        assert (await tool.deliver(TASK)).result is Result.DELIVERED


async def test_a_storm_of_faults_makes_each_task_once() -> None:
    kinds = frozenset({ToolFault.LOST, ToolFault.RESET, ToolFault.LATE_ERROR, ToolFault.GARBAGE, ToolFault.HTML})
    sim = HubSpotSim(ToolSimSettings(faults=ToolFaultSettings(kinds=kinds, rate=0.1, seed=5)))
    async with before(sim, make) as tool:
        for number in range(50):
            wanted = order(Thing.TASK, object_key=f"{number:016x}{'0' * 16}")
            assert (await ended(tool, wanted, tries=20)).result is Result.DELIVERED
    assert len(sim.tasks) == 50
    assert sim.tally.duplicates == {}
    assert sum(sim.faults.struck.values()) > 20


async def test_a_task_is_found_behind_many_others() -> None:
    sim = HubSpotSim()
    async with before(sim, make) as tool:
        first = await tool.deliver(TASK)
        await _made_by_others(sim, 450)
        found = await tool.find(TASK)
        assert found.receipt == first.receipt
        assert (await tool.find(TASK.model_copy(update={"object_key": "e" * 32}))).result is Result.REJECTED


async def test_more_tasks_than_can_be_looked_through_leave_it_open() -> None:
    sim = HubSpotSim()
    async with before(sim, make) as tool:
        await tool.deliver(TASK)
        await _made_by_others(sim, 2_050)
        assert (await tool.find(TASK)).result is Result.UNKNOWN


async def _made_by_others(sim: HubSpotSim, count: int) -> None:
    held = next(iter(sim.tasks.values()))
    for number in range(count):
        later = held.created_at + timedelta(seconds=number + 1)
        one = type(held)(f"9{number:05d}", {"hs_task_body": "theirs"}, ["101"], later, later, 0.0)
        sim.tasks[one.id] = one


async def test_an_owner_that_is_not_there_and_a_forbidden_priority_are_left_out() -> None:
    sim = HubSpotSim()
    sim.rules = {"hs_task_priority"}
    async with before(sim, lambda base: make(base, owner_id="1")) as tool:
        outcome = await tool.deliver(TASK)
    assert outcome.result is Result.DELIVERED
    assert "hubspot_owner_id" in outcome.note
    assert "hs_task_priority" in outcome.note
    assert len(sim.tasks) == 1


async def test_a_rule_of_the_accounts_admins_is_named() -> None:
    sim = HubSpotSim()
    sim.rules = {"hs_task_subject"}
    async with before(sim, make) as tool:
        outcome = await tool.deliver(TASK)
    assert outcome.result is Result.REJECTED
    assert outcome.fields == ("hs_task_subject",)
    assert "VALIDATION_ERROR" in outcome.reason


async def test_where_tasks_stand_is_read_back() -> None:
    sim = HubSpotSim()
    async with before(sim, make) as tool:
        ids = [await _made(tool, order(Thing.TASK, object_key=f"{number:032x}")) for number in range(4)]
        sim.complete(ids[1])
        sim.archive(ids[2])
        sim.tasks[ids[3]].visible_at = NOW.timestamp() + 10**9
        remotes = await tool.statuses([*ids, "999"])
        assert [remote.external_id for remote in remotes] == [*ids, "999"]
        wanted = [Standing.OPEN, Standing.DONE, Standing.GONE, Standing.OPEN, Standing.GONE]
        assert [remote.standing for remote in remotes] == wanted
        reopened = order(Thing.TASK, op=Op.REOPEN, receipt=Receipt(external_id=ids[1]))
        assert (await tool.deliver(reopened)).result is Result.DELIVERED
        assert (await tool.statuses([ids[1]]))[0].standing is Standing.OPEN
        sim.faults.script(ToolFault.UNAUTHORIZED)
        with pytest.raises(Misconfigured):
            await tool.statuses(ids)


async def _made(tool: Tool, wanted: Order) -> str:
    receipt = (await tool.deliver(wanted)).receipt
    assert receipt is not None
    return receipt.external_id


async def test_a_task_that_was_deleted_is_not_made_anew() -> None:
    sim = HubSpotSim()
    async with before(sim, make) as tool:
        outcome = await tool.deliver(order(Thing.TASK, op=Op.UPDATE, receipt=Receipt(external_id="1")))
    assert outcome.result is Result.REJECTED
    assert sim.tasks == {}


async def test_access_makes_nothing() -> None:
    sim = HubSpotSim()
    async with before(sim, make) as tool:
        assert "contacts" in (await tool.access()).can
    async with before(sim, lambda base: make(base, token="wrong")) as tool:
        with pytest.raises(Misconfigured, match="service key was refused"):
            await tool.access()
    assert sim.tasks == {}


@pytest.mark.shared
@pytest.mark.skipif(not SPEC.exists(), reason=f"the contract is not at {SPEC}")
@pytest.mark.parametrize("words", [None, HOSTILE, "x" * 40_000, '"' * 40_000])
async def test_bodies_and_answers_keep_the_contract(words: str | None) -> None:
    spec: Json = json.loads(SPEC.read_text(encoding="utf-8"))
    sim = HubSpotSim()
    async with before(sim, lambda base: make(base, owner_id="64492917")) as tool:
        wanted = order(Thing.TASK, words=words, due_at=None)
        receipt = Receipt(external_id=await _made(tool, wanted))
        for op in (Op.UPDATE, Op.REOPEN):
            outcome = await tool.deliver(order(Thing.TASK, op=op, words=words, receipt=receipt))
            assert outcome.result is Result.DELIVERED
        assert (await tool.find(wanted)).receipt is not None
        await tool.statuses(["512", "600"])
    answers = [
        await told(sim, "GET", path=f"{TASKS}/512"),
        await told(sim, "POST", path=f"{TASKS}/search", body={"filterGroups": []}),
        await told(sim, "POST", path=TASKS, body={"properties": {}, "associations": []}),
    ]
    assert mistakes(spec, request_of(spec, TASKS), value=made_by(sim)[0]) == []
    for body in sent(sim, path=f"{TASKS}/search") + sent(sim, path="/crm/objects/2026-09/contacts"):
        assert mistakes(spec, spec["components"]["schemas"]["Search"], value=body) == []
    for body in sent(sim, method="PATCH"):
        assert mistakes(spec, request_of(spec, TASKS + "/{taskId}", method="patch"), value=body) == []
    shapes = [
        answer_of(spec, TASKS + "/{taskId}", method="get"),
        answer_of(spec, f"{TASKS}/search"),
        answer_of(spec, TASKS, status=400),
    ]
    for shape, answer in zip(shapes, answers, strict=True):
        assert mistakes(spec, shape, value=answer) == []
