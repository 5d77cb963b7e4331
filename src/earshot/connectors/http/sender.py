"""One HTTP request and what became of it: an answer, or lost with the word whether it may have arrived."""

import asyncio
import json
import ssl
from collections.abc import Mapping, Sequence
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from earshot.connectors.addresses import is_here, is_safe
from earshot.connectors.http.answers import Lost, Reply, judged
from earshot.connectors.http.guard import GuardedTransport, RefusedAddress
from earshot.connectors.http.quiet import hide_addresses
from earshot.connectors.http.waits import retry_after
from earshot.ports.clock import Clock
from earshot.text.clean import one_line

__all__ = ["Lost", "Reply", "Sender", "judged"]

_MOST_BYTES = 1_000_000
_CONNECT_SECONDS = 5.0
_FRESH = httpx2.Limits(max_keepalive_connections=0)
"""A kept connection may have died unseen, and a request lost on it could not be told from one that arrived."""
_SENDING = ".send_request_headers.started"
_ONLY_HTTPS = "its address is plain http, which shows secrets on the way: use https (http only for this machine)"
_NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)


class Sender:
    """Requests to one place. Follows no redirects, reads at most `most_bytes`, shows no secret in any reason.

    `guard`: the address was given by a user, so https only and no address inside a network (but hosts in `allow`).
    Elsewhere plain http is for this very machine only, and no proxy of the environment stands before it.
    `transport` replaces the network, and the guard with it. `timeout` bounds the whole request, in seconds.
    """

    def __init__(
        self,
        base: str,
        *,
        headers: Mapping[str, str],
        clock: Clock,
        secrets: Sequence[str] = (),
        timeout: float = 20.0,
        guard: bool = False,
        allow: Sequence[str] = (),
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._base = base.rstrip("/") if not guard else base
        self._headers = {"User-Agent": "earshot", "Accept-Encoding": "identity", **headers}
        self._clock = clock
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._timeout = timeout
        self.most_bytes = _MOST_BYTES
        self._traced = transport is None
        self._plain = not (guard or is_safe(base) or transport is not None)
        self._open = partial(
            _client, transport, timeout=timeout, allow=allow if guard else None, proxies=not is_here(base)
        )
        self._http: httpx2.AsyncClient | None = None

    def __repr__(self) -> str:
        return "Sender(…)"

    async def send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply | Lost:
        """Send once. Raises nothing for what the network or the other side does."""
        if self._plain:
            return Lost(arrived=False, reason=_ONLY_HTTPS, refused=True)
        given = {**self._headers, **(headers or {})}
        trace = _Trace(sending=False if self._traced else None)
        try:
            if json is not None:
                content = _encoded(json)
                given.setdefault("Content-Type", "application/json; charset=utf-8")
            http = self._connected()
            request = http.build_request(
                method,
                self._base + path,
                content=content,
                params=params,
                headers=given,
                extensions={"trace": trace.note},
            )
            async with asyncio.timeout(self._timeout):
                return await self._exchange(http, request)
        except TimeoutError:
            return Lost(arrived=trace.sending is not False, reason="no answer in time")
        except RefusedAddress as error:
            return Lost(arrived=False, reason=self.redact(str(error)), refused=True)
        except (httpx2.RequestError, httpx2.InvalidURL, OSError, ValueError) as error:
            return Lost(arrived=trace.may_have_arrived(error), reason=self.redact(_in_words(error)))

    async def close(self) -> None:
        """Give connections back."""
        if self._http is not None:
            await self._http.aclose()

    def redact(self, text: str) -> str:
        """One short line without any of the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return one_line(text, limit=300)

    def _connected(self) -> httpx2.AsyncClient:
        """The connections, opened at the first request: what only renders needs none."""
        if self._http is None:
            self._http = self._open()
        return self._http

    async def _exchange(self, http: httpx2.AsyncClient, request: httpx2.Request) -> Reply | Lost:
        response = await http.send(request, stream=True)
        try:
            body, whole = await _read(response, self.most_bytes)
        except (httpx2.RequestError, OSError):
            if response.status_code < 300:
                return Lost(arrived=True, reason=f"the answer {response.status_code} broke off")
            body, whole = b"", False
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        wait = retry_after(headers, now=self._clock.now())
        return Reply(response.status_code, headers, body, _parsed(body) if whole else None, wait)


@cache
def _trusted() -> ssl.SSLContext:
    """Whom this machine trusts; one for all, because reading it takes 80 ms."""
    return httpx2.create_ssl_context()


def _client(
    transport: httpx2.AsyncBaseTransport | None, *, timeout: float, allow: Sequence[str] | None, proxies: bool
) -> httpx2.AsyncClient:
    """Connections that keep no cookies; `allow` switches the guard on, `proxies` those of the environment."""
    hide_addresses()
    cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    wait = httpx2.Timeout(timeout, connect=min(_CONNECT_SECONDS, timeout))
    if transport is not None:
        return httpx2.AsyncClient(transport=transport, timeout=wait, cookies=cookies)
    if allow is not None:
        plain = httpx2.AsyncHTTPTransport(verify=_trusted(), trust_env=False, limits=_FRESH)
        return httpx2.AsyncClient(transport=GuardedTransport(plain, allow=allow), timeout=wait, cookies=cookies)
    return httpx2.AsyncClient(verify=_trusted(), timeout=wait, limits=_FRESH, cookies=cookies, trust_env=proxies)


class _Trace:
    """Whether the request's first bytes went out; None: the transport does not tell."""

    def __init__(self, *, sending: bool | None) -> None:
        self.sending = sending

    async def note(self, event: str, _info: object) -> None:
        """Called by the transport at every step."""
        self.sending = self.sending or event.endswith(_SENDING)

    def may_have_arrived(self, error: Exception) -> bool:
        """Whether a request that ended so may have arrived."""
        if self.sending is not None:
            return self.sending
        return isinstance(error, httpx2.RequestError | OSError) and not isinstance(error, _NEVER_SENT)


async def _read(response: httpx2.Response, most: int) -> tuple[bytes, bool]:
    """The body, and whether that is all of it."""
    if response.is_stream_consumed:
        return response.content[:most], len(response.content) <= most
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > most:
            return bytes(body[:most]), False
    return bytes(body), True


def _encoded(value: object) -> bytes:
    """Compact JSON; numbers that are none become null. Raises ValueError for what is no JSON."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        loose = json.loads(json.dumps(value), parse_constant=lambda _name: None)
        text = json.dumps(loose, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _in_words(error: Exception) -> str:
    match error:
        case httpx2.ConnectTimeout():
            return "no connection in time"
        case httpx2.TimeoutException():
            return "no answer in time"
        case httpx2.ConnectError():
            return f"no connection ({error or 'refused'})"
        case httpx2.RequestError():
            return f"the connection broke ({type(error).__name__})"
        case _:
            return f"the request cannot be made ({type(error).__name__})"
