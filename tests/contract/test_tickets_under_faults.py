"""Tickets made, updated and reopened while any request may fail: one ticket, one comment, nothing lost."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.connectors.jira.settings import JiraSettings
from earshot.connectors.jira.tool import JiraTool
from earshot.connectors.linear.settings import LinearSettings
from earshot.connectors.linear.tool import LinearTool
from earshot.domain.delivery import Op, Order, Outcome, Receipt, Result, Thing
from earshot.ports.tool import Resend, Tool
from earshot.sim.tools.jira import JiraSim
from earshot.sim.tools.jira_settings import JiraSite
from earshot.sim.tools.linear import LinearSim
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings, ToolSimSettings
from tests.contract.tools.case import SECRET, order
from tests.still import StillClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PASSING = [None, None, *(fault for fault in ToolFault if fault is not ToolFault.UNAUTHORIZED)]
Made = tuple[Tool, JiraSim | LinearSim]


class Rough(httpx2.AsyncBaseTransport):
    """A way to the simulator on which each request meets the next fault of a list; then all goes well."""

    def __init__(self, sim: JiraSim | LinearSim, faults: Sequence[ToolFault | None]) -> None:
        self._sim = sim
        self._inner = httpx2.ASGITransport(sim.app)
        self._faults = iter(faults)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        fault = next(self._faults, None)
        if fault is not None:
            self._sim.faults.script(fault)
        return await self._inner.handle_async_request(request)


def sim_settings() -> ToolSimSettings:
    return ToolSimSettings(faults=ToolFaultSettings(hang_seconds=0, retry_after=7))


def jira(faults: Sequence[ToolFault | None], clock: StillClock) -> Made:
    sim = JiraSim(sim_settings(), site=JiraSite(search_lag_seconds=59), clock=clock)
    given = JiraSettings(
        base_url="http://j.test", email="a@b.test", project="ENG", fields={"rice_score": "customfield_10050"}
    )
    return JiraTool(given, {"JIRA_API_TOKEN": SECRET}, clock=clock, transport=Rough(sim, faults)), sim


def linear(faults: Sequence[ToolFault | None], clock: StillClock) -> Made:
    sim = LinearSim(sim_settings(), clock=clock)
    given = LinearSettings(base_url="http://l.test", team="ENG")
    return LinearTool(given, {"LINEAR_API_KEY": SECRET}, clock=clock, transport=Rough(sim, faults)), sim


async def carried_out(tool: Tool, wanted: Order, clock: StillClock) -> Receipt:
    """What the outbox does until the order is done."""
    outcome, maybe = await tool.deliver(wanted), False
    for _ in range(60):
        if outcome.result is Result.DELIVERED:
            assert outcome.receipt is not None
            return outcome.receipt
        assert outcome.result in (Result.RETRY, Result.UNKNOWN), outcome
        maybe = maybe or outcome.result is Result.UNKNOWN
        outcome = await _next(tool, wanted, maybe=maybe, unknown=outcome.result is Result.UNKNOWN, clock=clock)
    raise AssertionError(f"not done after 60 tries: {outcome}")


async def _next(tool: Tool, wanted: Order, *, maybe: bool, unknown: bool, clock: StillClock) -> Outcome:
    again = wanted.model_copy(update={"again": maybe})
    if not unknown or tool.abilities.resend[wanted.thing] is Resend.SAME_KEY:
        clock.pass_by(2)
        return await tool.deliver(again)
    clock.pass_by(tool.abilities.settle_after)
    found = await tool.find(wanted)
    if found.result is Result.REJECTED:
        return await tool.deliver(again)
    return found if found.result is Result.DELIVERED else found.model_copy(update={"result": Result.UNKNOWN})


@pytest.mark.parametrize("build", [jira, linear])
@settings(max_examples=60, deadline=None)
@given(faults=st.lists(st.sampled_from(PASSING), max_size=25))
async def test_whatever_fails_there_is_one_ticket_and_one_comment(
    build: Callable[[Sequence[ToolFault | None], StillClock], Made], faults: list[ToolFault | None]
) -> None:
    clock = StillClock(NOW)
    tool, sim = build(faults, clock)
    facts = {"customer_evidence_count": 3, "rice_score": 12.5}
    receipt = await carried_out(tool, order(Thing.TICKET, facts=facts), clock)
    grown = {"customer_evidence_count": 40, "rice_score": 13.5}
    update = order(Thing.TICKET, op=Op.UPDATE, receipt=receipt, request_key="1" * 32, facts=grown)
    await carried_out(tool, update, clock)
    _close(sim, receipt)
    await carried_out(tool, order(Thing.TICKET, op=Op.REOPEN, receipt=receipt, request_key="2" * 32), clock)
    await tool.close()
    assert sim.tally.duplicates == {}
    assert sorted(kind for kind, _ in sim.tally.stored) == ["comment", "issue"]
    assert "40 conversations" in str(sim.as_json())


def _close(sim: JiraSim | LinearSim, receipt: Receipt) -> None:
    if isinstance(sim, JiraSim):
        sim.close(receipt.external_id)
    else:
        sim.set_state(receipt.external_id, "Done")
