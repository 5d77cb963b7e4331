"""What an event says: type, time and data; thin, so ids and addresses rather than customers' words."""

import json
import math

from earshot.domain.delivery import Content, Op, Order
from earshot.text.escape import safe_url
from earshot.text.render.plain import to_plain

MOST_BYTES = 100_000
_TYPES = {
    Op.CREATE: "signal.created",
    Op.UPDATE: "signal.updated",
    Op.RESOLVE: "signal.resolved",
    Op.REOPEN: "signal.reopened",
}
_INERT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def event(order: Order, *, at: str) -> bytes:
    """The body, the same bytes for the same order; `at` is the event's time where the content names none."""
    content = order.content
    said_at = at if content.said_at is None else content.said_at.isoformat().replace("+00:00", "Z")
    body = {"type": _TYPES[order.op], "timestamp": said_at, "data": _data(order)}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_INERT).encode("utf-8", "replace")


def _data(order: Order) -> dict[str, object]:
    content = order.content
    data: dict[str, object] = {
        "id": order.object_key,
        "title": content.title,
        "severity": str(content.severity),
        "priority": content.priority,
        "item_type": content.item_type,
        "area": content.area,
        "labels": list(content.labels),
        "conversation": content.conversation,
        "contact": content.contact,
        "url": safe_url(content.url),
        "facts": {name: _finite(value) for name, value in content.facts.items()},
        "links": [{"text": link.text, "url": url} for link in content.links if (url := safe_url(link.href))],
    }
    text = _text(content)
    return {**data, "text": text} if text else data


def _finite(value: object) -> object:
    """What JSON can hold: a number that is none is unknown."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(content: Content) -> str:
    return to_plain(content.body) if content.body.blocks else ""
