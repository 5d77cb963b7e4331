"""Jira's tool where something is odd: previews, orders that cannot be, screens of many pages, failing questions."""

import json
from typing import Any

import pytest

from earshot.domain.delivery import Op, Result, Thing
from earshot.errors import Misconfigured
from earshot.sim.tools.jira_settings import JiraSite, SimField
from earshot.sim.tools.settings import ToolFault
from tests.contract.test_tool_jira import FACTS, desk
from tests.contract.tools.case import SECRET, order


async def test_a_preview_is_what_would_be_sent() -> None:
    async with desk() as at:
        shown = json.loads(at.tool.preview(at.create(components=("Export",))))
        assert shown["fields"]["priority"] == {"name": "Highest"}
        assert shown["fields"]["components"] == [{"name": "Export"}]
        assert shown["remotelink"]["globalId"] == "earshot=0123456789abcdef0123456789abcdef"
        receipt = await at.made()
        update = json.loads(at.tool.preview(at.later(Op.UPDATE, receipt, facts=FACTS)))
        assert update["fields"] == {
            "customfield_10050": 85.3,
            "customfield_10051": 12,
            "customfield_10052": "2026-01-01",
        }
        assert "It is back." in at.tool.preview(at.later(Op.REOPEN, receipt))


async def test_orders_that_cannot_be_are_refused_before_anything_is_sent() -> None:
    async with desk() as at:
        receipt = await at.made()
        asked = len(at.between.heard)
        for odd in (
            at.later(Op.RESOLVE, receipt),
            at.later(Op.UPDATE, None),
            at.create(title=" "),
            at.create(parameters={"project": "not a key"}),
            order(Thing.PAGE),
        ):
            assert at.tool.check(odd)
            assert (await at.tool.deliver(odd)).result is Result.REJECTED
            assert (await at.tool.find(odd)).result is Result.REJECTED
        assert len(at.between.heard) == asked
    blank: list[dict[str, Any]] = [{"base_url": ""}, {"email": ""}, {"project": ""}]
    for missing in blank:
        async with desk(**missing) as at:
            assert "[jira] " in at.tool.check(at.create())
            assert (await at.tool.deliver(at.create())).result is Result.PAUSED
            with pytest.raises(Misconfigured):
                await at.tool.access()


async def test_without_any_link_there_is_no_link_back() -> None:
    async with desk() as at:
        receipt = await at.made(links=(), url=None)
        outcome = await at.tool.deliver(at.later(Op.UPDATE, receipt, links=(), url=None, facts=FACTS))
        assert (outcome.result, outcome.note) == (Result.DELIVERED, "")
        assert at.sim.issues["ENG-1"].links == {}


async def test_an_action_may_name_its_own_project() -> None:
    async with desk(JiraSite(project="OPS"), project="OPS") as at:
        outcome = await at.tool.deliver(at.create(parameters={"project": "OTHER"}))
        assert outcome.result is Result.REJECTED
        assert "no project OTHER" in outcome.reason
        assert (await at.made(parameters={"project": "OPS"})).external_id == "OPS-1"


async def test_a_screen_of_many_pages_is_read_to_its_end() -> None:
    many = tuple(SimField(id=f"customfield_{number}", name=f"F{number}") for number in range(20_000, 20_450))
    last = SimField(id="customfield_30000", name="Last", required=True)
    async with desk(JiraSite(fields=(*many, last)), fields={}) as at:
        outcome = await at.tool.deliver(at.create())
        assert outcome.fields == ("customfield_30000",)


async def test_a_project_without_types_is_told() -> None:
    async with desk(JiraSite(issue_types=())) as at:
        outcome = await at.tool.deliver(at.create())
        assert outcome.result is Result.REJECTED
        assert "no issue type" in outcome.reason


async def test_a_twin_that_somebody_made_is_told() -> None:
    async with desk() as at:
        await at.made()
        at.sim.add(dict(at.issue("ENG-1")), {})
        found = await at.tool.find(at.create())
        assert found.receipt is not None
        assert found.receipt.external_id == "ENG-1"
        assert "2 tickets carry the label" in found.note


PATHS = {
    "fields": ("/rest/api/3/issue/ENG-1", Op.UPDATE),
    "link": ("/rest/api/3/issue/ENG-1/remotelink", Op.UPDATE),
    "property": ("/rest/api/3/issue/ENG-1/properties", Op.UPDATE),
    "status": ("/rest/api/3/issue/ENG-1", Op.REOPEN),
    "ways": ("/rest/api/3/issue/ENG-1/transitions", Op.REOPEN),
    "comment": ("/rest/api/3/issue/ENG-1/comment", Op.REOPEN),
}


@pytest.mark.parametrize("step", PATHS)
@pytest.mark.parametrize("fault", [ToolFault.TOO_MANY, ToolFault.UNAUTHORIZED, ToolFault.LOST])
async def test_a_change_that_stops_half_way_is_carried_on(step: str, fault: ToolFault) -> None:
    async with desk() as at:
        receipt = await at.made()
        at.sim.close("ENG-1")
        path, op = PATHS[step]
        wanted = at.later(op, receipt, facts={**FACTS, "customer_evidence_count": 50})
        at.sim.faults.script(fault, path=path)
        first = await at.tool.deliver(wanted)
        assert first.result in _expected(fault), first
        again = wanted.model_copy(update={"again": first.result is Result.UNKNOWN})
        assert (await at.tool.deliver(again)).result is Result.DELIVERED
        issue = at.sim.issues["ENG-1"]
        if op is Op.UPDATE:
            assert issue.fields["customfield_10051"] == 50
            assert next(iter(issue.links.values()))["object"]["summary"] == "50 conversations"
        else:
            assert (issue.status, len(issue.comments)) == ("To Do", 1)


def _expected(fault: ToolFault) -> tuple[Result, ...]:
    match fault:
        case ToolFault.TOO_MANY:
            return (Result.RETRY,)
        case ToolFault.UNAUTHORIZED:
            return (Result.AUTH_FAILED,)
        case _:
            return (Result.UNKNOWN, Result.RETRY)


async def test_the_named_transition_is_taken_or_none() -> None:
    async with desk(reopen_transition="move to in progress") as at:
        receipt = await at.made()
        at.sim.close("ENG-1")
        await at.tool.deliver(at.later(Op.REOPEN, receipt))
        assert at.sim.issues["ENG-1"].status == "In Progress"
    async with desk(reopen_transition="Reopen") as at:
        receipt = await at.made()
        at.sim.close("ENG-1")
        assert "no transition" in (await at.tool.deliver(at.later(Op.REOPEN, receipt))).note


async def test_an_open_ticket_is_only_commented() -> None:
    async with desk() as at:
        receipt = await at.made()
        at.sim.start("ENG-1")
        assert (await at.tool.deliver(at.later(Op.REOPEN, receipt))).result is Result.DELIVERED
        assert at.sim.issues["ENG-1"].status == "In Progress"
        assert len(at.sim.issues["ENG-1"].comments) == 1


async def test_nothing_shows_the_token() -> None:
    async with desk() as at:
        for shown in (repr(at.tool), at.tool.preview(at.create()), str(vars(at.tool))):
            assert SECRET not in shown
