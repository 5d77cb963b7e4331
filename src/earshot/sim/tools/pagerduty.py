"""A simulated PagerDuty: events by their key, folded into open alerts, each new alert an incident."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from earshot.ports.clock import Clock
from earshot.sim.intercom.peek import is_object, mapping, sequence
from earshot.sim.tools.door import ToolDoor, ToolRoute
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.shapes import is_moment
from earshot.sim.tools.wire import Json, ToolCall, ToolReply, answer, refused

_SEVERITIES = ("critical", "error", "warning", "info")
_ACTIONS = ("trigger", "acknowledge", "resolve")
_WEB = ("http", "https")
_SUMMARY, _KEY, _EVENT = 1024, 255, 512 * 1024
_TEXTS = ("dedup_key", "client", "client_url")
_PAYLOAD = frozenset(
    {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}
)
_EVENT_FIELDS = frozenset({"routing_key", "event_action", "payload", "links", "images", *_TEXTS})


@dataclass
class Alert:
    """One alert: what it said first, how often it was triggered, whether it is open, acknowledged or resolved."""

    key: str
    summary: str
    severity: str
    status: str = "triggered"
    triggers: int = 1
    last: Json = field(default_factory=dict[str, object])


class PagerDutySim:
    """Takes events of one integration; its token is the routing key. `pages` counts incidents that were opened.

    `tally` counts an alert each time it is opened: a duplicate there is a second page for one key.
    """

    def __init__(self, settings: ToolSimSettings | None = None, *, clock: Clock | None = None) -> None:
        self.settings = settings or ToolSimSettings()
        self.alerts: list[Alert] = []
        self._newest: dict[str, Alert] = {}
        self._door = ToolDoor(
            self.settings,
            routes=(ToolRoute("POST", "/v2/enqueue", self._enqueue),),
            authorised=self._authorised,
            refusal=_worded,
            state=self._state,
            reset=self._forget,
            clock=clock,
        )
        self.app = self._door.app
        self.faults = self._door.faults
        self.tally = self._door.tally

    @property
    def pages(self) -> int:
        """How many incidents were opened."""
        return len(self.alerts)

    def open_alert(self, key: str) -> Alert | None:
        """The alert of this key that is not resolved."""
        newest = self._newest.get(key)
        return newest if newest is not None and newest.status != "resolved" else None

    def settle(self, key: str, status: str) -> None:
        """What a person does in the app: `acknowledged` or `resolved`."""
        alert = self.open_alert(key)
        if alert is not None:
            alert.status = status

    def _authorised(self, call: ToolCall) -> None:
        given = call.json().get("routing_key")
        if not isinstance(given, str) or not given or (self.settings.token and given != self.settings.token):
            raise _wrong("Invalid routing key")

    def _enqueue(self, call: ToolCall) -> ToolReply:
        event = call.json()
        mistakes = _mistakes(event, size=len(call.body))
        if mistakes:
            raise _wrong(*mistakes)
        key = str(event.get("dedup_key") or f"sim-{len(self.alerts) + 1:032d}")
        if event["event_action"] == "trigger":
            self._trigger(key, event)
        else:
            self.settle(key, "acknowledged" if event["event_action"] == "acknowledge" else "resolved")
        return answer({"status": "success", "message": "Event processed", "dedup_key": key}, status=202)

    def _trigger(self, key: str, event: Json) -> None:
        held = self.open_alert(key)
        if held is not None:
            held.triggers += 1
            held.last = event["payload"]
            return
        payload = event["payload"]
        self._newest[key] = Alert(key, payload["summary"], payload["severity"], last=payload)
        self.alerts.append(self._newest[key])
        self.tally.store("page", key)

    def _forget(self) -> None:
        self.alerts.clear()
        self._newest.clear()

    def _state(self) -> object:
        return [{"key": one.key, "status": one.status, "triggers": one.triggers} for one in self.alerts]


def _mistakes(event: Json, *, size: int) -> list[str]:
    found = [f"'{name}' is not a known field" for name in event if name not in _EVENT_FIELDS]
    if event.get("event_action") not in _ACTIONS:
        found.append(f"'event_action' must be one of {', '.join(_ACTIONS)}")
    found += [f"'{name}' must be text" for name in _TEXTS if name in event and not isinstance(event[name], str)]
    if len(str(event.get("dedup_key", ""))) > _KEY:
        found.append("'dedup_key' is longer than 255 characters")
    if event.get("event_action") != "trigger" and not event.get("dedup_key"):
        found.append("'dedup_key' is missing or blank")
    if size > _EVENT:
        found.append("the event is larger than 512 KB")
    links = sequence(event.get("links", []))
    if links is None or not all(urlsplit(str(mapping(one).get("href", ""))).scheme in _WEB for one in links):
        found.append("'links' must be a list of objects with an 'href'")
    return found + (_payload_mistakes(event.get("payload")) if event.get("event_action") == "trigger" else [])


def _payload_mistakes(payload: object) -> list[str]:
    if not is_object(payload):
        return ["'payload' is missing"]
    held = mapping(payload)
    found = [f"'payload.{name}' is not a known field" for name in held if name not in _PAYLOAD]
    found += [
        f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not _words(held.get(name))
    ]
    if len(str(held.get("summary", ""))) > _SUMMARY:
        found.append("'payload.summary' is longer than 1024 characters")
    if held.get("severity") not in _SEVERITIES:
        found.append(f"'payload.severity' must be one of {', '.join(_SEVERITIES)}")
    if "custom_details" in held and not is_object(held["custom_details"]):
        found.append("'payload.custom_details' must be an object")
    if "timestamp" in held and not is_moment(held["timestamp"], aware=False):
        found.append("'payload.timestamp' must be an ISO 8601 time")
    return found


def _words(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _wrong(*mistakes: str) -> Exception:
    return refused(400, {"status": "invalid event", "message": "Event object is invalid", "errors": list(mistakes)})


def _worded(status: int, /, *, retry_after: float) -> ToolReply | None:
    """PagerDuty names no wait, and refuses a key with 400."""
    del retry_after
    if status == 401:
        body = {"status": "invalid event", "message": "Event object is invalid", "errors": ["Invalid routing key"]}
        return answer(body, status=400)
    if status == 429:
        return answer(
            {"status": "throttle exceeded", "message": "Requests for this service arrive too fast"}, status=429
        )
    return None
