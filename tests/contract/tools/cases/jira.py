"""Jira under the contract of every tool."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from earshot.connectors.jira.settings import JiraSettings
from earshot.connectors.jira.tool import JiraTool
from earshot.domain.delivery import Thing
from earshot.sim.tools.adf_check import adf_trouble
from earshot.sim.tools.jira import JiraSim
from earshot.sim.tools.settings import ToolSimSettings
from tests.contract.tools.case import SECRET, Bench, ToolCase, http_bench, order

_SETTINGS = JiraSettings(
    enabled=True,
    base_url="http://jira.test",
    email="bot@example.com",
    project="ENG",
    fields={"rice_score": "customfield_10050"},
)
_KINDS = frozenset({"doc", "paragraph", "heading", "bulletList", "listItem", "blockquote", "text", "hardBreak"})
_plain = http_bench(
    lambda faults: JiraSim(ToolSimSettings(faults=faults)),
    lambda line, clock: JiraTool(_SETTINGS, {"JIRA_API_TOKEN": SECRET}, clock=clock, transport=line),
    writes="/rest/api/3/issue",
)


@asynccontextmanager
async def _bench() -> AsyncGenerator[Bench]:
    """A tool that knows the screens already, so that the first request under the issue's path is the create."""
    async with _plain() as bench:
        await bench.tool.access()
        yield bench


def _inert(body: str) -> None:
    """Text stands in text nodes only; links lead where we said; nothing mentions or embeds."""
    sent = json.loads(body)
    if "fields" not in sent:
        assert set(sent) == {"globalId", "application", "relationship", "object"}
        assert sent["object"]["url"] == "https://app.example.com/c/1"
        return
    description = sent["fields"]["description"]
    assert adf_trouble(description) == ""
    assert _kinds(description) <= _KINDS
    assert _hrefs(description) <= {"https://app.example.com/c/1"}
    assert "\n" not in sent["fields"]["summary"]
    assert all(" " not in label for label in sent["fields"]["labels"])


def _kinds(node: Any) -> set[str]:
    return {str(node["type"])}.union(*(_kinds(part) for part in node.get("content", [])))


def _hrefs(node: Any) -> set[str]:
    marks = cast("list[Any]", node.get("marks", []))
    own = {str(mark["attrs"]["href"]) for mark in marks if mark["type"] == "link"}
    return own.union(*(_hrefs(part) for part in node.get("content", [])))


CASE = ToolCase("jira", bench=_bench, orders=(order(Thing.TICKET),), inert=_inert)
