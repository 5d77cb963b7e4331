"""A tool whose secret is missing renders and checks all the same; what is to be sent waits, and nothing leaves."""

import importlib
from collections.abc import Mapping
from typing import Any, NoReturn

import httpx2
import pytest

from earshot.connectors.registry import INTERCOM, TOOLS, WEBHOOK, ToolEntry
from earshot.connectors.webhook.settings import WebhookSettings
from earshot.domain.delivery import Op, Result
from earshot.domain.model import Noun
from earshot.errors import Misconfigured
from earshot.ports.tool import Tool
from earshot.settings import Settings
from tests.contract.tools.case import NOW, order
from tests.still import StillClock

HOOK = WebhookSettings(name="n8n", url_env="HOOK_URL", secret_env="HOOK_SECRET", api_key_env="HOOK_KEY")
ENTRIES = (*TOOLS, INTERCOM, ToolEntry("webhook", HOOK.secrets, WEBHOOK))
GIVEN: dict[str, dict[str, Any]] = {
    "jira": {"base_url": "https://jira.test", "email": "bot@example.com", "project": "ENG"},
    "linear": {"team": "ENG"},
    "email": {"sender": "bot@example.com", "to": ["cs@example.com"]},
}
PARAMETERS = {"tag": "processed", "team": "ENG", "attribute": "kind", "value": "bug"}
UNUSABLE = "two words\nor lines"
every_tool = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
unset_or_unusable = pytest.mark.parametrize("value", ["", " \n", UNUSABLE], ids=["unset", "blank", "unusable"])


def made(entry: ToolEntry, monkeypatch: pytest.MonkeyPatch, value: str = "") -> Tool:
    """The tool with settings but no usable secret, on a line that may not be used."""
    monkeypatch.setattr(httpx2.AsyncClient, "send", forbidden)
    module, _, name = entry.place.partition(":")
    settings: Noun = HOOK if entry.name == "webhook" else getattr(Settings(), entry.name)
    chosen = type(settings).model_validate({**settings.model_dump(), **GIVEN.get(entry.name, {})})
    secrets: Mapping[str, str] = dict.fromkeys(entry.secrets, value) if value else {}
    return getattr(importlib.import_module(module), name)(chosen, secrets, clock=StillClock(NOW))


def forbidden(*_given: object, **_named: object) -> NoReturn:
    raise AssertionError("something was sent")


@every_tool
@unset_or_unusable
async def test_only_its_own_deliveries_wait(entry: ToolEntry, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = made(entry, monkeypatch, value)
    for thing in tool.abilities.orders:
        wanted = order(thing, parameters=PARAMETERS)
        assert tool.check(wanted) == ""
        assert tool.preview(wanted)
        outcome = await tool.deliver(wanted)
        assert outcome.result is Result.AUTH_FAILED
        assert any(name in outcome.reason for name in entry.secrets) or "Intercom access token" in outcome.reason
        assert UNUSABLE not in outcome.reason
        assert (await tool.find(wanted)).result not in (Result.DELIVERED, Result.REJECTED)
    await tool.close()


@every_tool
@unset_or_unusable
async def test_a_health_check_says_what_to_set(
    entry: ToolEntry, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = made(entry, monkeypatch, value)
    with pytest.raises(Misconfigured) as caught:
        await tool.access()
    assert caught.value.hint
    assert UNUSABLE not in f"{caught.value} {caught.value.hint}"
    if tool.abilities.reads_back:
        with pytest.raises(Misconfigured):
            await tool.statuses(["1"])
    else:
        assert await tool.statuses(["1"]) == []


@every_tool
def test_an_order_that_cannot_be_done_is_found_wrong_even_so(
    entry: ToolEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = made(entry, monkeypatch)
    thing = next(iter(tool.abilities.orders))
    assert "title" in tool.check(order(thing, title="\u200b", parameters=PARAMETERS))
    lacking = [op for op in Op if op not in tool.abilities.orders[thing]]
    assert all(tool.check(order(thing, op=op, parameters=PARAMETERS)) for op in lacking)
