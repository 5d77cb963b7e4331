"""HubSpot under the contract."""

import json

from earshot.connectors.hubspot.settings import HubSpotSettings
from earshot.connectors.hubspot.tool import HubSpotTool
from earshot.domain.delivery import Thing
from earshot.sim.tools.hubspot import HubSpotSim
from earshot.sim.tools.settings import ToolSimSettings
from tests.contract.tools.case import SECRET, ToolCase, http_bench, order
from tests.contract.tools.cases.productboard import inert_html


def _inert(body: str) -> None:
    properties = json.loads(body)["properties"]
    inert_html(properties["hs_task_body"])
    assert "\n" not in properties["hs_task_subject"]


CASE = ToolCase(
    name="hubspot",
    bench=http_bench(
        lambda faults: HubSpotSim(ToolSimSettings(faults=faults)),
        lambda transport, clock: HubSpotTool(
            HubSpotSettings(base_url="http://hubspot.test"),
            {"HUBSPOT_TOKEN": SECRET},
            clock=clock,
            transport=transport,
        ),
        writes="/crm/objects/2026-09/tasks",
    ),
    orders=(order(Thing.TASK),),
    inert=_inert,
)
