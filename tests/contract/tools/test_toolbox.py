"""The settings that `earshot sim tools` prints lead every tool to its simulator."""

import importlib
import tomllib

import pytest

from earshot.connectors.registry import TOOLS, WEBHOOK
from earshot.domain.delivery import Result, Thing
from earshot.ports.clock import SystemClock
from earshot.ports.tool import Tool
from earshot.settings import Settings
from earshot.sim.tools.server import running
from earshot.sim.tools.toolbox import Toolbox
from tests.contract.tools.case import order

FIRST = {
    "jira": Thing.TICKET,
    "linear": Thing.TICKET,
    "productboard": Thing.FEEDBACK,
    "slack": Thing.MESSAGE,
    "pagerduty": Thing.PAGE,
    "hubspot": Thing.TASK,
    "email": Thing.MAIL,
    "webhook": Thing.EVENT,
}


def made(name: str, settings: Settings, environment: dict[str, str]) -> Tool:
    places = {entry.name: entry.place for entry in TOOLS} | {"webhook": WEBHOOK}
    module, _, cls = places[name].partition(":")
    section = settings.webhooks[0] if name == "webhook" else getattr(settings, name)
    return getattr(importlib.import_module(module), cls)(section, environment, clock=SystemClock())


@pytest.mark.parametrize("name", sorted(FIRST))
async def test_the_printed_settings_work(name: str) -> None:
    toolbox = Toolbox()
    async with toolbox.smtp.running() as smtp, running(toolbox.apps) as url:
        settings = Settings.fixed(tomllib.loads(toolbox.sections(url)))
        tool = made(name, settings, toolbox.environment(smtp))
        try:
            assert (await tool.access()).can
            outcome = await tool.deliver(order(FIRST[name]))
        finally:
            await tool.close()
    assert outcome.result is Result.DELIVERED, outcome
    assert toolbox.tallies[name].objects == 1
    assert toolbox.tallies[name].duplicates == {}
    others = [tally.objects for other, tally in toolbox.tallies.items() if other != name]
    assert not any(others)
