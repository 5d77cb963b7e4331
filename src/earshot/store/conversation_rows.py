"""Conversations as rows and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from earshot.domain.conversation import Conversation, Message
from earshot.domain.customer import Customer
from earshot.store.sql import Stage

_MESSAGES = TypeAdapter(tuple[Message, ...])

COLUMNS = """c.id, c.source, c.external_id, c.state, c.title, c.created_at, c.updated_at, c.deleted, c.messages,
    c.customer, c.tags, c.url, c.team_id, c.customer_initiated, c.rating, c.parts_expected, c.parts_held,
    c.truncated, c.times_known, c.ai_outcome"""
"""What `from_row` needs, of table conversation under the name c."""

ARRIVING = Stage(
    "arriving_conversation",
    {
        "id": "varchar(255)",
        "source": "text",
        "external_id": "text",
        "state": "text",
        "title": "text",
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
        "spoken_at": "timestamptz",
        "messages": "jsonb",
        "customer": "jsonb",
        "customer_id": "text",
        "customer_email": "text",
        "account": "text",
        "tags": "text[]",
        "url": "text",
        "team_id": "text",
        "customer_initiated": "boolean",
        "rating": "integer",
        "ai_outcome": "text",
        "parts_expected": "integer",
        "parts_held": "integer",
        "truncated": "boolean",
        "times_known": "boolean",
        "content_hash": "text",
        "excluded": "text",
        "raw": "bytea",
    },
)


def to_row(conversation: Conversation, *, excluded: str | None, raw: bytes, content_hash: str) -> tuple[Any, ...]:
    """The values of `ARRIVING`, in order; the conversation must be clean."""
    c, customer = conversation, conversation.customer
    return (
        c.id,
        c.source,
        c.external_id,
        c.state.value,
        c.title,
        c.created_at,
        c.updated_at,
        c.spoken_at,
        _MESSAGES.dump_json(c.messages).decode(),
        None if customer is None else customer.model_dump_json(),
        customer.id if customer else None,
        customer.email if customer else None,
        customer.account if customer else None,
        list(c.tags),
        c.url,
        c.team_id,
        c.customer_initiated,
        c.rating,
        c.ai_outcome,
        c.parts_expected,
        c.parts_held,
        c.truncated,
        c.times_known,
        content_hash,
        excluded,
        raw,
    )


def from_row(row: Mapping[str, Any] | Any) -> Conversation:
    """The conversation of a row with `COLUMNS`."""
    return Conversation(
        source=row["source"],
        external_id=row["external_id"],
        state=row["state"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        deleted=row["deleted"],
        title=row["title"],
        messages=_MESSAGES.validate_json(row["messages"]),
        customer=None if row["customer"] is None else Customer.model_validate_json(row["customer"]),
        tags=tuple(row["tags"]),
        url=row["url"],
        team_id=row["team_id"],
        customer_initiated=row["customer_initiated"],
        rating=row["rating"],
        ai_outcome=row["ai_outcome"],
        parts_expected=row["parts_expected"],
        parts_held=row["parts_held"],
        truncated=row["truncated"],
        times_known=row["times_known"],
    )


def messages_from(document: str) -> Sequence[Message]:
    """The messages of a stored JSON document."""
    return _MESSAGES.validate_json(document)


def messages_to(messages: Sequence[Message]) -> str:
    """The stored JSON document of messages."""
    return _MESSAGES.dump_json(tuple(messages)).decode()
