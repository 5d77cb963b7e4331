"""What every request passes: token, version, rate limit, faults; then the endpoint, then the wire."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from earshot.sim.intercom.answers import Answer, Call, Refusal, invalid, not_found
from earshot.sim.intercom.control import CONTROLS
from earshot.sim.intercom.peek import mapping
from earshot.sim.intercom.reading import READINGS
from earshot.sim.intercom.settings import Fault
from earshot.sim.intercom.world import World
from earshot.sim.intercom.writing import WRITINGS
from earshot.sim.serving import ABORT

VERSIONS = frozenset(
    [*(f"1.{minor}" for minor in range(5)), *(f"2.{minor}" for minor in range(17)), "Preview", "Unstable"]
)

Endpoint = Callable[[World, Call], Answer]
Respond = Callable[[Request], Awaitable[Response]]


class Silence(Response):
    """No answer at all: waits until the connection is gone, then says nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the disconnect; `scope` and `send` are ASGI's, not needed."""
        del scope, send
        while (await receive())["type"] != "http.disconnect":
            continue


def build_app(sim: World) -> ASGIApp:
    """The ASGI application of a simulated workspace."""
    routes = [Route("/_sim" + path, _controlled(sim, act), methods=[verb]) for verb, path, act in CONTROLS]
    routes += [
        Route(path, _guarded(sim, act, name=f"{verb} {path}"), methods=[verb])
        for verb, path, act in (*READINGS, *WRITINGS)
    ]
    return Starlette(routes=routes, exception_handlers={404: _nothing_here, 405: _nothing_here})


async def _nothing_here(_request: Request, _error: Exception) -> Response:
    return _response(not_found("The requested resource does not exist").answer)


def _controlled(sim: World, act: Endpoint) -> Respond:
    async def respond(request: Request) -> Response:
        try:
            answer = act(sim, await _call(request))
        except Refusal as refusal:
            answer = refusal.answer
        return _response(answer)

    return respond


def _guarded(sim: World, act: Endpoint, *, name: str) -> Respond:
    async def respond(request: Request) -> Response:
        sim.requests[name] += 1
        headers: dict[str, str] = {}
        try:
            _check(sim, request)
            headers = sim.window.take(sim.clock.now().timestamp())
            answer = await _struck(sim, request, act=act)
        except Refusal as refusal:
            answer = refusal.answer
        if answer is None:
            return Silence()
        sim.statuses[answer.status] += 1
        return _response(answer, headers)

    return respond


def _check(sim: World, request: Request) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    wanted = sim.settings.token
    if scheme != "Bearer" or not given or (wanted and given != wanted):
        raise Refusal(401, "unauthorized", message="Access Token Invalid")
    version = request.headers.get("intercom-version")
    if version is not None and version not in VERSIONS:
        raise invalid("Requested version does not exist", code="intercom_version_invalid")


async def _struck(sim: World, request: Request, *, act: Endpoint) -> Answer | None:
    """The endpoint's answer, or what a fault makes of it; None where the connection was cut."""
    body = await request.body()
    key = f"{request.method} {request.url.path}?{request.url.query} {body.decode('utf-8', 'replace')}"
    now = sim.clock.now().timestamp()
    fault = sim.faults.strike(key, request.url.path, now=now)
    if fault is None:
        return act(sim, await _call(request))
    instead = sim.faults.refuse(fault, key, limit=sim.window.limit)
    if isinstance(instead, Refusal):
        raise instead
    if instead is not None:
        return instead
    if fault is Fault.SLOW:
        await sim.clock.sleep(sim.settings.faults.slow_seconds)
    answer = act(sim, await _call(request))
    if fault is Fault.RESET:
        return _cut(request)
    return _damaged(answer, fault, cursor=request_cursor(body))


def _cut(request: Request) -> None:
    abort = request.scope.get(ABORT)
    if abort is None:
        raise ConnectionResetError("the simulator cut the connection")
    abort()


def _damaged(answer: Answer, fault: Fault, *, cursor: str | None) -> Answer:
    if fault is Fault.TRUNCATED:
        return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
    if fault is Fault.EMPTY:
        return Answer(answer.status, b"", answer.headers)
    if fault is Fault.REPEATED_CURSOR and cursor:
        page = mapping(json.loads(answer.body))
        if mapping(page.get("pages")).get("next"):
            page["pages"]["next"]["starting_after"] = cursor
            return Answer(answer.status, json.dumps(page).encode(), answer.headers)
    return answer


def request_cursor(body: bytes) -> str | None:
    """The cursor that a search request carries."""
    try:
        cursor: Any = json.loads(body)["pagination"]["starting_after"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(cursor)


async def _call(request: Request) -> Call:
    raw = await request.body()
    try:
        body: Any = json.loads(raw) if raw else None
    except ValueError as error:
        raise invalid("the body is not JSON", code="bad_request") from error
    address = f"{request.url.scheme}://{request.url.netloc}"
    return Call(dict(request.path_params), dict(request.query_params), body, address)


def _response(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    return Response(
        answer.body,
        status_code=answer.status,
        headers={**(headers or {}), **answer.headers},
        media_type=answer.media,
    )
