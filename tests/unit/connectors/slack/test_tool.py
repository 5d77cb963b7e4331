"""The Slack tool's choices: which way it speaks, where to, and what it refuses to begin with."""

import json

import pytest
from pydantic import ValidationError

from earshot.connectors.slack.settings import SlackSettings
from earshot.connectors.slack.tool import SlackTool
from earshot.domain.delivery import Op, Receipt, Result, Thing
from earshot.errors import Misconfigured
from tests.contract.tools.case import NOW, order
from tests.still import StillClock
from tests.unit.connectors.answering import Answers, json_answer, says

URL = "https://hooks.slack.test/services/T/B/x"
TOKEN = {"SLACK_BOT_TOKEN": "xoxb-1"}
POSTED = json_answer(200, {"ok": True, "channel": "C1", "ts": "1503435956.000247"})


def tool(answers: Answers | None = None, secrets: dict[str, str] | None = None, **settings: object) -> SlackTool:
    chosen = SlackSettings.model_validate({"channel": "#alerts", **settings})
    transport = None if answers is None else answers.transport
    return SlackTool(chosen, secrets or TOKEN, clock=StillClock(NOW), transport=transport)


async def test_a_bot_goes_before_a_webhook() -> None:
    answers = says(POSTED)
    await tool(answers, {**TOKEN, "SLACK_WEBHOOK_URL": URL}).deliver(order(Thing.MESSAGE))
    assert answers.requests[0].url.path == "/api/chat.postMessage"


@pytest.mark.parametrize(
    "secrets",
    [{}, {"SLACK_WEBHOOK_URL": "http://hooks.slack.test/services/T/B/x"}, {"SLACK_BOT_TOKEN": "xoxb-1\nxoxb-2"}],
)
async def test_without_a_usable_secret_messages_wait(secrets: dict[str, str]) -> None:
    lacking = SlackTool(SlackSettings(), secrets, clock=StillClock(NOW))
    assert lacking.check(order(Thing.MESSAGE)) == ""
    outcome = await lacking.deliver(order(Thing.MESSAGE))
    assert outcome.result is Result.AUTH_FAILED
    assert "SLACK_" in outcome.reason
    with pytest.raises(Misconfigured):
        await lacking.access()


def test_a_message_without_a_channel_is_not_tried() -> None:
    assert "channel" in tool(channel="").check(order(Thing.MESSAGE))
    assert tool(channel="").check(order(Thing.MESSAGE, parameters={"channel": "C9"})) == ""


async def test_a_numeric_ts_is_not_kept() -> None:
    outcome = await tool(says(json_answer(200, {"ok": True, "channel": "C1", "ts": 1503435956.000247}))).deliver(
        order(Thing.MESSAGE)
    )
    assert outcome.result is Result.DELIVERED
    assert outcome.receipt is None


async def test_an_edit_asks_for_no_parsing() -> None:
    answers = says(POSTED)
    receipt = Receipt(external_id="C1:1.2", extra={"channel": "C1", "ts": "1.2"})
    update = order(Thing.MESSAGE, op=Op.UPDATE, receipt=receipt)
    speaker = tool(answers)
    await speaker.deliver(update)
    assert answers.requests[0].url.path == "/api/chat.update"
    assert answers.bodies[0] == json.loads(speaker.preview(update))
    assert (
        answers.bodies[0] | {"parse": "none", "link_names": False, "channel": "C1", "ts": "1.2"}
        == answers.bodies[0]
    )


async def test_a_missing_scope_is_a_warning() -> None:
    told = json_answer(200, {"ok": True, "user": "earshot", "team": "Acme"}, {"x-oauth-scopes": "channels:read"})
    access = await tool(says(told)).access()
    assert access.who == "earshot in Acme"
    assert access.warnings


async def test_it_looks_nothing_up() -> None:
    speaker = tool()
    assert (await speaker.find(order(Thing.MESSAGE))).result is Result.UNKNOWN
    assert await speaker.statuses(["C1:1.2"]) == []


@pytest.mark.parametrize("url", ["ftp://slack.test", "slack.com", "https://", "https://me:pw@slack.com"])
def test_an_address_must_be_one(url: str) -> None:
    with pytest.raises(ValidationError, match="must be an address"):
        SlackSettings(base_url=url)
