"""A simulated receiver of Standard Webhooks: checks the signature, folds ids it knows, can be off, full or gone."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum

from earshot.ports.clock import Clock
from earshot.sim.tools.door import ToolDoor, ToolRoute
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.wire import Json, ToolCall, ToolReply, answer, refused

SIM_SECRET = "whsec_ZWFyc2hvdC1zaW11bGF0ZWQtcmVjZWl2ZXItMDE="  # noqa: S105 (the simulator's own)
_TOLERANCE = 300
_NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Mood(StrEnum):
    """How the receiver is: as n8n or Make would answer."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    FULL = "full"
    GONE = "gone"


_ANSWERS = {
    Mood.INACTIVE: answer({"code": 404, "message": "The requested webhook is not registered."}, status=404),
    Mood.FULL: ToolReply(400, b"Queue is full", media="text/plain"),
    Mood.GONE: ToolReply(410, b"Gone", media="text/plain"),
}


class WebhookSim:
    """`events` holds what was taken, by `webhook-id`; `folded` counts events that came again."""

    def __init__(
        self, settings: ToolSimSettings | None = None, *, secret: str = SIM_SECRET, clock: Clock | None = None
    ) -> None:
        self.events: dict[str, Json] = {}
        self.folded = 0
        self.mood = Mood.ACTIVE
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self.door = ToolDoor(
            settings or ToolSimSettings(),
            routes=[ToolRoute("POST", "/{path:path}", self._take)],
            authorised=self._authorised,
            state=lambda: {"events": self.events, "folded": self.folded},
            reset=self._reset,
            clock=clock,
        )
        self.app, self.faults, self.tally = self.door.app, self.door.faults, self.door.tally

    def _authorised(self, call: ToolCall) -> None:
        missing = [name for name in _NAMES if not call.headers.get(name)]
        if missing:
            raise refused(401, {"error": f"no {', '.join(missing)}"})
        seconds = call.headers["webhook-timestamp"]
        if not seconds.isdigit() or abs(int(seconds) - self.door.clock.now().timestamp()) > _TOLERANCE:
            raise refused(401, {"error": "too old or too new"})
        if not _is_signed(self._key, call.headers, body=call.body):
            raise refused(401, {"error": "wrong signature"})

    def _take(self, call: ToolCall) -> ToolReply:
        if self.mood is not Mood.ACTIVE:
            return _ANSWERS[self.mood]
        body = call.json()
        if (
            not isinstance(body.get("type"), str)
            or "timestamp" not in body
            or not isinstance(body.get("data"), dict)
        ):
            raise refused(400, {"error": "needs type, timestamp and data"})
        message_id = call.headers["webhook-id"]
        if message_id in self.events:
            self.folded += 1
        else:
            self.events[message_id] = body
            self.tally.store("event", message_id)
        return answer({"message": "Workflow was started"})

    def _reset(self) -> None:
        self.events.clear()
        self.folded = 0


def _is_signed(key: bytes, headers: Mapping[str, str], *, body: bytes) -> bool:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(wanted, one) for one in headers["webhook-signature"].split())
