"""Slack end to end on a real socket, by a bot and by a webhook; blocks against the models of Slack's own SDK."""

from typing import Any, cast

import pytest
from slack_sdk.models.blocks import Block

from earshot.connectors.slack.settings import SlackSettings
from earshot.connectors.slack.tool import SlackTool
from earshot.domain.delivery import Op, Receipt, Result, Thing
from earshot.domain.document import Bullets, Document, Paragraph, Span
from earshot.errors import Misconfigured
from earshot.sim.tools.settings import ToolFault
from earshot.sim.tools.slack import SlackSim
from tests.contract.tools.case import HOSTILE, NOW, SECRET, content, order
from tests.contract.tools.sockets import HANGS_AFTER, before, ended, sent
from tests.still import StillClock

MESSAGE = order(Thing.MESSAGE)
SITE = "https://acme.slack.test"


def bot(base: str, *, token: str = SECRET, channel: str = "#alerts") -> SlackTool:
    settings = SlackSettings(base_url=f"{base}/api", channel=channel, site_url=SITE, timeout_seconds=HANGS_AFTER)
    return SlackTool(settings, {"SLACK_BOT_TOKEN": token}, clock=StillClock(NOW))


def hook(base: str, token: str = SECRET) -> SlackTool:
    settings = SlackSettings(timeout_seconds=HANGS_AFTER)
    return SlackTool(settings, {"SLACK_WEBHOOK_URL": f"{base}/services/T1/A1/{token}"}, clock=StillClock(NOW))


async def test_a_message_is_posted_and_edited_in_place() -> None:
    sim = SlackSim()
    async with before(sim, bot) as tool:
        outcome = await tool.deliver(MESSAGE)
        receipt = outcome.receipt
        assert receipt is not None
        assert receipt.extra == {"channel": "C0000000001", "ts": sim.messages[0].ts}
        assert receipt.url == f"{SITE}/archives/C0000000001/p{sim.messages[0].ts.replace('.', '')}"
        changed = await tool.deliver(order(Thing.MESSAGE, op=Op.UPDATE, receipt=receipt, title="Now 12 customers"))
        assert changed.receipt == receipt
    assert len(sim.messages) == 1
    assert sim.messages[0].edits == 1
    assert sim.messages[0].text.startswith("Now 12 customers")


async def test_a_message_that_can_no_longer_be_edited_is_posted_where_it_stood() -> None:
    sim = SlackSim()
    async with before(sim, bot) as tool:
        first = await tool.deliver(order(Thing.MESSAGE, parameters={"channel": "#cs-alerts"}))
        sim.freeze()
        second = await tool.deliver(order(Thing.MESSAGE, op=Op.UPDATE, receipt=first.receipt))
    assert second.result is Result.DELIVERED
    assert second.receipt != first.receipt
    assert [message.channel for message in sim.messages] == ["C0000000002", "C0000000002"]


async def test_an_update_without_a_receipt_repairs_what_may_not_have_been_sent() -> None:
    sim = SlackSim()
    async with before(sim, bot) as tool:
        outcome = await tool.deliver(order(Thing.MESSAGE, op=Op.UPDATE))
        assert outcome.receipt is not None
    assert len(sim.messages) == 1


async def test_what_is_back_is_said_anew() -> None:
    sim = SlackSim()
    async with before(sim, bot) as tool:
        first = await tool.deliver(MESSAGE)
        await tool.deliver(order(Thing.MESSAGE, op=Op.RESOLVE, receipt=first.receipt, title="Quiet again"))
        await tool.deliver(order(Thing.MESSAGE, op=Op.REOPEN, receipt=first.receipt, title="It is back"))
    assert [message.text.split("\n")[0] for message in sim.messages] == ["Quiet again", "It is back"]


@pytest.mark.parametrize("make", [bot, hook])
@pytest.mark.parametrize("fault", ToolFault)
async def test_however_an_answer_ends_no_message_is_there_twice(make: Any, fault: ToolFault) -> None:
    sim = SlackSim()
    async with before(sim, make) as tool:
        sim.faults.script(fault)
        outcome = await ended(tool, MESSAGE)
    stored = fault in (ToolFault.LOST, ToolFault.LATE_HANG, ToolFault.LATE_ERROR, ToolFault.GARBAGE, ToolFault.HUGE)
    if fault is ToolFault.TOO_MANY:
        assert outcome.result is Result.DELIVERED
        assert len(sim.messages) == 1
    else:
        wanted = Result.AUTH_FAILED if fault is ToolFault.UNAUTHORIZED else Result.UNKNOWN
        assert outcome.result is wanted
        assert len(sim.messages) == int(stored)


@pytest.mark.parametrize("fault", [ToolFault.LOST, ToolFault.LATE_HANG, ToolFault.GARBAGE])
async def test_the_next_update_makes_up_for_a_lost_answer_to_an_update(fault: ToolFault) -> None:
    sim = SlackSim()
    async with before(sim, bot) as tool:
        receipt = (await tool.deliver(MESSAGE)).receipt
        sim.faults.script(fault)
        update = order(Thing.MESSAGE, op=Op.UPDATE, receipt=receipt, title="Now 12 customers")
        assert (await tool.deliver(update)).result is Result.UNKNOWN
        assert (await tool.deliver(update)).result is Result.DELIVERED
    assert len(sim.messages) == 1


async def test_blocks_that_slack_refuses_go_out_as_text_once() -> None:
    sim = SlackSim()
    items = tuple((Span(text="word " * 20),) for _ in range(100))
    body = Document(blocks=(Paragraph(spans=(Span(text="Look"),)), Bullets(items=items)))
    async with before(sim, bot) as tool:
        assert (await tool.deliver(order(Thing.MESSAGE, body=body))).note == ""
        sim.strict = True
        outcome = await tool.deliver(order(Thing.MESSAGE, body=body))
        assert outcome.result is Result.DELIVERED
        assert "plain text" in outcome.note
        assert sim.messages[-1].blocks == []
        update = await tool.deliver(order(Thing.MESSAGE, op=Op.UPDATE, body=body, receipt=outcome.receipt))
        assert update.result is Result.DELIVERED
    assert len(sim.messages) == 2
    assert len(sent(sim, path="/api/chat.postMessage")) == 3


async def test_a_rules_wrong_channel_stops_that_message_only() -> None:
    sim = SlackSim()
    async with before(sim, bot) as tool:
        wrong = await tool.deliver(order(Thing.MESSAGE, parameters={"channel": "#nowhere"}))
        assert wrong.result is Result.REJECTED
        assert wrong.fields == ("channel",)
        assert "channel_not_found" in wrong.reason
    sim.missing.add("C0000000001")
    async with before(sim, bot) as tool:
        ours = await tool.deliver(MESSAGE)
        assert ours.result is Result.PAUSED
        assert "invite" in ours.reason


async def test_an_archived_channel_pauses_a_webhook() -> None:
    sim = SlackSim()
    sim.archived.add("C0000000001")
    async with before(sim, hook) as tool:
        outcome = await tool.deliver(MESSAGE)
    assert outcome.result is Result.PAUSED
    assert "channel_is_archived" in outcome.reason


async def test_access_posts_nothing() -> None:
    sim = SlackSim()
    async with before(sim, bot) as tool:
        assert "Sim" in (await tool.access()).who
    async with before(sim, hook) as tool:
        assert "cannot edit" in (await tool.access()).warnings[0]
    async with before(sim, lambda base: bot(base, token="xoxb-wrong")) as tool:
        with pytest.raises(Misconfigured, match="invalid_auth"):
            await tool.access()
    async with before(sim, lambda base: hook(base, "wrong")) as tool:
        with pytest.raises(Misconfigured, match="no_service"):
            await tool.access()
    assert sim.messages == []


async def test_a_webhook_takes_no_updates() -> None:
    sim = SlackSim()
    async with before(sim, hook) as tool:
        assert tool.abilities.orders[Thing.MESSAGE] == {Op.CREATE}
        receipt = Receipt(external_id="x")
        assert (await tool.deliver(order(Thing.MESSAGE, op=Op.UPDATE, receipt=receipt))).result is Result.REJECTED
    assert sim.messages == []


@pytest.mark.parametrize("words", [None, HOSTILE, "x" * 40_000, "<&>" * 5_000])
async def test_blocks_are_as_slacks_own_models_want_them(words: str | None) -> None:
    sim = SlackSim()
    async with before(sim, bot) as tool:
        assert (await tool.deliver(order(Thing.MESSAGE, words=words))).note == ""
    body = sent(sim, path="/api/chat.postMessage")[0]
    assert body["text"]
    assert len(body["text"]) <= 4_000
    assert 1 <= len(body["blocks"]) <= 50
    for raw in body["blocks"]:
        block = cast("Any", Block).parse(raw)
        assert block is not None
        block.validate_json()
        assert block.to_dict()["type"] == raw["type"]


async def test_the_guides_alert_looks_as_it_shows_it() -> None:
    said = content().model_copy(update={"title": "🚨 HIGH CHURN RISK", "parameters": {"channel": "#cs-alerts"}})
    sim = SlackSim()
    async with before(sim, bot) as tool:
        assert (await tool.deliver(MESSAGE.model_copy(update={"content": said}))).result is Result.DELIVERED
    assert sim.messages[0].channel == "C0000000002"
    assert sim.messages[0].blocks[0]["text"]["text"] == "🚨 HIGH CHURN RISK"
