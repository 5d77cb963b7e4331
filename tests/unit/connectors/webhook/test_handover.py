"""Our n8n workflow and Make blueprint find in an event what they read from it, where they are present."""

import json
import re
from pathlib import Path

import pytest

from earshot.connectors.webhook.settings import WebhookSettings
from earshot.connectors.webhook.tool import WebhookTool
from earshot.domain.delivery import Thing
from tests.contract.tools.case import NOW, order
from tests.still import StillClock

SPECS = Path(__file__).parents[4].parent / "shared/specs"
FILES = {
    "n8n": (SPECS / "n8n/earshot-handover.workflow.json", r"\$json\.body\.data\.(\w+)"),
    "make": (SPECS / "make/earshot-handover.blueprint.json", r"\{\{1\.data\.(\w+)\}\}"),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", FILES)
def test_what_is_read_is_there(name: str) -> None:
    file, pattern = FILES[name]
    if not file.exists():
        pytest.skip(f"it is not at {file}")
    tool = WebhookTool(WebhookSettings(name=name, url="https://x.example.com/y"), {}, clock=StillClock(NOW))
    data = json.loads(tool.preview(order(Thing.EVENT)))["data"]
    wanted = set(re.findall(pattern, file.read_text(encoding="utf-8")))
    assert {"id", "severity"} <= wanted
    assert wanted <= set(data)
    assert data["severity"] == "critical"
