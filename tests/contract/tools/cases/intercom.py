"""Writing back to Intercom under contract; faults are played on the line between the tool and the workspace."""

import json
import re
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.intercom.tool import IntercomTool
from earshot.connectors.intercom.write_settings import IntercomWriteSettings
from earshot.domain.delivery import Thing
from earshot.sim.intercom.settings import Fault, FaultSettings, SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.tools.settings import ToolFault
from earshot.sim.workspace import Json
from tests.contract.desk import talk, workspace
from tests.contract.tools.case import NOW, SECRET, Bench, ToolCase, order
from tests.still import StillClock

SETTINGS = IntercomSettings(
    base_url="http://127.0.0.1", write=IntercomWriteSettings(enabled=True, create_attributes=True)
)
TALK = "t-1"
_SCRIPTED = {ToolFault.TOO_MANY: Fault.TOO_MANY, ToolFault.SERVER_ERROR: Fault.SERVER_ERROR}
_BEFORE = (ToolFault.RESET, ToolFault.HANG)
_ALLOWED = re.compile(
    r"</?(p|strong|h3|ul|li|blockquote|br|a)( href=\"https://app\.example\.com/c/1\" rel=\"[a-z ]+\")?>"
)


def _refused(request: httpx2.Request, status: int) -> httpx2.Response:
    error = {"type": "error.list", "errors": [{"code": "unauthorized", "message": "no"}]}
    return httpx2.Response(status, json=error, request=request)


@dataclass
class Line(httpx2.AsyncBaseTransport):
    """The way to the workspace; a fault strikes the next request that writes to a conversation."""

    sim: IntercomSim
    fault: ToolFault | None = None
    cut: bool = False
    written: list[str] = field(default_factory=list[str])

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.cut:
            raise httpx2.ConnectError("refused", request=request)
        path = request.url.path
        if request.method == "GET" or not path.startswith(f"/conversations/{TALK}"):
            return await self._pass(request)
        self.written.append(request.content.decode())
        fault, self.fault = self.fault, None
        if fault is not None and fault in _SCRIPTED:
            self.sim.script_fault(_SCRIPTED[fault])
            fault = None
        return await (self._pass(request) if fault is None else self._struck(request, fault))

    async def _struck(self, request: httpx2.Request, fault: ToolFault) -> httpx2.Response:
        if fault in _BEFORE:
            raise ConnectionResetError
        if fault is ToolFault.UNAUTHORIZED:
            return _refused(request, 401)
        if fault is ToolFault.HTML:
            return httpx2.Response(502, content=b"<html>Bad gateway</html>", request=request)
        answer = await self._pass(request)
        body = await answer.aread()
        if fault is ToolFault.GARBAGE:
            return httpx2.Response(200, content=body[: len(body) // 2], request=request)
        if fault is ToolFault.HUGE:
            return httpx2.Response(200, content=json.dumps({"padding": "x" * 2_000_000}), request=request)
        if fault is ToolFault.LATE_ERROR:
            return _refused(request, 500)
        raise ConnectionResetError

    async def _pass(self, request: httpx2.Request) -> httpx2.Response:
        return await httpx2.ASGITransport(self.sim.app).handle_async_request(request)


@dataclass
class IntercomBench:
    """The tool with a simulated workspace."""

    tool: IntercomTool
    clock: StillClock
    line: Line

    def strike(self, fault: ToolFault) -> None:
        self.line.fault = fault

    def cut_off(self) -> None:
        self.line.cut = True

    def objects(self) -> int:
        """Notes, assignments and attribute changes; a tag that is on counts once."""
        held = self._talk()
        kinds = [str(part["part_type"]) for part in held["conversation_parts"]["conversation_parts"]]
        written = kinds.count("note") + kinds.count("assignment")
        return written + len(held["custom_attributes"]) + len(held["tags"]["tags"])

    def duplicates(self) -> int:
        return max(0, self.objects() - 1)

    def bodies(self) -> Sequence[str]:
        return self.line.written

    def _talk(self) -> Json:
        return self.line.sim.shelf.open_up(self.line.sim.record(TALK))


@asynccontextmanager
async def bench() -> AsyncGenerator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        held = workspace(Path(folder), talk(1))
        clock = StillClock(NOW)
        chosen = SimSettings(token=SECRET, faults=FaultSettings(burst_seconds=7))
        line = Line(IntercomSim(held, settings=chosen, clock=clock))
        tool = IntercomTool(SETTINGS, {"INTERCOM_ACCESS_TOKEN": SECRET}, clock=clock, transport=line)
        yield IntercomBench(tool, clock, line)
        await tool.close()


def inert(body: str) -> None:
    """A note holds no markup but ours, and nothing is ever a message to the customer."""
    said = json.loads(body)
    assert said.get("message_type") != "comment"
    markup = re.findall(r"<[^>]*>", said.get("body", ""))
    assert [one for one in markup if not _ALLOWED.fullmatch(one)] == []


CASE = ToolCase(
    name="intercom",
    bench=bench,
    orders=(
        order(Thing.NOTE, conversation=TALK),
        order(Thing.TAG, conversation=TALK, parameters={"tag": "processed"}),
        order(Thing.ASSIGNMENT, conversation=TALK, parameters={"team": "5017691"}),
        order(Thing.ATTRIBUTE, conversation=TALK, parameters={"attribute": "Earshot kind", "value": "product_bug"}),
    ),
    inert=inert,
)
