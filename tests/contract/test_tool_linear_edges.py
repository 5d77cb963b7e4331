"""Linear's tool where something is odd: previews, orders that cannot be, changes that stop half way."""

import json

import pytest

from earshot.domain.delivery import Op, Result, Thing
from earshot.errors import Misconfigured
from earshot.sim.tools.linear_settings import LinearSpace
from earshot.sim.tools.settings import ToolFault
from tests.contract.test_tool_linear import FACTS, ID, Desk, desk
from tests.contract.tools.case import SECRET, order


def strike_after(at: Desk, number: int, *, fault: ToolFault) -> None:
    """The request of this number from now meets the fault."""
    at.between.when(len(at.between.heard) + number, lambda: at.sim.faults.script(fault))


async def test_a_preview_is_what_would_be_sent() -> None:
    async with desk() as at:
        shown = json.loads(at.tool.preview(at.create()))
        assert shown["issue"]["id"] == ID
        assert shown["issue"]["labelIds"] == ["earshot", "Bug", "bug"]
        assert shown["attachments"][-1]["subtitle"] == "12 conversations"
        receipt = await at.made()
        assert json.loads(at.tool.preview(at.later(Op.UPDATE, receipt, facts=FACTS))).keys() == {"attachments"}
        assert "It is back." in at.tool.preview(at.later(Op.REOPEN, receipt))
        assert SECRET not in repr(at.tool) + str(vars(at.tool)) + at.tool.preview(at.create())


async def test_orders_that_cannot_be_are_refused_before_anything_is_sent() -> None:
    async with desk() as at:
        receipt = await at.made()
        asked = len(at.between.heard)
        for odd in (
            at.later(Op.RESOLVE, receipt),
            at.later(Op.UPDATE, None),
            at.create(title=" "),
            at.create(parameters={"team": "Customer success"}),
            order(Thing.PAGE),
        ):
            assert at.tool.check(odd)
            assert (await at.tool.deliver(odd)).result is Result.REJECTED
            assert (await at.tool.find(odd)).result is Result.REJECTED
        assert len(at.between.heard) == asked


async def test_settings_that_lack_something_keep_the_rows() -> None:
    async with desk(team="") as at:
        assert "[linear] team" in at.tool.check(at.create())
        assert (await at.tool.deliver(at.create())).result is Result.PAUSED
        assert at.between.heard == []


async def test_without_any_link_there_is_nothing_to_show_the_count_on() -> None:
    async with desk() as at:
        receipt = await at.made(links=(), url=None)
        assert "anchor" not in receipt.extra
        outcome = await at.tool.deliver(at.later(Op.UPDATE, receipt, links=(), url=None))
        assert outcome.result is Result.DELIVERED
        assert "no link" in outcome.note
        later = await at.tool.deliver(at.later(Op.UPDATE, receipt))
        assert later.receipt is not None
        assert later.receipt.extra["anchor"] == "https://app.example.com/c/1"


async def test_an_action_may_name_its_own_team() -> None:
    async with desk() as at:
        await at.made(parameters={"team": "OPS"})
        assert at.issue.team == "OPS"


@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize("fault", [ToolFault.TOO_MANY, ToolFault.LOST, ToolFault.SERVER_ERROR])
async def test_a_reopening_that_stops_anywhere_is_carried_on(number: int, fault: ToolFault) -> None:
    async with desk() as at:
        receipt = await at.made()
        at.sim.set_state(ID, "Done")
        wanted = at.later(Op.REOPEN, receipt)
        strike_after(at, number, fault=fault)
        first = await at.tool.deliver(wanted)
        assert first.result in (Result.RETRY, Result.UNKNOWN, Result.DELIVERED)
        assert (await at.tool.deliver(wanted.model_copy(update={"again": True}))).result is Result.DELIVERED
        assert at.sim.issue_json(at.issue)["state"]["name"] == "Todo"
        assert len(at.issue.comments) == 1
        assert at.sim.tally.duplicates == {}


async def test_the_state_to_go_back_to_may_be_named_or_be_missing() -> None:
    async with desk(reopen_state="in progress") as at:
        receipt = await at.made()
        at.sim.set_state(ID, "Done")
        await at.tool.deliver(at.later(Op.REOPEN, receipt))
        assert at.sim.issue_json(at.issue)["state"]["name"] == "In Progress"
    async with desk(reopen_state="Reopened") as at:
        receipt = await at.made()
        at.sim.set_state(ID, "Done")
        assert "no open state" in (await at.tool.deliver(at.later(Op.REOPEN, receipt))).note


async def test_links_that_could_not_be_set_are_told_and_set_by_the_next_update() -> None:
    async with desk() as at:
        await at.warmed()
        strike_after(at, 2, fault=ToolFault.SERVER_ERROR)
        outcome = await at.tool.deliver(at.create())
        assert outcome.result is Result.DELIVERED
        assert "links were not set" in outcome.note
        await at.tool.deliver(at.later(Op.UPDATE, outcome.receipt, facts=FACTS))
        assert at.issue.attachments["https://app.example.com/c/1"]["subtitle"] == "12 conversations"


async def test_what_the_workspace_refuses_is_named_by_field() -> None:
    async with desk() as at:
        await at.warmed()
        outcome = await at.tool.deliver(at.create(facts={}, links=(), url=None, title="x", labels=("Bug",)))
        assert outcome.result is Result.DELIVERED
    async with desk(LinearSpace(labels=("Bug", "earshot", "bug"))) as at:
        receipt = await at.made()
        bad = receipt.model_copy(update={"extra": {**receipt.extra, "anchor": "no address"}})
        outcome = await at.tool.deliver(at.later(Op.UPDATE, bad))
        assert (outcome.result, outcome.fields) == (Result.REJECTED, ("url",))


async def test_a_key_that_was_taken_back_is_told() -> None:
    async with desk() as at:
        await at.made()
        at.sim.faults.script(ToolFault.UNAUTHORIZED)
        with pytest.raises(Misconfigured):
            await at.tool.statuses([ID])
