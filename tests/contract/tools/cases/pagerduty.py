"""PagerDuty under the contract."""

import json

from earshot.connectors.pagerduty.settings import PagerDutySettings
from earshot.connectors.pagerduty.tool import PagerDutyTool
from earshot.domain.delivery import Thing
from earshot.sim.tools.pagerduty import PagerDutySim
from earshot.sim.tools.settings import ToolSimSettings
from tests.contract.tools.case import SECRET, ToolCase, http_bench, order


def _inert(body: str) -> None:
    """PagerDuty shows text as text; what could lead away are links, and they are ours alone."""
    event = json.loads(body)
    assert [link["href"] for link in event["links"]] == ["https://app.example.com/c/1"]
    assert event["client_url"] == "https://app.example.com/c/1"
    assert "\n" not in event["payload"]["summary"]
    assert not {"\u202e", "\u200b"} & set(body)


CASE = ToolCase(
    name="pagerduty",
    bench=http_bench(
        lambda faults: PagerDutySim(ToolSimSettings(faults=faults)),
        lambda transport, clock: PagerDutyTool(
            PagerDutySettings(base_url="http://pagerduty.test/v2"),
            {"PAGERDUTY_ROUTING_KEY": SECRET},
            clock=clock,
            transport=transport,
        ),
        writes="/v2/enqueue",
    ),
    orders=(order(Thing.PAGE),),
    inert=_inert,
    waits=False,
)
