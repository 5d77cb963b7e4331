"""What every request passes: recording, key, faults; then the endpoint, then the wire. Plain ASGI, for speed."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Protocol, cast
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from earshot.sim.llm.catalogue import Vendor
from earshot.sim.llm.faults import overloaded
from earshot.sim.llm.settings import KEEPING, TRANSPORT, Fault
from earshot.sim.llm.wire import Call, Refused, Reply, anthropic_error, google_error, openai_error
from earshot.sim.llm.world import Received, World
from earshot.sim.serving import ABORT

Endpoint = Callable[[World, Call], Awaitable[Reply]]
_KEEPING = ("/v1/messages/batches", "/v1/batches", "/v1/files")


class Finder(Protocol):
    """Finds who answers a call."""

    def __call__(self, vendor: str, method: str, /, *, url: str) -> tuple[Endpoint, tuple[str, ...]] | None:
        """The endpoint and the path's parameters; `vendor` may be empty."""
        ...


def build_app(sim: World, find: Finder) -> ASGIApp:
    """The ASGI application of the simulated providers."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = sim.clock.monotonic()
        call = await _call(scope, receive)
        control = call.url.startswith("/_sim/")
        vendor = _vendor(call)
        reply = await (_controlled if control else _guarded)(sim, call, find=find, vendor=vendor)
        if reply is None:
            _cut(scope)
            return
        if not control:
            sim.statuses[reply.status] += 1
        wait = reply.seconds - (sim.clock.monotonic() - started)
        if wait > 0:
            await sim.clock.sleep(wait)
        await _deliver(sim, reply, scope=scope, receive=receive, send=send, request_id=sim.new_id("req_"))

    return app


async def _call(scope: Scope, receive: Receive) -> Call:
    body = b""
    more = True
    while more:
        event = await receive()
        body = body + event.get("body", b"") if body else event.get("body", b"")
        more = bool(event.get("more_body"))
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    address = f"{scope['scheme']}://{headers.get('host', '')}"
    return Call(scope["method"], scope["path"], (), query, headers, body, address)


def _vendor(call: Call) -> Vendor:
    if call.url.startswith("/v1beta/"):
        return "google"
    return "anthropic" if "anthropic-version" in call.headers or call.url.startswith("/v1/messages") else "openai"


async def _controlled(sim: World, call: Call, *, find: Finder, vendor: Vendor) -> Reply | None:
    found = find("", call.method, url=call.url)
    if found is None:
        return openai_error(_nothing(call))
    try:
        return await found[0](sim, _with_path(call, found[1]))
    except Refused as refused:
        return _refusal(sim, refused, vendor=vendor)


async def _guarded(sim: World, call: Call, *, find: Finder, vendor: Vendor) -> Reply | None:
    """The answer, or None where the connection is to be cut."""
    _record(sim, call)
    try:
        if sim.is_down:
            return _closed(sim, vendor)
        _check_key(sim, call)
        found = find(vendor, call.method, url=call.url)
        if found is None:
            raise _nothing(call)
        return await _struck(sim, _with_path(call, found[1]), endpoint=found[0], vendor=vendor)
    except Refused as refused:
        return _refusal(sim, refused, vendor=vendor)


def _record(sim: World, call: Call) -> None:
    sim.counts[f"{call.method} {call.url}"] += 1
    sim.keep(Received(call.method, call.url, call.body, sim.clock.now()))


def _closed(sim: World, vendor: Vendor) -> Reply | None:
    if sim.down_way is Fault.RESET:
        return None
    if sim.down_way is Fault.OVERLOADED:
        raise overloaded(vendor)
    raise Refused(503, "server_error", message="The service is temporarily unavailable.")


def _check_key(sim: World, call: Call) -> None:
    scheme, _, bearer = call.headers.get("authorization", "").partition(" ")
    given = bearer if scheme == "Bearer" else ""
    given = given or call.headers.get("x-api-key", "") or call.headers.get("x-goog-api-key", "")
    if not given or (sim.settings.keys and given not in sim.settings.keys):
        raise Refused(401, "invalid_request_error", message="Incorrect API key provided.", code="invalid_api_key")


async def _struck(sim: World, call: Call, *, endpoint: Endpoint, vendor: Vendor) -> Reply | None:
    """The endpoint's answer, or what a fault makes of it."""
    key = f"{call.method} {call.url} {_digest(call.body)}" if sim.settings.faults.kinds else ""
    keeps = call.url.startswith(_KEEPING)
    fault = sim.faults.strike(KEEPING if keeps else TRANSPORT, key, path=call.url)
    if fault is None:
        return await endpoint(sim, call)
    refused = sim.faults.refuse(fault, key, vendor=vendor)
    if refused is not None:
        raise refused
    if fault is Fault.RESET:
        return None
    if fault is Fault.HANG and not sim.faults.charged(key):
        return Reply(200, b"", spoiled=Fault.HANG)
    reply = await endpoint(sim, call)
    if fault is Fault.LATE_ERROR:
        raise Refused(500, "server_error", message="Something went wrong on our side.")
    return Reply(reply.status, reply.body, reply.headers, reply.media, reply.seconds, fault)


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=12).hexdigest()


def _with_path(call: Call, path: tuple[str, ...]) -> Call:
    return Call(call.method, call.url, path, call.query, call.headers, call.body, call.address) if path else call


def _nothing(call: Call) -> Refused:
    message = f"Invalid URL ({call.method} {call.url})"
    return Refused(404, "invalid_request_error", message=message)


def _refusal(sim: World, refused: Refused, *, vendor: Vendor) -> Reply:
    if vendor == "anthropic":
        return anthropic_error(refused, sim.new_id("req_"))
    return google_error(refused) if vendor == "google" else openai_error(refused)


def _cut(scope: Scope) -> None:
    abort = cast("Callable[[], None] | None", scope.get(ABORT))
    if abort is None:
        raise ConnectionResetError("the simulator cut the connection")
    abort()


async def _deliver(
    sim: World, reply: Reply, *, scope: Scope, receive: Receive, send: Send, request_id: str
) -> None:
    if reply.spoiled is Fault.HANG:
        await _hang(sim, receive)
        _cut(scope)
        return
    body = reply.body[: -max(1, len(reply.body) // 3)] if reply.spoiled is Fault.ENVELOPE else reply.body
    headers = [
        (b"content-type", reply.media.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"request-id", request_id.encode()),
        (b"x-request-id", request_id.encode()),
        *((name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.spoiled is Fault.HALF:
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        _cut(scope)
    elif reply.spoiled is Fault.DRIBBLE:
        await _dribble(sim, body, send=send)
    else:
        await send({"type": "http.response.body", "body": body})


async def _hang(sim: World, receive: Receive) -> None:
    """Say nothing until the client is gone or the time is up."""
    gone = asyncio.ensure_future(_disconnected(receive))
    over = asyncio.ensure_future(sim.clock.sleep(sim.settings.faults.hang_seconds))
    try:
        await asyncio.wait([gone, over], return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        over.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _dribble(sim: World, body: bytes, *, send: Send) -> None:
    pieces = 20
    size = max(1, len(body) // pieces)
    for start in range(0, len(body), size):
        last = start + size >= len(body)
        await send({"type": "http.response.body", "body": body[start : start + size], "more_body": not last})
        if not last:
            await sim.clock.sleep(sim.settings.faults.dribble_seconds / pieces)
