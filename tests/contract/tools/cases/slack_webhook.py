"""Slack by an incoming webhook under the contract."""

from earshot.connectors.slack.settings import SlackSettings
from earshot.connectors.slack.tool import SlackTool
from earshot.domain.delivery import Thing
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.slack import SlackSim
from tests.contract.tools.case import SECRET, ToolCase, http_bench, order
from tests.contract.tools.cases.slack import inert

CASE = ToolCase(
    name="slack by webhook",
    bench=http_bench(
        lambda faults: SlackSim(ToolSimSettings(faults=faults)),
        lambda transport, clock: SlackTool(
            SlackSettings(),
            {"SLACK_WEBHOOK_URL": f"https://hooks.slack.test/services/T1/A1/{SECRET}"},
            clock=clock,
            transport=transport,
        ),
        writes="/services/",
    ),
    orders=(order(Thing.MESSAGE),),
    inert=inert,
)
