"""Who may use the API: a token, or this machine only; how often, and how much at once."""

import asyncio
import contextlib
import hashlib
import hmac
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from earshot.pipeline.serving import WebSettings
from earshot.ports.meter import Meter, NoMeter
from earshot.web.api.problems import Refused
from earshot.web.limits import Bucket, Gone, TooLarge, replayed, whole_body
from earshot.web.origins import host_of, of_other_site, stranger

ACTOR = "earshot.actor"
"""Key of the request's scope under which the guard says who asks."""
OPEN = frozenset({"/openapi.json", "/docs"})
"""What needs no token: it describes the API and holds no data."""
_CLIENTS = 10_000
_WRONG_PER_MINUTE = 60
_DRAIN_BYTES = 4_000_000
_DRAIN_SECONDS = 2.0
_BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_QUIET = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]


class Rates:
    """How often each client may come; the clients that came longest ago are forgotten first.

    `burst` may come at once, a sixth of a minute's where it is not given.
    """

    def __init__(
        self, per_minute: float, *, burst: float | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_minute = per_minute
        self._burst = max(1.0, per_minute / 6) if burst is None else burst
        self._now = now
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, client: str) -> float:
        """Let a client in once: 0, or the seconds after which it may come again."""
        bucket = self._buckets.pop(client, None)
        if bucket is None:
            bucket = Bucket(self._per_minute / 60, self._burst, now=self._now)
        self._buckets[client] = bucket
        if len(self._buckets) > _CLIENTS:
            self._buckets.popitem(last=False)
        return bucket.take()

    def wait(self, client: str) -> float:
        """What `take` would answer, with nothing taken."""
        bucket = self._buckets.get(client)
        return bucket.wait() if bucket else 0.0


class Guard:
    """Lets in who may come, with a body of bounded size; everybody else gets a problem document."""

    def __init__(
        self,
        app: ASGIApp,
        settings: WebSettings,
        *,
        token: SecretStr | None,
        meter: Meter | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._meter = meter or NoMeter()
        self._now = now
        self._settings = settings
        self._token = token.get_secret_value().encode() if token else b""
        self._rates = Rates(settings.api_per_minute, now=now)
        self._wrong = Rates(_WRONG_PER_MINUTE, now=now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] != "http":
            return
        began = self._now()
        status = await self._answer(scope, receive, send)
        route = str(getattr(scope.get("route"), "path", "other"))
        self._meter.count("earshot_http_requests_total", route=route, status=str(status))
        self._meter.observe("earshot_http_seconds", self._now() - began, route=route)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer; the status, 0 where nobody listens any more."""
        quiet = _Quiet(send)
        try:
            scope[ACTOR] = self._admit(scope)
            receive = await self._bounded(scope, receive)
        except Refused as refused:
            await refused.response()(scope, receive, quiet)
        except Gone:
            return 0
        else:
            with contextlib.suppress(Exception):  # it was answered and logged before it was raised again
                await self._app(scope, receive, quiet)
        return quiet.status

    def _admit(self, scope: Scope) -> str:
        """Who asks. Raises Refused."""
        headers = Headers(scope=scope)
        client = str((scope.get("client") or ("unknown",))[0])
        if not self._token:
            self._local(headers, client)
        _same_origin(headers)
        actor = self._known(scope, headers, client=client)
        wait = self._rates.take(client)
        if wait:
            raise _too_many(wait, "Slow down, or raise [web] api_per_minute.")
        return actor

    def _local(self, headers: Headers, client: str) -> None:
        """Without a token only this machine is served, asked for by its own name: no page elsewhere can do that."""
        hint = "Set EARSHOT_WEB_TOKEN and send it as `Authorization: Bearer …`."
        told = {
            "machine": ("Without a token the API serves this machine only.", hint),
            "proxy": ("A proxy stands before the API, so a token is needed.", hint),
            "name": ("The API was asked for by a foreign name.", "Use http://127.0.0.1, or " + hint),
        }
        if (why := stranger(headers, client, host=self._settings.host)) is not None:
            detail, advice = told[why]
            raise Refused(403, detail, hint=advice)

    def _known(self, scope: Scope, headers: Headers, *, client: str) -> str:
        if not self._token:
            return "api on this machine"
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        if path in OPEN:
            return "nobody"
        if wait := self._wrong.wait(client):  # before it is compared: a guess that is right opens nothing either
            raise _too_many(wait, "Too many wrong tokens came from there.")
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token):
            return f"api token {hashlib.sha256(self._token).hexdigest()[:8]}"
        if kind:
            self._wrong.take(client)
        raise Refused(
            401,
            "The API needs the right token.",
            hint="Send `Authorization: Bearer …` with the value of EARSHOT_WEB_TOKEN.",
            headers={"WWW-Authenticate": "Bearer"},
        )

    async def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """The request's body, read whole, as a new `receive`."""
        most = 0 if scope["method"] in _BODILESS else self._settings.most_bytes
        try:
            body = await whole_body(scope, receive, most=most)
        except TooLarge as error:
            if error.slow:
                raise Refused(408, "The body came too slowly.", headers={"Connection": "close"}) from None
            await _drained(receive)
            detail = f"The body may have at most {most:,} bytes here."
            raise Refused(413, detail, hint="See [web] most_bytes.", headers={"Connection": "close"}) from None
        return replayed(body, receive)


async def _drained(receive: Receive) -> None:
    """Take a little of what still comes: who is cut off while sending never reads the answer."""
    taken = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while taken < _DRAIN_BYTES:
                message = await receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


class _Quiet:
    """Sends answers that are kept by nobody, sniffed by no browser and shown in no frame; remembers the status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", []), *_QUIET]}
        await self._send(message)


def _same_origin(headers: Headers) -> None:
    """Pages of other sites may not act through a browser on this machine."""
    origin = headers.get("origin")
    foreign = origin is not None and host_of(urlsplit(origin).netloc) != host_of(headers.get("host", ""))
    if foreign or of_other_site(headers):
        raise Refused(403, "Pages of other sites may not use the API.", hint="Call it from a program or a server.")


def _too_many(wait: float, hint: str) -> Refused:
    seconds = math.ceil(wait)
    return Refused(429, f"Come again in {seconds} s.", hint=hint, headers={"Retry-After": str(seconds)})
