"""Builds conversations for the tests of the local model."""

from datetime import UTC, datetime, timedelta

from earshot.domain.conversation import Author, Conversation, Message

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def talk(*lines: str, title: str | None = None, key: str = "1") -> Conversation:
    """A conversation; a line that starts with "agent: ", "bot: " or "other: " is not the starter's."""
    messages: list[Message] = []
    for number, line in enumerate(lines):
        author, who, text = Author.CUSTOMER, "c1", line
        for prefix, kind, name in (
            ("agent: ", Author.AGENT, "a1"),
            ("bot: ", Author.BOT, "b1"),
            ("other: ", Author.CUSTOMER, "c2"),
        ):
            if line.startswith(prefix):
                author, who, text = kind, name, line.removeprefix(prefix)
        messages.append(
            Message(
                id=f"m{number}", author=author, author_id=who, text=text, created_at=NOW + timedelta(minutes=number)
            )
        )
    return Conversation(
        source="intercom", external_id=key, created_at=NOW, updated_at=NOW, title=title, messages=tuple(messages)
    )
