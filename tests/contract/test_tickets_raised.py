"""A ticket becomes urgent when an urgent action joins it, and only then: otherwise people's word counts."""

import json
from typing import Any

import pytest

from earshot.domain.delivery import RAISED, Op, Receipt, Result
from earshot.sim.tools.jira_settings import JiraSite
from earshot.sim.tools.settings import ToolFault
from tests.contract import test_tool_jira, test_tool_linear

URGENT: dict[str, Any] = {"priority": "P0", "facts": {RAISED: True, "customer_evidence_count": 12}}
GROWN: dict[str, Any] = {"priority": "P0", "facts": {"customer_evidence_count": 13}}


async def _jira(at: test_tool_jira.Desk, receipt: Receipt, **changes: Any) -> Any:
    return await at.tool.deliver(at.later(Op.UPDATE, receipt, **changes))


@pytest.mark.parametrize("fields", [test_tool_jira.MAPPED, {}])
async def test_jira_sets_the_priority_once(fields: dict[str, str]) -> None:
    async with test_tool_jira.desk(fields=fields) as at:
        receipt = await at.made(priority="P2")
        assert (await _jira(at, receipt, **GROWN)).result is Result.DELIVERED
        assert at.issue("ENG-1")["priority"] == {"name": "Medium"}
        assert (await _jira(at, receipt, **URGENT)).result is Result.DELIVERED
        assert at.issue("ENG-1")["priority"] == {"name": "Highest"}
        at.issue("ENG-1")["priority"] = {"name": "Lowest"}  # a person
        assert (await _jira(at, receipt, **GROWN)).result is Result.DELIVERED
        assert at.issue("ENG-1")["priority"] == {"name": "Lowest"}


async def test_jira_takes_the_other_fields_where_it_refuses_the_priority() -> None:
    async with test_tool_jira.desk(JiraSite(hidden_from_meta=frozenset({"priority"}))) as at:
        receipt = await at.made(priority="P2")
        outcome = await _jira(at, receipt, **URGENT)
        assert outcome.result is Result.DELIVERED
        assert "priority was refused" in outcome.note
        assert at.issue("ENG-1")["customfield_10051"] == 12


async def test_jira_says_where_the_project_has_no_such_priority() -> None:
    async with test_tool_jira.desk(priorities={"P0": "Blocker"}) as at:
        receipt = await at.made(priority="P2")
        outcome = await _jira(at, receipt, **URGENT)
        assert outcome.result is Result.DELIVERED
        assert "no priority Blocker" in outcome.note


async def test_a_preview_shows_the_priority_only_where_it_is_set() -> None:
    async with test_tool_jira.desk() as jira, test_tool_linear.desk() as linear:
        receipt = Receipt(external_id="ENG-1")
        for at, place in ((jira, "fields"), (linear, "issue")):
            raised = json.loads(at.tool.preview(at.later(Op.UPDATE, receipt, **URGENT)))
            grown = json.loads(at.tool.preview(at.later(Op.UPDATE, receipt, **GROWN)))
            assert "priority" in raised[place]
            assert "priority" not in grown.get(place, {})


@pytest.mark.parametrize("linked", [{}, {"links": (), "url": None}])
async def test_linear_sets_the_priority_once(linked: dict[str, Any]) -> None:
    async with test_tool_linear.desk() as at:
        receipt = await at.made(priority="P2", **linked)
        for changes, priority in ((GROWN, 3), (URGENT, 1)):
            outcome = await at.tool.deliver(at.later(Op.UPDATE, receipt, **changes, **linked))
            assert outcome.result is Result.DELIVERED
            assert at.issue.input["priority"] == priority
        at.issue.input["priority"] = 4  # a person
        await at.tool.deliver(at.later(Op.UPDATE, receipt, **GROWN, **linked))
        assert at.issue.input["priority"] == 4


@pytest.mark.parametrize("fault", [ToolFault.LOST, ToolFault.SERVER_ERROR, ToolFault.TOO_MANY])
async def test_linear_raises_before_it_counts(fault: ToolFault) -> None:
    """The attachment with the count proves that all was done, so it comes last."""
    async with test_tool_linear.desk() as at:
        receipt = await at.made(priority="P2")
        at.sim.faults.script(fault)
        wanted = at.later(Op.UPDATE, receipt, **URGENT)
        first = await at.tool.deliver(wanted)
        assert first.result in (Result.UNKNOWN, Result.RETRY)
        assert (await at.tool.find(wanted)).result is Result.REJECTED
        assert (await at.tool.deliver(wanted)).result is Result.DELIVERED
        assert at.issue.input["priority"] == 1
        assert (await at.tool.find(wanted)).result is Result.DELIVERED


async def test_linear_sets_no_priority_that_is_mapped_to_none() -> None:
    async with test_tool_linear.desk(priorities={"P2": 3}) as at:
        receipt = await at.made(priority="P2")
        outcome = await at.tool.deliver(at.later(Op.UPDATE, receipt, **URGENT))
        assert outcome.result is Result.DELIVERED
        assert at.issue.input["priority"] == 3


async def test_linear_says_when_the_issue_is_gone() -> None:
    async with test_tool_linear.desk() as at:
        receipt = await at.made(priority="P2")
        at.sim.issues.clear()
        assert (await at.tool.deliver(at.later(Op.UPDATE, receipt, **URGENT))).result is Result.REJECTED
