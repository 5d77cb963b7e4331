"""The switched-on tools: what their classes are given."""

from typing import Any

import pytest

from earshot.app import build
from earshot.errors import Misconfigured
from earshot.settings import Secrets, Settings


@pytest.mark.parametrize("public_url", ["https://earshot.example.com", "https://EARSHOT.example.com:8443/"])
async def test_no_event_is_sent_to_our_own_public_address(database_url: str, public_url: str) -> None:
    values: dict[str, Any] = {
        "web": {"public_url": public_url},
        "webhooks": [{"name": "loop", "url": "https://earshot.example.com/webhooks/intercom"}],
    }
    secrets = Secrets.model_validate({"database_url": database_url})
    async with await build(Settings.fixed(values), secrets=secrets) as earshot:
        tool = earshot.parts.make_tools()["webhook:loop"]
        with pytest.raises(Misconfigured, match="points at Earshot itself"):
            await tool.access()
