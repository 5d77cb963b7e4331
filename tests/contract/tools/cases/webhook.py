"""Outgoing webhooks under contract."""

import json

from earshot.connectors.webhook.settings import WebhookSettings
from earshot.connectors.webhook.tool import WebhookTool
from earshot.domain.delivery import Thing
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.webhook import SIM_SECRET, WebhookSim
from tests.contract.tools.case import NOW, ToolCase, http_bench, order
from tests.still import StillClock

SETTINGS = WebhookSettings(name="n8n", url="https://n8n.example.com/webhook/x", secret_env="HOOK_SECRET")


def inert(body: str) -> None:
    """JSON whose strings no HTML page would interpret either."""
    json.loads(body)
    assert not set("<>&\u2028\u2029") & set(body)


CASE = ToolCase(
    name="webhook",
    bench=http_bench(
        lambda faults: WebhookSim(ToolSimSettings(faults=faults), clock=StillClock(NOW)),
        lambda transport, clock: WebhookTool(
            SETTINGS, {"HOOK_SECRET": SIM_SECRET}, clock=clock, transport=transport
        ),
        writes="/webhook/",
    ),
    orders=(order(Thing.EVENT),),
    inert=inert,
    secrets=(SIM_SECRET,),
)
