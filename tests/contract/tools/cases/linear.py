"""Linear under the contract of every tool."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from markdown_it import MarkdownIt
from markdown_it.token import Token

from earshot.connectors.linear.settings import LinearSettings
from earshot.connectors.linear.tool import LinearTool
from earshot.domain.delivery import Thing
from earshot.sim.tools.linear import LinearSim
from earshot.sim.tools.settings import ToolSimSettings
from tests.contract.tools.case import SECRET, Bench, HttpBench, ToolCase, http_bench, order

_SETTINGS = LinearSettings(enabled=True, base_url="http://linear.test", team="ENG")
_HREF = "https://app.example.com/c/1"
_plain = http_bench(
    lambda faults: LinearSim(ToolSimSettings(faults=faults)),
    lambda line, clock: LinearTool(_SETTINGS, {"LINEAR_API_KEY": SECRET}, clock=clock, transport=line),
    writes="/graphql",
)


@asynccontextmanager
async def _bench() -> AsyncGenerator[Bench]:
    """A tool that knows team and labels already, so that its next request is the create."""
    async with _plain() as bench:
        tool = bench.tool
        assert isinstance(tool, LinearTool)
        assert isinstance(bench, HttpBench)
        team = await tool._names.team("ENG")  # pyright: ignore[reportPrivateUsage]
        assert isinstance(team, str)
        await tool._names.labels(team, ["earshot", "Bug", "bug"])  # pyright: ignore[reportPrivateUsage]
        bench.sim.tally.received.clear()
        yield bench


def _inert(body: str) -> None:
    """A Markdown reader sees only our links, and no HTML or image; titles are one line."""
    for one in _inputs(json.loads(body)["variables"]):
        tokens = _flat(
            MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(one.get("description", ""))
        )
        assert {token.type for token in tokens}.isdisjoint(
            {"html_inline", "html_block", "image", "s_open", "fence"}
        )
        assert {token.attrs["href"] for token in tokens if token.type == "link_open"} <= {_HREF}
        assert not re.search(r"(?<!\\)@\w|(?<!\\):(?=//evil)", one.get("description", ""))
        assert one.get("url", _HREF) == _HREF
        assert "\n" not in one.get("title", "")


def _flat(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in [token, *_flat(token.children or [])]]


def _inputs(variables: dict[str, Any]) -> list[dict[str, Any]]:
    return [cast("dict[str, Any]", value) for value in variables.values() if isinstance(value, dict)]


CASE = ToolCase("linear", bench=_bench, orders=(order(Thing.TICKET),), inert=_inert)
