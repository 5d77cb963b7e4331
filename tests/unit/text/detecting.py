"""What the detectors find in a text, for tests."""

from datetime import UTC, datetime

from earshot.domain.conversation import Author, Conversation, Message
from earshot.domain.customer import Customer
from earshot.text.personal.masking import passages
from earshot.text.untrusted import inert

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def found(text: str) -> list[tuple[str, str]]:
    """Kind and text of each passage."""
    text = inert(text)
    return [(span.kind.value, text[span.start : span.end]) for span in passages(text)]


def talk(
    *texts: str | tuple[Author, str | None, str], customer: Customer | None = None, title: str | None = None
) -> Conversation:
    """A conversation; a bare text is the customer's, a triple says author, name and text."""
    said = [(Author.CUSTOMER, None, text) if isinstance(text, str) else text for text in texts]
    messages = tuple(
        Message(id=str(number), author=author, author_name=name, text=text, created_at=NOW)
        for number, (author, name, text) in enumerate(said)
    )
    return Conversation(
        source="test",
        external_id="1",
        created_at=NOW,
        updated_at=NOW,
        title=title,
        messages=messages,
        customer=customer,
    )
