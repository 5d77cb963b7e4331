"""Slack by a bot under the contract."""

import json
from typing import Any

from earshot.connectors.lenient import Json, is_array, is_object
from earshot.connectors.slack.settings import SlackSettings
from earshot.connectors.slack.tool import SlackTool
from earshot.domain.delivery import Thing
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.slack import SlackSim
from tests.contract.tools.case import SECRET, ToolCase, http_bench, order

OURS = "https://app.example.com/c/1"


def inert(body: str) -> None:
    """Customers' words stand in plain text and rich text only; mrkdwn holds no `<` but of our own links."""
    message = json.loads(body)
    assert message["text"].replace(f"<{OURS}|", "").count("<") == 0
    assert message["unfurl_links"] is False
    assert message["unfurl_media"] is False
    assert "link_names" not in message or message["link_names"] is False
    for part in _parts(message["blocks"]):
        assert part.get("type") != "mrkdwn"
        assert part.get("type") not in ("user", "channel", "broadcast", "usergroup", "image")
        assert part.get("url", OURS) == OURS
    assert not {"\u202e", "\u200b"} & set(body)


def _parts(value: Any) -> list[Json]:
    if is_object(value):
        return [value, *(part for one in value.values() for part in _parts(one))]
    return [part for one in value for part in _parts(one)] if is_array(value) else []


CASE = ToolCase(
    name="slack",
    bench=http_bench(
        lambda faults: SlackSim(ToolSimSettings(faults=faults)),
        lambda transport, clock: SlackTool(
            SlackSettings(base_url="http://slack.test/api", channel="#alerts"),
            {"SLACK_BOT_TOKEN": SECRET},
            clock=clock,
            transport=transport,
        ),
        writes="/api/chat.postMessage",
    ),
    orders=(order(Thing.MESSAGE),),
    inert=inert,
)
