"""Productboard end to end on a real socket, bodies and answers against the contract of its notes where present."""

import json
from pathlib import Path

import pytest

from earshot.connectors.productboard.settings import ProductboardSettings
from earshot.connectors.productboard.tool import ProductboardTool
from earshot.domain.delivery import Op, Receipt, Result, Thing
from earshot.errors import Misconfigured
from earshot.sim.tools.productboard import ProductboardSim
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

SPEC = Path(__file__).parents[2].parent / "shared/specs/productboard/notes-v2.contract.openapi.json"
NOTE = order(Thing.FEEDBACK)
NOWHERE = Receipt(external_id="7d1f6a0e-3c0b-4d6a-9f51-0a3d5f1c2b44")


def make(base: str, *, token: str = SECRET, **changes: object) -> ProductboardTool:
    told = {"base_url": f"{base}/v2", "timeout_seconds": HANGS_AFTER, **changes}
    return ProductboardTool(
        ProductboardSettings.model_validate(told), {"PRODUCTBOARD_TOKEN": token}, clock=StillClock(NOW)
    )


async def test_a_note_is_made_and_kept_up_to_date() -> None:
    sim = ProductboardSim()
    async with before(sim, make) as tool:
        made = await tool.deliver(NOTE)
        assert made.receipt is not None
        assert made.receipt.url == f"https://sim.productboard.com/all-notes/notes/{made.receipt.external_id}"
        changed = order(Thing.FEEDBACK, op=Op.UPDATE, receipt=made.receipt, title="Now 12 customers")
        assert (await tool.deliver(changed)).receipt == made.receipt
    note = sim.notes[made.receipt.external_id]
    assert note.source == {"system": "earshot", "recordId": KEY, "url": "https://app.example.com/c/1"}
    assert note.tags == ["earshot", "bug"]
    assert note.customers[0]["target"]["email"] == "customer@example.com"
    assert note.fields["name"] == "Now 12 customers"
    assert note.changes == 1


@pytest.mark.parametrize("fault", ToolFault)
async def test_however_an_answer_ends_one_note_is_there(fault: ToolFault) -> None:
    sim = ProductboardSim()
    async with before(sim, make) as tool:
        sim.faults.script(fault, path="/v2/notes")
        outcome = await ended(tool, NOTE)
        if fault is ToolFault.UNAUTHORIZED:
            assert outcome.result is Result.AUTH_FAILED
            outcome = await ended(tool, NOTE)
        assert outcome.result is Result.DELIVERED
        assert outcome.receipt is not None
    assert list(sim.notes) == [outcome.receipt.external_id]


async def test_a_storm_of_faults_makes_each_note_once() -> None:
    kinds = frozenset({ToolFault.LOST, ToolFault.RESET, ToolFault.LATE_ERROR, ToolFault.GARBAGE, ToolFault.HTML})
    sim = ProductboardSim(ToolSimSettings(faults=ToolFaultSettings(kinds=kinds, rate=0.15, seed=3)))
    async with before(sim, make) as tool:
        for number in range(60):
            note = order(Thing.FEEDBACK, object_key=f"{number:032x}")
            assert (await ended(tool, note, tries=12)).result is Result.DELIVERED
    assert len(sim.notes) == 60
    assert sim.tally.duplicates == {}
    assert sum(sim.faults.struck.values()) > 20


async def test_it_finds_its_own_note_among_others_and_says_when_there_is_none() -> None:
    sim = ProductboardSim()
    async with before(sim, make) as tool:
        assert (await tool.find(NOTE)).result is Result.REJECTED
        await tool.deliver(order(Thing.FEEDBACK, object_key="f" * 32))
        assert (await tool.find(NOTE)).result is Result.REJECTED
        made = await tool.deliver(NOTE)
        found = await tool.find(NOTE)
        assert found.receipt == made.receipt
        again = await tool.deliver(NOTE.model_copy(update={"again": True}))
        assert again.receipt == made.receipt
    assert len(sim.notes) == 2


async def test_an_owner_that_is_not_there_is_left_out() -> None:
    sim = ProductboardSim()
    async with before(sim, lambda base: make(base, owner="gone@example.com")) as tool:
        outcome = await tool.deliver(NOTE)
    assert outcome.result is Result.DELIVERED
    assert "owner" in outcome.note
    assert len(sim.notes) == 1


async def test_a_note_that_was_deleted_is_not_made_anew() -> None:
    sim = ProductboardSim()
    async with before(sim, make) as tool:
        outcome = await tool.deliver(order(Thing.FEEDBACK, op=Op.UPDATE, receipt=NOWHERE))
    assert outcome.result is Result.REJECTED
    assert "no longer there" in outcome.reason
    assert sim.notes == {}


async def test_a_conversation_note_parts_our_words_from_the_customers() -> None:
    sim = ProductboardSim()
    async with before(sim, lambda base: make(base, note_type="conversationNote")) as tool:
        outcome = await tool.deliver(NOTE)
        assert outcome.receipt is not None
        update = order(Thing.FEEDBACK, op=Op.UPDATE, receipt=outcome.receipt)
        assert (await tool.deliver(update)).result is Result.DELIVERED
    parts = sim.notes[outcome.receipt.external_id].fields["content"]
    assert [part["authorType"] for part in parts] == ["agent", "customer"]
    assert "It just stops." in parts[1]["content"]


async def test_a_wrong_token_says_why() -> None:
    sim = ProductboardSim()
    async with before(sim, lambda base: make(base, token="other")) as tool:
        outcome = await tool.deliver(NOTE)
        assert outcome.result is Result.AUTH_FAILED
        assert "another workspace" in outcome.reason
        with pytest.raises(Misconfigured, match="another workspace"):
            await tool.access()


@pytest.mark.shared
@pytest.mark.skipif(not SPEC.exists(), reason=f"the contract is not at {SPEC}")
@pytest.mark.parametrize("words", [None, HOSTILE, "x" * 40_000])
@pytest.mark.parametrize("note_type", ["textNote", "conversationNote"])
async def test_bodies_and_answers_keep_the_contract(words: str | None, note_type: str) -> None:
    spec: Json = json.loads(SPEC.read_text(encoding="utf-8"))
    sim = ProductboardSim()
    async with before(sim, lambda base: make(base, note_type=note_type, owner="pm@example.com")) as tool:
        wanted = order(Thing.FEEDBACK, words=words)
        outcome = await tool.deliver(wanted)
        assert outcome.result is Result.DELIVERED
        assert outcome.note == ""
        update = order(Thing.FEEDBACK, op=Op.UPDATE, words=words, receipt=outcome.receipt)
        assert (await tool.deliver(update)).result is Result.DELIVERED
    (made,) = sent(sim)
    (changed,) = sent(sim, method="PATCH")
    assert mistakes(spec, request_of(spec, "/notes"), value=made) == []
    assert mistakes(spec, request_of(spec, "/notes/{id}", method="patch"), value=changed) == []


@pytest.mark.shared
@pytest.mark.skipif(not SPEC.exists(), reason=f"the contract is not at {SPEC}")
async def test_the_simulator_answers_by_the_contract() -> None:
    spec: Json = json.loads(SPEC.read_text(encoding="utf-8"))
    sim = ProductboardSim()
    async with before(sim, make) as tool:
        await tool.deliver(NOTE)
    listed = await told(sim, "GET", path="/v2/notes")
    plain = {"data": {"type": "textNote", "fields": {"name": "n"}}}
    made = await told(sim, "POST", path="/v2/notes", body=plain)
    wrong = await told(sim, "POST", path="/v2/notes", body={"data": {"type": "textNote", "fields": {}}})
    assert mistakes(spec, answer_of(spec, "/notes", method="get"), value=listed) == []
    assert mistakes(spec, answer_of(spec, "/notes", status=201), value=made) == []
    assert mistakes(spec, answer_of(spec, "/notes", status=400), value=wrong) == []
