"""Conversations for the tests of the pull step."""

from datetime import UTC, datetime, timedelta
from typing import Any

from earshot.domain.conversation import Author, Conversation, Message

START = datetime(2026, 5, 1, tzinfo=UTC)


def message(key: str, minute: int, *, author: Author = Author.CUSTOMER) -> Message:
    return Message(id=key, author=author, text=f"words of {key}", created_at=START + timedelta(minutes=minute))


def conversation(*messages: Message, **more: Any) -> Conversation:
    fields: dict[str, Any] = {
        "source": "intercom",
        "external_id": "1",
        "created_at": START,
        "updated_at": START,
        "messages": messages,
        **more,
    }
    return Conversation.model_validate(fields)
