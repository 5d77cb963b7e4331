"""An order as an event of PagerDuty's Events API v2, without the routing key."""

import json
from typing import Any

from earshot.connectors.lenient import Json
from earshot.domain.delivery import Content, Op, Order
from earshot.text.escape import clip, safe_url, visible
from earshot.text.render.plain import to_plain

MOST_BYTES = 500_000
"""PagerDuty takes 512 KB for a whole event; the rest is room for the key."""
_SUMMARY = 1024
_TEXT = 20_000
_VALUE = 1000
_ITEMS = 50
_LEFT_OUT = "left out: longer than PagerDuty takes"

Fact = str | int | float | bool | list[str] | None


def dedup_key(object_key: str) -> str:
    """The key by which PagerDuty folds all events of one thing into one alert."""
    return f"earshot-{object_key}"


def event(order: Order, *, source: str) -> Json:
    """The event: a resolve names only its key, everything else triggers."""
    found: Json = {"event_action": "trigger", "dedup_key": dedup_key(order.object_key)}
    if order.op is Op.RESOLVE:
        return {**found, "event_action": "resolve"}
    found["payload"] = _payload(order.content, source=source)
    found["client"] = "Earshot"
    url = safe_url(order.content.url)
    if url is not None:
        found["client_url"] = url
    links = _links(order.content)
    if links:
        found["links"] = links
    return _fitted(found)


def size(body: Json) -> int:
    """How many bytes the body takes as JSON."""
    return len(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))


def _payload(content: Content, *, source: str) -> Json:
    held: dict[str, Any] = {
        "summary": clip(content.title, _SUMMARY),
        "source": source,
        "severity": content.severity.value,
        "component": clip(content.area, 255),
        "class": clip(content.item_type, 255),
        "timestamp": content.said_at.isoformat() if content.said_at else None,
        "custom_details": _details(content),
    }
    return {name: value for name, value in held.items() if value}


def _details(content: Content) -> Json:
    text = _cut(to_plain(content.body), _TEXT)
    told = {clip(name, 100): _shown(value) for name, value in content.facts.items() if value is not None}
    named = {"priority": clip(content.priority, 100), "company": clip(content.company, 255), "text": text}
    return {**{name: value for name, value in named.items() if value}, **told}


def _shown(value: Fact) -> Fact:
    if isinstance(value, str):
        return _cut(visible(value), _VALUE)
    return [clip(item, _VALUE) for item in value[:_ITEMS]] if isinstance(value, list) else value


def _links(content: Content) -> list[Json]:
    found = ((safe_url(link.href), link.text) for link in content.links[:_ITEMS])
    return [{"href": href, "text": clip(text, 255)} for href, text in found if href is not None]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _fitted(body: Json) -> Json:
    """The event within PagerDuty's size: details go before the page does."""
    if size(body) <= MOST_BYTES:
        return body
    return {**body, "payload": {**body["payload"], "custom_details": {"text": _LEFT_OUT}}, "links": []}
