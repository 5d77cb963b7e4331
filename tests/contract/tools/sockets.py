"""A tool before its simulator on a real socket, and every way in which an order can end there."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from openapi_schema_validator import OAS30Validator

from earshot.domain.delivery import Order, Outcome, Result
from earshot.ports.tool import Resend, Tool
from earshot.sim import serving
from tests.contract.tools.case import SECRET, ToolSim

Json = dict[str, Any]
HANGS_AFTER = 0.4
"""Seconds after which these tests call a request hanging."""


@asynccontextmanager
async def before(sim: ToolSim, make: Callable[[str], Tool]) -> AsyncGenerator[Tool]:
    """The tool that `make` builds for the simulator's address."""
    async with serving.running(sim.app) as base:
        tool = make(base)
        try:
            yield tool
        finally:
            await tool.close()


async def ended(tool: Tool, order: Order, *, tries: int = 6) -> Outcome:
    """What the outbox does with an order until its end is known: waits are passed, unknown ones are settled."""
    outcome, maybe = Outcome(result=Result.RETRY), False
    for _ in range(tries):
        outcome = await tool.deliver(order.model_copy(update={"again": maybe}))
        if outcome.result is Result.UNKNOWN:
            maybe = True
            resend = tool.abilities.resend[order.thing]
            if resend is Resend.NEVER:
                return outcome
            found = await tool.find(order) if resend is Resend.LOOK_UP else outcome
            if found.result is Result.DELIVERED:
                return found
        elif outcome.result is not Result.RETRY:
            return outcome
    return outcome


def sent(sim: ToolSim, *, method: str = "POST", path: str = "/") -> list[Json]:
    """The JSON bodies that arrived, in order."""
    received = sim.tally.received
    return [json.loads(one.body) for one in received if one.method == method and one.url.startswith(path)]


async def told(sim: ToolSim, method: str, *, path: str, body: object = None) -> Any:
    """What the simulator itself answers to one request."""
    transport = httpx2.ASGITransport(sim.app)
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://sim", headers=headers) as http:
        return (await http.request(method, path, json=body)).json()


def mistakes(spec: Json, schema: Mapping[str, Any], *, value: Any) -> list[str]:
    """What a part of an OpenAPI description says against a value."""
    whole = {**schema, "components": spec["components"]}
    found = OAS30Validator(whole).iter_errors(value)
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in found]


def request_of(spec: Json, path: str, *, method: str = "post") -> Json:
    """The schema of an operation's request."""
    return spec["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]


def answer_of(spec: Json, path: str, *, method: str = "post", status: int = 200) -> Json:
    """The schema of an operation's answer."""
    response = spec["paths"][path][method]["responses"][str(status)]
    if "$ref" in response:
        response = spec["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response["content"]["application/json"]["schema"]
