"""What every request to a simulated tool passes: recording, secret, faults; then the endpoint, then the wire.

Endpoints are plain functions, so each request changes the state as one step.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from earshot.ports.clock import Clock, SystemClock
from earshot.sim.serving import ABORT
from earshot.sim.tools.faults import ToolFaults
from earshot.sim.tools.settings import DONE_ALL_THE_SAME, ToolFault, ToolSimSettings
from earshot.sim.tools.tally import Received, ToolTally
from earshot.sim.tools.wire import ToolCall, ToolRefused, ToolReply, answer, refused

Endpoint = Callable[[ToolCall], ToolReply]
Respond = Callable[[Request], Awaitable[Response]]
_SECRET_HEADERS = frozenset({"authorization", "cookie", "x-make-apikey", "x-api-key"})
_HUGE = 2_000_000


class ToolRoute(NamedTuple):
    """A path of the tool's API (Starlette's pattern) and who answers it. Raising ToolRefused answers, too."""

    method: str
    path: str
    endpoint: Endpoint


class Authorised(Protocol):
    """Checks the secret of a call; raises ToolRefused in the tool's own words."""

    def __call__(self, call: ToolCall, /) -> None:
        """Return, or raise."""
        ...


class Refusal(Protocol):
    """How the tool words a 429, 401 or 5xx; None: in general words."""

    def __call__(self, status: int, /, *, retry_after: float) -> ToolReply | None:
        """The answer of that status."""
        ...


class ToolDoor:
    """The ASGI application of a simulated tool, with its faults and its tally.

    `state` gives what it holds, as JSON, and `reset` empties it: for the control paths under `/_earshot`.
    """

    def __init__(
        self,
        settings: ToolSimSettings,
        *,
        routes: Sequence[ToolRoute],
        authorised: Authorised | None = None,
        refusal: Refusal | None = None,
        state: Callable[[], object] = dict,
        reset: Callable[[], None] = lambda: None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.faults = ToolFaults(settings.faults)
        self.tally = ToolTally(settings.keep_requests)
        self._authorised = authorised or bearer(settings.token)
        self._refusal = refusal
        self._state = state
        self._reset = reset
        self.app: ASGIApp = self._app(routes)

    def _app(self, routes: Sequence[ToolRoute]) -> ASGIApp:
        controls = (
            ToolRoute("POST", "/faults", self._script),
            ToolRoute("GET", "/tally", self._count),
            ToolRoute("GET", "/state", self._show),
            ToolRoute("POST", "/reset", self._begin_anew),
        )
        held = [Route("/_earshot" + path, _plain(act), methods=[verb]) for verb, path, act in controls]
        held += [
            Route(path, self._guarded(act, name=f"{verb} {path}"), methods=[verb]) for verb, path, act in routes
        ]
        return Starlette(routes=held, exception_handlers={404: _nothing_here, 405: _nothing_here})

    def _script(self, call: ToolCall) -> ToolReply:
        """`{"kind", "times"?, "path"?}` makes a fault certain."""
        body = call.json()
        if body.get("kind") not in list(ToolFault):
            raise refused(400, {"error": f"kind must be one of {', '.join(ToolFault)}"})
        times, path = int(body.get("times", 1)), str(body.get("path", "/"))
        self.faults.script(ToolFault(body["kind"]), times=times, path=path)
        return answer({})

    def _count(self, _call: ToolCall) -> ToolReply:
        return answer(self.tally.as_json())

    def _show(self, _call: ToolCall) -> ToolReply:
        return answer(self._state())

    def _begin_anew(self, _call: ToolCall) -> ToolReply:
        self.tally.reset()
        self._reset()
        return answer({})

    def _guarded(self, act: Endpoint, *, name: str) -> Respond:
        async def respond(request: Request) -> Response:
            call = await _call(request)
            self.tally.requests[name] += 1
            shown = {key: value for key, value in call.headers.items() if key not in _SECRET_HEADERS}
            self.tally.received.append(Received(call.method, call.url, shown, call.body, self.clock.now()))
            if self.settings.latency_seconds:
                await self.clock.sleep(self.settings.latency_seconds)
            response = self._answered(call, act)
            if isinstance(response, ToolFault):
                hangs = response in (ToolFault.HANG, ToolFault.LATE_HANG)
                return _Silence(self.clock, self.settings.faults.hang_seconds if hangs else 0.0)
            self.tally.statuses[response.status] += 1
            return _response(response)

        return respond

    def _answered(self, call: ToolCall, act: Endpoint) -> ToolReply | ToolFault:
        """The answer, or the fault for which there is none."""
        try:
            self._authorised(call)
            return self._struck(call, act)
        except ToolRefused as refusal:
            return refusal.answer

    def _struck(self, call: ToolCall, act: Endpoint) -> ToolReply | ToolFault:
        key = f"{call.method} {call.url} {call.body!r}" if self.settings.faults.kinds else ""
        fault = self.faults.strike(key, path=call.url)
        if fault is None:
            return act(call)
        if fault in DONE_ALL_THE_SAME:
            return self._spoiled(fault, act(call), key=key)
        if fault in (ToolFault.RESET, ToolFault.HANG):
            return fault
        return self._refuse(fault, key)

    def _spoiled(self, fault: ToolFault, real: ToolReply, *, key: str) -> ToolReply | ToolFault:
        if fault is ToolFault.LATE_ERROR:
            return self._refuse(ToolFault.SERVER_ERROR, key)
        if fault is ToolFault.GARBAGE:
            return ToolReply(real.status, b"{" + real.body[: len(real.body) // 2], real.headers, real.media)
        if fault is ToolFault.HUGE:
            return ToolReply(real.status, json.dumps({"padding": "x" * _HUGE}).encode(), real.headers)
        return fault

    def _refuse(self, fault: ToolFault, key: str) -> ToolReply:
        if fault is ToolFault.HTML:
            return ToolReply(502, b"<html><body><h1>Bad gateway</h1></body></html>", media="text/html")
        status = self.faults.status(key) if fault is ToolFault.SERVER_ERROR else int(fault)
        wait = self.settings.faults.retry_after
        own = None if self._refusal is None else self._refusal(status, retry_after=wait)
        headers = {"Retry-After": f"{wait:g}"} if status == 429 else {}
        return own or answer({"error": f"simulated {status}"}, status=status, headers=headers)


def bearer(token: str) -> Authorised:
    """Lets in who shows the token as a bearer; any token where it is empty, but never none."""

    def check(call: ToolCall) -> None:
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not given or (token and given != token):
            raise refused(401, {"error": "unauthorized"})

    return check


class _Silence(Response):
    """No answer: waits so many seconds or until the client is gone, then cuts the connection."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock = clock
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del send
        if self._seconds:
            await _first_of(_disconnected(receive), self._clock.sleep(self._seconds))
        abort = cast("Callable[[], None] | None", scope.get(ABORT))
        if abort is None:
            raise ConnectionResetError("the simulator cut the connection")
        abort()


async def _first_of(*waits: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def _plain(act: Endpoint) -> Respond:
    async def respond(request: Request) -> Response:
        try:
            return _response(act(await _call(request)))
        except ToolRefused as refusal:
            return _response(refusal.answer)

    return respond


async def _nothing_here(_request: Request, _error: Exception) -> Response:
    return _response(answer({"error": "not found"}, status=404))


async def _call(request: Request) -> ToolCall:
    root: str = request.scope.get("root_path", "")
    return ToolCall(
        request.method,
        request.scope["path"].removeprefix(root),
        {name: str(value) for name, value in request.path_params.items()},
        dict(request.query_params),
        {name.lower(): value for name, value in request.headers.items()},
        await request.body(),
        f"{request.url.scheme}://{request.url.netloc}{root}",
    )


def _response(reply: ToolReply) -> Response:
    return Response(reply.body, status_code=reply.status, headers=dict(reply.headers), media_type=reply.media)
