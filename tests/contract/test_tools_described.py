"""Tools against mocks made of the services' descriptions, which know nothing of our simulators."""

import json
from pathlib import Path

import pytest

from earshot.connectors.hubspot.settings import HubSpotSettings
from earshot.connectors.hubspot.tool import HubSpotTool
from earshot.connectors.pagerduty.settings import PagerDutySettings
from earshot.connectors.pagerduty.tool import PagerDutyTool
from earshot.connectors.productboard.settings import ProductboardSettings
from earshot.connectors.productboard.tool import ProductboardTool
from earshot.domain.delivery import Op, Receipt, Result, Thing
from earshot.errors import Transient
from tests.contract.tools.case import HOSTILE, NOW, order
from tests.contract.tools.described import Described
from tests.still import StillClock

SPECS = Path(__file__).parents[2].parent / "shared/specs"
CLOCK = StillClock(NOW)
NOTE = Receipt(external_id="7d1f6a0e-3c0b-4d6a-9f51-0a3d5f1c2b44")
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SPECS.exists(), reason=f"the descriptions are not at {SPECS}"),
    pytest.mark.parametrize("words", [None, HOSTILE, "ü" * 30_000]),
]


def described(name: str, base: str = "") -> Described:
    return Described(json.loads((SPECS / name).read_text(encoding="utf-8")), base)


async def test_pagerduty(words: str | None) -> None:
    mock = described("pagerduty/events-v2.openapi.json", "/v2")
    tool = PagerDutyTool(
        PagerDutySettings(), {"PAGERDUTY_ROUTING_KEY": "k" * 32}, clock=CLOCK, transport=mock.transport
    )
    for op in Op:
        assert (await tool.deliver(order(Thing.PAGE, op=op, words=words))).result is Result.DELIVERED
    await tool.access()
    assert mock.violations == []
    assert mock.taken == ["POST /enqueue"] * 5


@pytest.mark.parametrize("note_type", ["textNote", "conversationNote"])
async def test_productboard(words: str | None, note_type: str) -> None:
    mock = described("productboard/notes-v2.contract.openapi.json", "/v2")
    settings = ProductboardSettings.model_validate({"note_type": note_type, "owner": "pm@example.com"})
    tool = ProductboardTool(settings, {"PRODUCTBOARD_TOKEN": "t"}, clock=CLOCK, transport=mock.transport)
    made = await tool.deliver(order(Thing.FEEDBACK, words=words, again=True))
    assert made.receipt == Receipt(
        external_id=NOTE.external_id, url="https://acme.productboard.com/all-notes/notes/42"
    )
    update = order(Thing.FEEDBACK, op=Op.UPDATE, words=words, receipt=NOTE)
    assert (await tool.deliver(update)).result is Result.DELIVERED
    await tool.access()
    assert mock.violations == []
    wanted = ["GET /notes", "POST /notes", "PATCH /notes/{id}", "GET /notes/configurations"]
    assert mock.taken == wanted


async def test_hubspot(words: str | None) -> None:
    """The contract describes tasks only, so nobody is searched for."""
    mock = described("hubspot/tasks.contract.openapi.json")
    tool = HubSpotTool(HubSpotSettings(owner_id="1"), {"HUBSPOT_TOKEN": "t"}, clock=CLOCK, transport=mock.transport)
    made = await tool.deliver(order(Thing.TASK, words=words, email="", again=True))
    assert made.receipt == Receipt(external_id="512")
    for op in (Op.UPDATE, Op.REOPEN):
        assert (await tool.deliver(order(Thing.TASK, op=op, words=words, receipt=made.receipt))).receipt
    with pytest.raises(Transient, match="could not be read"):
        await tool.statuses(["512"])
    assert mock.violations == []
    tasks = "/crm/objects/2026-09/tasks"
    assert set(mock.taken) == {
        f"POST {tasks}",
        f"POST {tasks}/search",
        f"PATCH {tasks}/{{taskId}}",
        f"GET {tasks}/{{taskId}}",
    }
