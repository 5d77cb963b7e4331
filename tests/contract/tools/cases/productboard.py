"""Productboard under the contract."""

import json
import re

from earshot.connectors.productboard.settings import ProductboardSettings
from earshot.connectors.productboard.tool import ProductboardTool
from earshot.domain.delivery import Thing
from earshot.sim.tools.productboard import ProductboardSim
from earshot.sim.tools.settings import ToolSimSettings
from tests.contract.tools.case import SECRET, ToolCase, http_bench, order

OURS = frozenset({"p", "br", "ul", "li", "strong", "h3", "blockquote", "a"})


def inert_html(html: str) -> None:
    """Only elements of our own, links to where we linked; as Markdown all of it is one block of HTML, too."""
    assert html.startswith("<")
    assert "\n\n" not in html
    assert set(re.findall(r"</?([a-zA-Z0-9]+)", html)) <= OURS
    assert set(re.findall(r'href="([^"]*)"', html)) <= {"https://app.example.com/c/1"}
    assert not {"\u202e", "\u200b"} & set(html)


def _inert(body: str) -> None:
    data = json.loads(body)["data"]
    inert_html(data["fields"]["content"])
    assert "\n" not in data["fields"]["name"]
    assert data["metadata"]["source"]["url"] == "https://app.example.com/c/1"


CASE = ToolCase(
    name="productboard",
    bench=http_bench(
        lambda faults: ProductboardSim(ToolSimSettings(faults=faults)),
        lambda transport, clock: ProductboardTool(
            ProductboardSettings(base_url="http://productboard.test/v2"),
            {"PRODUCTBOARD_TOKEN": SECRET},
            clock=clock,
            transport=transport,
        ),
        writes="/v2/notes",
    ),
    orders=(order(Thing.FEEDBACK),),
    inert=_inert,
)
