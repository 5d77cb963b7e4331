"""The guide's sample conversation, as its tools receive it: the words of `act`, the bodies of the connectors."""

from typing import Any

from earshot.connectors.hubspot.settings import HubSpotSettings
from earshot.connectors.hubspot.tool import HubSpotTool
from earshot.connectors.pagerduty.settings import PagerDutySettings
from earshot.connectors.pagerduty.tool import PagerDutyTool
from earshot.connectors.productboard.settings import ProductboardSettings
from earshot.connectors.productboard.tool import ProductboardTool
from earshot.connectors.slack.settings import SlackSettings
from earshot.connectors.slack.tool import SlackTool
from earshot.domain.action import ActionKind
from earshot.domain.delivery import Content, Dossier, Op, Order, Result, Thing
from earshot.domain.reading import ChurnRisk, IssueType, Priority
from earshot.ports.tool import Tool
from earshot.sim.tools.hubspot import HubSpotSim
from earshot.sim.tools.pagerduty import PagerDutySim
from earshot.sim.tools.productboard import ProductboardSim
from earshot.sim.tools.slack import SlackSim
from tests.contract.tools.case import KEY, NOW, REQUEST, SECRET, ToolSim
from tests.contract.tools.sockets import before, sent
from tests.still import StillClock
from tests.unit.act.cases import BOARD, PAGER, SLACK, TASK, WORDS, action, dossier, insight, theme

INBOX = "https://app.intercom.com/a/inbox/conv_12345"
CLOCK = StillClock(NOW)
AT_RISK = dossier(
    action(ActionKind.ALERT_CS_MANAGER, parameters={"channel": "#cs-alerts"}),
    insight=insight(churn_risk=ChurnRisk.HIGH),
)


async def body_of(sim: ToolSim, make: Any, content: Content, *, thing: Thing) -> dict[str, Any]:
    """The last body that reached the tool."""
    order = Order(object_key=KEY, request_key=REQUEST, thing=thing, op=Op.CREATE, content=content)
    async with before(sim, make) as tool:
        assert tool.check(order) == ""
        outcome = await tool.deliver(order)
        assert outcome.result is Result.DELIVERED, outcome
        assert outcome.note == ""
    return sent(sim)[-1]


def slack(base: str) -> Tool:
    return SlackTool(SlackSettings(base_url=f"{base}/api"), {"SLACK_BOT_TOKEN": SECRET}, clock=CLOCK)


def productboard(base: str) -> Tool:
    settings = ProductboardSettings(base_url=f"{base}/v2", tags=())
    return ProductboardTool(settings, {"PRODUCTBOARD_TOKEN": SECRET}, clock=CLOCK)


def hubspot(base: str) -> Tool:
    return HubSpotTool(HubSpotSettings(base_url=base), {"HUBSPOT_TOKEN": SECRET}, clock=CLOCK)


def pagerduty(base: str) -> Tool:
    return PagerDutyTool(PagerDutySettings(base_url=f"{base}/v2"), {"PAGERDUTY_ROUTING_KEY": SECRET}, clock=CLOCK)


def lines_of(said: str) -> list[str]:
    return [line for line in said.split("\n") if line.strip()]


async def test_the_churn_alert_in_slack() -> None:
    body = await body_of(SlackSim(), slack, WORDS.create(AT_RISK, SLACK), thing=Thing.MESSAGE)
    assert body["channel"] == "#cs-alerts"
    assert body["blocks"][0]["text"]["text"] == "🚨 HIGH CHURN RISK: Acme"
    lines = lines_of(body["text"])
    assert "Conversation: conv_12345" in lines
    assert "Issue: User unable to sync contacts with Salesforce CRM integration" in lines
    assert "Sentiment: -0.65" in lines
    assert lines[-1] == f"<{INBOX}|View in Intercom>"


async def test_the_note_in_productboard() -> None:
    about = dossier(
        action(ActionKind.CREATE_PRODUCTBOARD_NOTE),
        insight=insight(issue_type=IssueType.FEATURE_REQUEST),
        theme=theme(),
        conversations=12,
    )
    sim = ProductboardSim()
    data = (await body_of(sim, productboard, WORDS.create(about, BOARD), thing=Thing.FEEDBACK))["data"]
    assert data["fields"]["name"] == "User unable to sync contacts with Salesforce CRM integration"
    html = data["fields"]["content"]
    for words in ("Customer feedback from Intercom", "Category: FEATURE_REQUEST", "12 mentions", "conv_12345"):
        assert words in html
    assert {"name": "customer-request"} in data["fields"]["tags"]
    assert {"name": "integrations"} in data["fields"]["tags"]
    assert data["metadata"]["source"] == {"system": "earshot", "recordId": KEY, "url": INBOX}


async def test_the_task_in_hubspot() -> None:
    sim = HubSpotSim()
    sim.contacts["7"] = "ana@acme.test"
    body = await body_of(sim, hubspot, WORDS.create(AT_RISK, TASK), thing=Thing.TASK)
    assert body["properties"]["hs_task_subject"] == "Call Acme: high churn risk"
    assert INBOX in body["properties"]["hs_task_body"]
    assert body["associations"][0]["to"] == {"id": "7"}


async def test_the_page() -> None:
    about: Dossier = dossier(
        action(ActionKind.PAGE_ONCALL_ENGINEER),
        insight=insight(priority=Priority.CRITICAL),
        theme=theme(),
        conversations=12,
        customers=8,
    )
    event = await body_of(PagerDutySim(), pagerduty, WORDS.create(about, PAGER), thing=Thing.PAGE)
    assert event["payload"]["severity"] == "critical"
    assert event["payload"]["summary"].startswith("[Critical] ")
    assert event["payload"]["summary"].endswith(" - 12 conversations")
    assert event["payload"]["custom_details"]["customers"] == 8
    assert event["client_url"] == INBOX
