"""Webhooks of Intercom at the door: checked, made durable, answered; nothing else happens in the request.

A plain ASGI application, for speed. Answers: 200 kept (or foreign, or a ping), 400 cannot be read, 401 not signed
with our secret, 405, 408, 413, 429 too many, 503 the database did not take it; never 410, which would end the
subscription.
"""

import logging
import math
import time
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from earshot.connectors.intercom.webhook import KNOWN_TOPICS, Delivery, parse, verify
from earshot.errors import BadInput
from earshot.pipeline.live.home import Home
from earshot.pipeline.live.mailbox import Full, Mailbox, NotKept
from earshot.pipeline.serving import WebSettings
from earshot.ports.clock import Clock
from earshot.ports.meter import Meter
from earshot.web.limits import Bucket, Gone, TooLarge, header, whole_body

PATH = "/webhooks/intercom"
SIGNATURE = b"x-hub-signature"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """How a request is answered; `outcome` is what the counter of webhooks calls it."""

    status: int
    outcome: str
    words: str = ""
    retry_after: float = 0.0
    topic: str = ""


_WRONG_METHOD = Verdict(405, "method", "Webhooks come by POST.\n")
_TOO_LARGE = Verdict(413, "too_large", "The body has too many bytes.\n")
_TOO_SLOW = Verdict(408, "too_slow", "The body did not arrive in time.\n")
_FORGED = Verdict(401, "forged", "The signature is missing or wrong.\n")


class Receiver:
    """Takes webhooks. `mailbox` keeps them, `home` knows whose they may be."""

    def __init__(
        self, mailbox: Mailbox, home: Home, *, secret: str, settings: WebSettings, clock: Clock, meter: Meter
    ) -> None:
        self._mailbox = mailbox
        self._home = home
        self._secret = secret
        self._most_bytes = settings.most_bytes
        self._bucket = Bucket(settings.webhooks_per_second, settings.webhooks_per_second)
        self._complaints = Bucket(0.2, 5)
        self._clock = clock
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = scope["method"]
        if method == "HEAD":  # Intercom asks so when the address is saved
            await _answer(send, Verdict(200, "head"))
            return
        if method != "POST":
            await _answer(send, _WRONG_METHOD)
            return
        began = time.perf_counter()
        try:
            verdict = await self._judge(scope, receive)
        except Gone:
            return
        self._book(verdict, time.perf_counter() - began)
        await _answer(send, verdict)

    async def _judge(self, scope: Scope, receive: Receive) -> Verdict:
        try:
            body = await whole_body(scope, receive, most=self._most_bytes)
        except TooLarge as error:
            return _TOO_SLOW if error.slow else _TOO_LARGE
        if not verify(body, header(scope, SIGNATURE), secret=self._secret):
            return _FORGED
        wait = self._bucket.take()
        if wait:
            return Verdict(429, "throttled", "Too many webhooks at once.\n", wait)
        with self._meter.span("earshot.webhook") as span:
            verdict = await self._read(body)
            span.note(topic=verdict.topic or "unknown", outcome=verdict.outcome)
        return verdict

    async def _read(self, body: bytes) -> Verdict:
        try:
            delivery = parse(body, received_at=self._clock.now(), trace=self._meter.traceparent())
        except BadInput as error:
            return Verdict(400, "unreadable", f"{error}.\n")
        return await self._keep(delivery)

    async def _keep(self, delivery: Delivery) -> Verdict:
        notification = delivery.notification
        topic = notification.topic if notification.topic in KNOWN_TOPICS else "other"
        if self._home.is_foreign(delivery.app_id):
            return Verdict(200, "foreign", topic=topic)
        try:
            await self._mailbox.put(notification)
        except Full as error:
            return Verdict(503, "full", f"{error}.\n", error.retry_after or 1.0, topic)
        except NotKept as error:
            return Verdict(503, "not_kept", f"{error}.\n", error.retry_after or 1.0, topic)
        return Verdict(200, "kept", topic=topic)

    def _book(self, verdict: Verdict, seconds: float) -> None:
        self._meter.count("earshot_webhooks_total", topic=verdict.topic or "unknown", outcome=verdict.outcome)
        if verdict.outcome == "kept":
            self._meter.observe("earshot_webhook_ack_seconds", seconds)
        elif not self._complaints.take():
            log.warning("webhook answered %d: %s", verdict.status, verdict.outcome)


async def _answer(send: Send, verdict: Verdict) -> None:
    words = verdict.words.encode()
    headers = [(b"content-length", b"%d" % len(words))]
    if words:
        headers.append((b"content-type", b"text/plain; charset=utf-8"))
    if verdict.status == 405:
        headers.append((b"allow", b"HEAD, POST"))
    if verdict.retry_after:
        headers.append((b"retry-after", b"%d" % max(1, math.ceil(verdict.retry_after))))
    if verdict.status in (408, 413):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": verdict.status, "headers": headers})
    await send({"type": "http.response.body", "body": words})
