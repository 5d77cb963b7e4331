"""Talking to Intercom's REST API: one request at a time, paced, retried where that is safe, errors named."""

import json
import logging
import random
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import quote

import httpx2

from earshot.connectors.intercom.pace import Pace
from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.lenient import Json, is_object, obj, objects, string
from earshot.errors import EarshotError, Misconfigured, NotFound, Rejected, Transient
from earshot.ports.clock import Clock
from earshot.ports.pace import SharedPace
from earshot.text.clean import one_line

log = logging.getLogger(__name__)

_LONGEST_WAIT = 60.0
_MOST_REFUSALS = 30
_RETRIED = frozenset({408, 425, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524})


class Token:
    """An access token that shows itself to nobody but the request it signs."""

    def __init__(self, value: str) -> None:
        self._value = value.strip()
        if not self._value or not self._value.isascii() or not self._value.isprintable():
            raise Misconfigured(
                "There is no usable Intercom access token.",
                hint="Set INTERCOM_ACCESS_TOKEN (Intercom: Developer Hub > your app > Configure > Authentication).",
            )

    def __repr__(self) -> str:
        return "Token(…)"

    def header(self) -> str:
        """The Authorization header that carries it."""
        return f"Bearer {self._value}"


class Answer(NamedTuple):
    """A whole answer: status, body as it came and as JSON, and the canonical link of a merged contact."""

    status: int
    body: bytes
    data: Json
    link: str | None = None


class _Fault(NamedTuple):
    """Why one try failed, in words."""

    reason: str
    wait: float | None = None


def open_http(settings: IntercomSettings) -> httpx2.AsyncClient:
    """A connection pool that fits the settings; whoever opens it closes it."""
    most = settings.concurrency + 4
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(settings.timeout_seconds, pool=None),
        limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most),
        follow_redirects=False,
    )


class IntercomClient:
    """The few requests Earshot makes. Reading requests are retried; nothing is ever changed here."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        token: Token,
        *,
        settings: IntercomSettings,
        clock: Clock,
        jitter: random.Random | None = None,
        pace: SharedPace | None = None,
    ) -> None:
        self._http = http
        self._settings = settings
        self._clock = clock
        self._jitter = jitter or random.Random()  # noqa: S311 (spreads retries, guards nothing)
        self.pace = Pace(clock, self._jitter, share=settings.rate_share, shared=pace)
        self.requests = 0
        self.last_date: str | None = None
        self._headers = {
            "Authorization": token.header(),
            "Intercom-Version": settings.version,
            "Accept": "application/json",
            "User-Agent": "earshot",
        }

    async def get(self, path: str, *, accept: Collection[int] = ()) -> Answer:
        """Read a path (already quoted, with its query). `accept` names further statuses that are answers."""
        return await self._read("GET", path, accept=accept)

    async def search(self, query: Json) -> Answer:
        """Search conversations: a POST that only reads, so it is retried like a GET."""
        return await self._read("POST", "/conversations/search", json_body=query)

    async def may_write(self) -> bool | None:
        """Whether the token may write, tried on a conversation that cannot exist; None where that stays open."""
        await self.pace.turn()
        try:
            response = await self._http.put(
                self._settings.api + "/conversations/0", json={"read": True}, headers=self._headers
            )
        except httpx2.RequestError:
            return None
        if response.status_code in (401, 403):
            return False
        return True if response.status_code in (404, 400, 422) else None

    async def _read(
        self, method: str, path: str, *, json_body: Json | None = None, accept: Collection[int] = ()
    ) -> Answer:
        tries = refusals = 0
        content = None if json_body is None else json.dumps(json_body).encode()
        while True:
            await self.pace.turn()
            outcome = await self._try(method, path, content=content, accept=accept)
            if isinstance(outcome, Answer):
                return outcome
            if outcome.wait is not None and refusals < _MOST_REFUSALS:
                refusals += 1
                continue
            tries += 1
            if tries >= self._settings.tries:
                raise Transient(
                    f"Intercom could not be read ({method} {_shown(path)}): {outcome.reason}, after {tries} tries.",
                    hint=f"Check the network and that {self._settings.api} is Intercom's address; then run again: "
                    "what was read is kept.",
                    retry_after=_LONGEST_WAIT,
                )
            wait = self._backoff(tries)
            log.info("%s %s: %s; trying again in %.1f s", method, _shown(path), outcome.reason, wait)
            await self._clock.sleep(wait)

    def _backoff(self, tries: int) -> float:
        wait = min(self._settings.first_wait_seconds * 2 ** (tries - 1), _LONGEST_WAIT)
        return wait * (0.5 + self._jitter.random() / 2)

    async def _try(
        self, method: str, path: str, *, content: bytes | None, accept: Collection[int]
    ) -> Answer | _Fault:
        headers = self._headers if content is None else {**self._headers, "Content-Type": "application/json"}
        self.requests += 1
        try:
            response = await self._http.request(method, self._settings.api + path, content=content, headers=headers)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise Misconfigured(
                f"{self._settings.api} is not an address that can be called.",
                hint="Correct [intercom] base_url, or remove it.",
            ) from error
        except httpx2.RequestError as error:
            return _Fault(_network_reason(error))
        self.pace.learn(response.headers)
        self.last_date = response.headers.get("date")
        return self._judge(response, path, accept=accept)

    def _judge(self, response: httpx2.Response, path: str, *, accept: Collection[int]) -> Answer | _Fault:
        status = response.status_code
        if status == 429:
            wait = self.pace.refused(response.headers)
            log.info("Intercom asks to slow down; waiting %.1f s", wait)
            return _Fault("the rate limit stayed exceeded (429)", wait)
        if status in _RETRIED or status >= 500:
            return _Fault(f"it answered {status}")
        data = _parsed(response.content)
        if status == 200 or status in accept:
            if data is None and status == 200:
                return _Fault(
                    "the answer was empty" if not response.content.strip() else "the answer was not whole JSON"
                )
            return Answer(status, response.content, data or {}, response.headers.get("link"))
        raise self._error(status, data or {}, path=path)

    def _error(self, status: int, data: Json, *, path: str) -> EarshotError:
        code, message = _said(data)
        log.log(
            logging.DEBUG if status == 404 else logging.WARNING,
            "Intercom answered %d (%s) to %s, request %s",
            status,
            code,
            _shown(path),
            one_line(str(data.get("request_id")), limit=60),
        )
        if status == 401:
            return Misconfigured(
                f"Intercom refused the access token (401, {code}).",
                hint="Check INTERCOM_ACCESS_TOKEN, and [intercom] region: a token works only in the region of its "
                f"workspace (now {self._settings.base_url or self._settings.region}).",
            )
        if status in (402, 403):
            return Misconfigured(
                f"The access token may not read {_shown(path)} ({status}, {code}).",
                hint="Give the app the permissions to read conversations, users and companies, admins, tags and "
                "tickets (Developer Hub > your app > Configure > Authentication).",
            )
        if 300 <= status < 400:
            return Misconfigured(
                f"{self._settings.api} sends requests elsewhere ({status}).",
                hint="Set [intercom] region (us, eu, au) to the workspace's own, or correct base_url.",
            )
        if status == 404:
            return NotFound(f"Intercom knows no {_shown(path)} (404: {message}).")
        return Rejected(f"Intercom refused {_shown(path)} ({status}, {code}): {message}.")


def part_of_path(value: str) -> str:
    """A value as one piece of a path, whatever characters it holds."""
    return quote(value, safe="")


def _parsed(body: bytes) -> Json | None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if is_object(data) else None


def _said(data: Json) -> tuple[str, str]:
    error = next(iter(objects(data.get("errors"))), obj(data.get("error")))
    code = string(error.get("code")) or "no code"
    message = string(error.get("message")) or "no message"
    return one_line(code, limit=60), one_line(message, limit=160)


def _shown(path: str) -> str:
    """A path without its query, for messages."""
    return path.partition("?")[0]


def _network_reason(error: httpx2.RequestError) -> str:
    if isinstance(error, httpx2.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpx2.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx2.ConnectError):
        return f"no connection ({one_line(str(error), limit=120) or 'refused'})"
    return f"the connection broke ({type(error).__name__})"
