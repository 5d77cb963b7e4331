"""Webhooks of the simulated workspace: signed, sent beside the answers, tried twice, by seed lost, doubled or late.

As Intercom does it: 5 seconds for an answer, one more attempt a minute later, no promise of order; 410 ends them
all.
"""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2

from earshot.ports.clock import Clock
from earshot.sim.chance import fraction
from earshot.sim.intercom.answers import encode
from earshot.sim.intercom.settings import WebhookFault, WebhookSettings
from earshot.sim.workspace import Json

AGENT = "intercom-parrot-service-client/1.0"
_AT_ONCE = 50


def sign(body: bytes, secret: str) -> str:
    """The value of `X-Hub-Signature` for these bytes."""
    return "sha1=" + hmac.digest(secret.encode(), body, hashlib.sha1).hex()


class Webhooks:
    """Sends notifications to one address. `tally` counts what became of them."""

    def __init__(self, settings: WebhookSettings, *, app_id: str, clock: Clock) -> None:
        self.settings = settings
        self.tally: Counter[str] = Counter()
        self.topics: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.ended = False
        self._app_id = app_id
        self._clock = clock
        self._told: asyncio.Queue[Json] = asyncio.Queue()
        self._under_way: set[asyncio.Task[None]] = set()
        self._lines = asyncio.Semaphore(_AT_ONCE)

    @property
    def waiting(self) -> int:
        """Notifications whose fate is open: not sent yet, or between two attempts."""
        return self._told.qsize() + len(self._under_way)

    def stats(self) -> Json:
        """The counts as JSON."""
        counts = {name: self.tally[name] for name in ("told", "acknowledged", "lost", "retried", "doubled", "late")}
        return {
            **counts,
            "waiting": self.waiting,
            "ended": self.ended,
            "topics": dict(self.topics),
            "statuses": dict(self.statuses),
        }

    def tell(self, topic: str, item: Json, *, at: int) -> str:
        """Say that something happened; the notification's id. Sent as soon as `sending` is entered."""
        number = self.tally["told"] = self.tally["told"] + 1
        notice = f"notif_{self.settings.seed:08x}-0000-4000-8000-{number:012d}"
        self.topics[topic] += 1
        self._told.put_nowait(
            {
                "type": "notification_event",
                "id": notice,
                "topic": topic,
                "app_id": self._app_id,
                "created_at": at,
                "delivery_attempts": 1,
                "first_sent_at": at,
                "data": {"type": "notification_event_data", "item": item},
            }
        )
        return notice

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[None]:
        """Send while inside; what is under way at the end is given up."""
        limits = httpx2.Limits(max_connections=_AT_ONCE, max_keepalive_connections=_AT_ONCE)
        timeout = self.settings.timeout_seconds
        async with httpx2.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as client:
            sender = asyncio.create_task(self._send_all(client))
            try:
                yield
            finally:
                for task in (sender, *self._under_way):
                    task.cancel()
                await asyncio.gather(sender, *self._under_way, return_exceptions=True)

    async def _send_all(self, client: httpx2.AsyncClient) -> None:
        while True:
            notice = await self._told.get()
            task = asyncio.create_task(self._deliver(client, notice))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _deliver(self, client: httpx2.AsyncClient, notice: Json) -> None:
        if self.ended or self._drawn(WebhookFault.LOST, notice):
            self.tally["lost"] += 1
            return
        if self._drawn(WebhookFault.LATE, notice):
            self.tally["late"] += 1
            share = fraction(self.settings.seed, "how late", notice["id"])
            await self._clock.sleep(share * self.settings.late_seconds)
        kept = await self._attempt(client, notice) or await self._once_more(client, notice)
        self.tally["acknowledged" if kept else "lost"] += 1
        if kept and self._drawn(WebhookFault.TWICE, notice):
            self.tally["doubled"] += 1
            await self._attempt(client, notice)

    async def _once_more(self, client: httpx2.AsyncClient, notice: Json) -> bool:
        if self.ended:
            return False
        await self._clock.sleep(self.settings.retry_seconds)
        self.tally["retried"] += 1
        return await self._attempt(client, {**notice, "delivery_attempts": 2})

    async def _attempt(self, client: httpx2.AsyncClient, notice: Json) -> bool:
        body = encode(notice)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": AGENT,
            "X-Hub-Signature": sign(body, self.settings.secret),
        }
        async with self._lines:
            try:
                answer = await client.post(self.settings.url, content=body, headers=headers)
            except httpx2.HTTPError:
                self.statuses["none"] += 1
                return False
        self.statuses[str(answer.status_code)] += 1
        self.ended = self.ended or answer.status_code == 410
        return answer.is_success

    def _drawn(self, kind: WebhookFault, notice: Json) -> bool:
        of = self.settings
        return kind in of.kinds and fraction(of.seed, kind, notice["id"]) < of.rate
