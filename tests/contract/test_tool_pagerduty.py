"""PagerDuty end to end on a real socket, its bodies against PagerDuty's own description where it is present."""

import json
from pathlib import Path

import pytest

from earshot.connectors.pagerduty.settings import PagerDutySettings
from earshot.connectors.pagerduty.tool import PagerDutyTool
from earshot.domain.delivery import Op, Receipt, Result, Thing
from earshot.errors import Misconfigured, Transient
from earshot.sim.tools.pagerduty import PagerDutySim
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings, ToolSimSettings
from tests.contract.tools.case import HOSTILE, KEY, NOW, SECRET, order
from tests.contract.tools.sockets import HANGS_AFTER, Json, answer_of, before, ended, mistakes, request_of, sent
from tests.still import StillClock

SPEC = Path(__file__).parents[2].parent / "shared/specs/pagerduty/events-v2.openapi.json"
DEDUP = f"earshot-{KEY}"
RECEIPT = Receipt(external_id=DEDUP)
PAGE = order(Thing.PAGE)


def make(base: str, key: str = SECRET) -> PagerDutyTool:
    settings = PagerDutySettings(base_url=f"{base}/v2", timeout_seconds=HANGS_AFTER)
    return PagerDutyTool(settings, {"PAGERDUTY_ROUTING_KEY": key}, clock=StillClock(NOW))


async def test_a_page_is_triggered_updated_and_resolved() -> None:
    sim = PagerDutySim()
    async with before(sim, make) as tool:
        outcome = await tool.deliver(PAGE)
        assert outcome.receipt == RECEIPT
        for op in (Op.UPDATE, Op.UPDATE, Op.RESOLVE):
            assert (await tool.deliver(order(Thing.PAGE, op=op, receipt=RECEIPT))).result is Result.DELIVERED
    assert sim.pages == 1
    assert sim.alerts[0].triggers == 3
    assert sim.alerts[0].status == "resolved"
    assert {event["dedup_key"] for event in sent(sim)} == {DEDUP}


async def test_what_comes_back_after_a_resolve_pages_again() -> None:
    sim = PagerDutySim()
    async with before(sim, make) as tool:
        for op in (Op.CREATE, Op.RESOLVE, Op.REOPEN):
            await tool.deliver(order(Thing.PAGE, op=op, receipt=RECEIPT))
    assert sim.pages == 2


@pytest.mark.parametrize("fault", ToolFault)
async def test_however_an_answer_ends_one_page_is_there(fault: ToolFault) -> None:
    sim = PagerDutySim()
    async with before(sim, make) as tool:
        sim.faults.script(fault)
        outcome = await ended(tool, PAGE)
        if fault is ToolFault.UNAUTHORIZED:
            assert outcome.result is Result.AUTH_FAILED
            outcome = await ended(tool, PAGE)
        assert outcome.result is Result.DELIVERED
    assert sim.pages == 1
    assert sim.tally.duplicates == {}


async def test_a_storm_of_faults_pages_once_for_each_thing() -> None:
    faults = ToolFaultSettings(
        kinds=frozenset(
            {ToolFault.LOST, ToolFault.RESET, ToolFault.LATE_ERROR, ToolFault.GARBAGE, ToolFault.TOO_MANY}
        ),
        rate=0.2,
        seed=7,
    )
    sim = PagerDutySim(ToolSimSettings(faults=faults))
    async with before(sim, make) as tool:
        for number in range(60):
            page = order(Thing.PAGE, object_key=f"{number:032x}")
            assert (await ended(tool, page, tries=12)).result is Result.DELIVERED
    assert sim.pages == 60
    assert sim.tally.statuses[202] > 60
    assert sum(sim.faults.struck.values()) > 20


async def test_a_wrong_key_pauses_and_shows_itself_nowhere() -> None:
    sim = PagerDutySim()
    async with before(sim, lambda base: make(base, "k" * 32)) as tool:
        outcome = await tool.deliver(PAGE)
        assert outcome.result is Result.AUTH_FAILED
        assert "kkk" not in repr(outcome) + repr(tool) + tool.preview(PAGE)
        with pytest.raises(Misconfigured, match="routing key"):
            await tool.access()


async def test_access_opens_no_incident() -> None:
    sim = PagerDutySim()
    async with before(sim, make) as tool:
        access = await tool.access()
        assert any("32 letters" in warning for warning in access.warnings)
        sim.faults.script(ToolFault.SERVER_ERROR)
        with pytest.raises(Transient):
            await tool.access()
    assert sim.pages == 0


async def test_an_enormous_event_still_pages() -> None:
    sim = PagerDutySim()
    facts = {f"fact_{number}": ["x" * 900] * 50 for number in range(40)}
    async with before(sim, make) as tool:
        assert (await tool.deliver(order(Thing.PAGE, facts=facts))).result is Result.DELIVERED
    assert sim.pages == 1
    assert "left out" in sim.alerts[0].last["custom_details"]["text"]


@pytest.mark.shared
@pytest.mark.skipif(not SPEC.exists(), reason=f"PagerDuty's description is not at {SPEC}")
@pytest.mark.parametrize("words", [None, HOSTILE, "x" * 40_000])
async def test_bodies_and_answers_are_as_pagerduty_describes_them(words: str | None) -> None:
    spec: Json = json.loads(SPEC.read_text(encoding="utf-8"))
    payload = spec["components"]["schemas"]["Payload"]
    sim = PagerDutySim()
    async with before(sim, make) as tool:
        for op in Op:
            wanted = order(Thing.PAGE, op=op, words=words, receipt=RECEIPT)
            assert (await tool.deliver(wanted)).result is Result.DELIVERED
    bodies = sent(sim)
    for body in bodies:
        assert mistakes(spec, request_of(spec, "/enqueue"), value=body) == []
        if body["event_action"] == "trigger":
            assert mistakes(spec, payload, value=body["payload"]) == []
            assert len(body["payload"]["summary"]) <= 1024
    assert [body["event_action"] for body in bodies] == ["trigger", "trigger", "resolve", "trigger"]
    success = {"status": "success", "message": "Event processed", "dedup_key": DEDUP}
    assert mistakes(spec, answer_of(spec, "/enqueue", status=202), value=success) == []
