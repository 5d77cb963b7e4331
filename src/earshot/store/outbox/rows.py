"""Deliveries, links and what they hold as rows and back."""

import json
from collections.abc import Mapping
from typing import Any

from earshot.domain.delivery import WITHDRAWN, Content, Delivery, Link, Receipt
from earshot.store.cleaning import clean, clean_json
from earshot.store.sql import Stage

STATED = {
    "state": "text",
    "told": "integer",
    "urgent": "boolean",
    "attempts": "integer",
    "first_tried_at": "timestamptz",
    "not_before": "timestamptz",
    "maybe_arrived": "boolean",
    "receipt": "jsonb",
    "last_status": "integer",
    "cause": "text",
    "note": "text",
    "approved_by": "text",
    "ended_at": "timestamptz",
}
"""What may change about a delivery, beside its lease."""
PLANNED = Stage(
    "planned_delivery",
    {
        "n": "integer",
        "id": "text",
        "object_key": "text",
        "action_key": "text",
        "destination": "text",
        "thing": "text",
        "op": "text",
        "subject_id": "text",
        "created_at": "timestamptz",
    }
    | STATED
    | {"content": "jsonb"},
)
LINKED = Stage(
    "planned_link",
    {
        "object_key": "text",
        "destination": "text",
        "thing": "text",
        "subject_id": "text",
        "variant": "text",
        "episode": "integer",
        "action_key": "text",
        "standing": "text",
        "receipt": "jsonb",
        "told": "integer",
        "suppressed": "integer",
        "sequence": "integer",
        "planned_at": "timestamptz",
        "told_at": "timestamptz",
        "closed_at": "timestamptz",
        "checked_at": "timestamptz",
    },
)
DELIVERY = """d.id, d.object_key, d.action_key, d.destination, d.thing, d.op, d.subject_id, d.created_at, d.worker,
    d.lease_until, d.state, d.told, d.urgent, d.attempts, d.first_tried_at, d.not_before, d.maybe_arrived,
    coalesce(d.receipt, l.receipt) as receipt, d.last_status, d.cause, d.note,
    d.approved_by, d.ended_at, c.content"""
"""What `delivery_from` needs of a delivery d with `JOINED`."""
JOINED = """left join link l on l.object_key = d.object_key and d.op <> 'create'
    left join delivery_content c on c.delivery_id = d.id"""
LINK = ", ".join(f"l.{name}" for name in LINKED.columns)
"""What `link_from` needs of a link l."""

_LINK_FIELDS = tuple(LINKED.columns)
_DELIVERY_FIELDS = tuple(name for name in Delivery.model_fields if name not in {"content", "receipt"})


def stated(delivery: Delivery) -> dict[str, Any]:
    """The values of `STATED`."""
    return {
        "state": delivery.state.value,
        "told": delivery.told,
        "urgent": delivery.urgent,
        "attempts": delivery.attempts,
        "first_tried_at": delivery.first_tried_at,
        "not_before": delivery.not_before,
        "maybe_arrived": delivery.maybe_arrived,
        "receipt": _receipt(delivery.receipt),
        "last_status": delivery.last_status,
        "cause": clean(delivery.cause),
        "note": clean(delivery.note),
        "approved_by": clean(delivery.approved_by),
        "ended_at": delivery.ended_at,
    }


def delivery_row(n: int, delivery: Delivery) -> tuple[Any, ...]:
    """The values of `PLANNED`, in order."""
    return (
        n,
        delivery.id,
        delivery.object_key,
        delivery.action_key,
        delivery.destination,
        delivery.thing.value,
        delivery.op.value,
        clean(delivery.subject_id),
        delivery.created_at,
        *stated(delivery).values(),
        content_document(delivery.content),
    )


def content_document(content: Content) -> str:
    """The stored JSON document of a content."""
    return json.dumps(clean_json(content.model_dump(mode="json")))


def delivery_from(row: Mapping[str, Any] | Any) -> Delivery:
    """The delivery of a row with `DELIVERY`."""
    return Delivery.model_validate(
        {
            **{name: row[name] for name in _DELIVERY_FIELDS},
            "content": WITHDRAWN if row["content"] is None else Content.model_validate_json(row["content"]),
            "receipt": _receipt_from(row["receipt"]),
        }
    )


def link_row(link: Link) -> tuple[Any, ...]:
    """The values of `LINKED`, in order."""
    return (
        link.object_key,
        link.destination,
        link.thing.value,
        clean(link.subject_id),
        clean(link.variant),
        link.episode,
        link.action_key,
        link.standing.value,
        _receipt(link.receipt),
        link.told,
        link.suppressed,
        link.sequence,
        link.planned_at,
        link.told_at,
        link.closed_at,
        link.checked_at,
    )


def link_from(row: Mapping[str, Any] | Any) -> Link:
    """The link of a row with `LINK`."""
    return Link.model_validate(
        {**{name: row[name] for name in _LINK_FIELDS}, "receipt": _receipt_from(row["receipt"])}
    )


def _receipt(receipt: Receipt | None) -> str | None:
    return None if receipt is None else json.dumps(clean_json(receipt.model_dump(mode="json")))


def _receipt_from(document: str | None) -> Receipt | None:
    return None if document is None else Receipt.model_validate_json(document)
