"""Webhooks by hand, good and forged ones, and a simulated sender that remembers what became of each."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import httpx2

from earshot.ports.clock import SystemClock
from earshot.sim.intercom.settings import WebhookSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.intercom.webhooks import Webhooks
from earshot.sim.workspace import Json

ROUTE = "/webhooks/intercom"
SECRET = "earshot_test_client_secret"
VECTOR_BODY = (
    b'{"type":"notification_event","id":"notif_00000000-0000-0000-0000-000000000001","topic":"ping",'
    b'"app_id":"abc123","created_at":1763800000,"delivery_attempts":1,"first_sent_at":1763800000,'
    b'"data":{"type":"notification_event_data","item":{"type":"ping","message":"hello"}}}'
)
"""The test vector of the reference, section 7.2: 268 bytes."""
VECTOR_SIGNATURE = "sha1=db9bcba747cd1b7e33d8b3cb8d1db7db7311e570"
_FIRST, _PATIENCE = 1_763_800_000, 10.0


def sign(body: bytes, secret: str = SECRET) -> str:
    """The signature of a body, as the header carries it."""
    return "sha1=" + hmac.digest(secret.encode(), body, hashlib.sha1).hex()


def envelope(
    topic: str, item: Mapping[str, Any], *, app_id: str, number: int | str, at: int = _FIRST, attempt: int = 1
) -> bytes:
    """A notification in Intercom's form; `number` makes its id."""
    return json.dumps(
        {
            "type": "notification_event",
            "id": f"notif_{number}",
            "topic": topic,
            "app_id": app_id,
            "created_at": at,
            "delivery_attempts": attempt,
            "first_sent_at": at,
            "data": {"type": "notification_event_data", "item": dict(item)},
        },
        ensure_ascii=False,
    ).encode()


def conversation(conversation_id: str, text: str = "") -> dict[str, Any]:
    """A conversation as an item; its text must never be used."""
    return {"type": "conversation", "id": conversation_id, "source": {"type": "conversation", "body": text}}


async def post(url: str, body: bytes, signature: str | None = None) -> int:
    """One request to a receiver, signed well unless told otherwise; the status of its answer."""
    headers = {
        "X-Hub-Signature": sign(body) if signature is None else signature,
        "Content-Type": "application/json",
    }
    async with httpx2.AsyncClient(timeout=_PATIENCE, trust_env=False) as client:
        return (await client.post(url + ROUTE, content=body, headers=headers)).status_code


class Postbox(Webhooks):
    """The simulator's own sender, which remembers: `told` are items by notification, `taken` those acknowledged.

    `said`: the newest of them, whole.
    """

    def __init__(self, sim: IntercomSim, settings: WebhookSettings) -> None:
        super().__init__(settings, app_id=str(sim.workspace_app["id_code"]), clock=SystemClock())
        self.told: dict[str, Json] = {}
        self.taken: set[str] = set()
        self.said: list[tuple[str, Json]] = []

    @property
    def untold(self) -> set[str]:
        """Ids of the contacts and conversations of notifications that were lost for good."""
        lost = [item for notice, item in self.told.items() if notice not in self.taken]
        return {str(one["id"]) for item in lost for one in (item, item.get("merged_from") or item)}

    def tell(self, topic: str, item: Json, *, at: int) -> str:
        """Say that something happened, and remember it."""
        notice = super().tell(topic, item, at=at)
        self.said = [*self.said[-99:], (topic, item)]
        self.told[notice] = {name: item[name] for name in ("id", "merged_from", "conversation_id") if name in item}
        return notice

    async def calm(self) -> None:
        """Wait until nothing is under way, second attempts included."""
        for _ in range(100_000):
            if not self.waiting:
                return
            await asyncio.sleep(0.02)

    def lead(self, url: str) -> None:
        """Send to another receiver from now on."""
        self.settings = self.settings.model_copy(update={"url": url + ROUTE})

    async def _attempt(self, client: httpx2.AsyncClient, notice: Json) -> bool:
        kept = await super()._attempt(client, notice)
        if kept:
            self.taken.add(str(notice["id"]))
        return kept
