"""What the contract suite needs of a tool: a bench on which it works against its simulator."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import httpx2
from starlette.types import ASGIApp

from earshot.domain.delivery import Content, Op, Order, Receipt, Severity, Thing, WebLink
from earshot.domain.document import Bullets, Document, Heading, Paragraph, Quotation, Span
from earshot.ports.tool import Tool
from earshot.sim.tools.faults import ToolFaults
from earshot.sim.tools.settings import ToolFault, ToolFaultSettings
from earshot.sim.tools.tally import ToolTally
from tests.still import StillClock

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECRET = "sim-token"
KEY = "0123456789abcdef0123456789abcdef"
REQUEST = "fedcba9876543210fedcba9876543210"
HOSTILE = (
    "x <b>bold</b> <script>alert(1)</script> <!channel> <!here> <@U123> @channel @here"
    " [pay](https://evil.example/p) "
    "<https://evil.example|bank> [~accountid:557058:f5] {code} {{7*7}} ${jndi:x} &lt;i&gt; *b* _i_ `c` ~s~ # h\n"
    '![i](https://evil.example/i.png) "q" \'q\' \\ \u202e\u200b =HYPERLINK("https://evil.example") ]] ||h||'
)
"""Words that some target would read as markup, mention, link, macro or formula."""


class ToolSim(Protocol):
    """What every simulated tool has."""

    @property
    def app(self) -> ASGIApp: ...

    @property
    def faults(self) -> ToolFaults: ...

    @property
    def tally(self) -> ToolTally: ...


class Bench(Protocol):
    """A tool at work against its simulator, which can be made to misbehave."""

    @property
    def tool(self) -> Tool: ...

    @property
    def clock(self) -> StillClock: ...

    def strike(self, fault: ToolFault) -> None:
        """The next writing request meets this fault."""
        ...

    def cut_off(self) -> None:
        """From now on nothing can be reached."""
        ...

    def objects(self) -> int:
        """How many things came into being at the other side."""
        ...

    def duplicates(self) -> int:
        """How many of them too many."""
        ...

    def bodies(self) -> Sequence[str]:
        """The bodies of all writing requests that arrived, as text."""
        ...


@dataclass(frozen=True)
class ToolCase:
    """A tool under contract. `orders` are plausible CREATEs, one per thing; `secrets` must never be shown.

    `refuses` maps a fault to the result the service's own rules give where that differs from the general one.
    `inert` asserts that nothing in a body with hostile words would be interpreted. `waits`: a 429 names its wait.
    """

    name: str
    bench: Callable[[], AbstractAsyncContextManager[Bench]]
    orders: tuple[Order, ...]
    inert: Callable[[str], None]
    secrets: tuple[str, ...] = (SECRET,)
    refuses: Mapping[ToolFault, str] = field(default_factory=dict[ToolFault, str])
    waits: bool = True


class _Line(httpx2.AsyncBaseTransport):
    """The way to the simulator, which can be cut off before anything is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx2.ASGITransport(app)
        self.cut = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.cut:
            raise httpx2.ConnectError("refused", request=request)
        return await self._inner.handle_async_request(request)


@dataclass
class HttpBench:
    """A tool that speaks HTTP with a simulator in this process. `writes`: where the path of its creates begins."""

    tool: Tool
    clock: StillClock
    sim: ToolSim
    line: _Line
    writes: str

    def strike(self, fault: ToolFault) -> None:
        self.sim.faults.script(fault, path=self.writes)

    def cut_off(self) -> None:
        self.line.cut = True

    def objects(self) -> int:
        return self.sim.tally.objects

    def duplicates(self) -> int:
        return sum(self.sim.tally.duplicates.values())

    def bodies(self) -> Sequence[str]:
        received = self.sim.tally.received
        return [one.body.decode() for one in received if one.method != "GET" and one.url.startswith(self.writes)]


def http_bench(
    sim: Callable[[ToolFaultSettings], ToolSim],
    tool: Callable[[httpx2.AsyncBaseTransport, StillClock], Tool],
    *,
    writes: str,
) -> Callable[[], AbstractAsyncContextManager[Bench]]:
    """How a bench of an HTTP tool is set up: a fresh simulator and the tool each time."""

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Bench]:
        simulated = sim(ToolFaultSettings(hang_seconds=0.0, retry_after=7.0))
        clock, line = StillClock(NOW), _Line(simulated.app)
        made = tool(line, clock)
        try:
            yield HttpBench(made, clock, simulated, line, writes)
        finally:
            await made.close()

    return opened


def order(
    thing: Thing,
    *,
    op: Op = Op.CREATE,
    again: bool = False,
    words: str | None = None,
    receipt: Receipt | None = None,
    object_key: str = KEY,
    request_key: str = REQUEST,
    **changes: object,
) -> Order:
    """An order with every field of its content filled; `words` stand in all of them that carry text."""
    said = content(words).model_copy(update=changes)
    return Order(
        object_key=object_key,
        request_key=request_key,
        thing=thing,
        op=op,
        content=said,
        receipt=receipt,
        again=again,
    )


def content(words: str | None = None) -> Content:
    """A content; hostile or plain."""

    def say(plain: str) -> str:
        return plain if words is None else words

    blocks = (
        Heading(spans=(Span(text=say("What customers say")),)),
        Paragraph(spans=(Span(text=say("Exports stop at 10,000 rows.")), Span(text=say("Now."), strong=True))),
        Bullets(
            items=((Span(text=say("3 customers")),), (Span(text=say("link"), href="https://app.example.com/c/1"),))
        ),
        Quotation(text=say("It just stops."), href="https://app.example.com/c/1"),
    )
    return Content(
        title=say("Export stops at 10,000 rows"),
        body=Document(blocks=blocks),
        severity=Severity.CRITICAL,
        priority="P0",
        item_type="Bug",
        labels=("earshot", "bug"),
        components=("Exports",),
        facts={"customer_evidence_count": 3, "rice_score": 12.5, "first_reported": "2026-03-01"},
        links=(WebLink(text=say("The conversation"), href="https://app.example.com/c/1"),),
        url="https://app.example.com/c/1",
        area=say("Exports"),
        conversation="c-1",
        contact="u-1",
        email="customer@example.com",
        company=say("Acme"),
        due_at=datetime(2026, 3, 12, 12, tzinfo=UTC),
        said_at=datetime(2026, 3, 10, 11, tzinfo=UTC),
        parameters={},
    )
