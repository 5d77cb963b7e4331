"""A conversation as a side of an entry: what the customer wrote, what the reader made of it, whose it is."""

from earshot.domain.conversation import Author, Conversation
from earshot.domain.insight import Insight
from earshot.domain.theme import Quote
from earshot.pipeline.pages.queue.entries import QUOTES, UNKNOWN, Fact, Side, paid
from earshot.ports.store import Unit
from earshot.text.escape import visible

_TEXT = 1_500


async def conversation_side(
    unit: Unit, conversation_id: str, *, currency: str, label: str = "Conversation"
) -> Side:
    """What is held of a conversation; a side without words where nothing is."""
    found = await unit.conversations.get([conversation_id])
    conversation = found[0] if found else None
    insight = await unit.browse.insight(conversation_id)
    reading = insight.reading if insight else None
    quotes = [finding.quote for finding in reading.findings if finding.quote] if reading else []
    said_at = conversation.created_at if conversation else None
    return Side(
        label=label,
        title=(reading.summary if reading else conversation.title if conversation else "") or conversation_id,
        href=f"/conversations/{conversation_id}",
        url=conversation.url if conversation else None,
        text="" if conversation is None else _customers_words(conversation),
        facts=(*_customers(conversation, currency), *_read(insight)),
        quotes=tuple(
            Quote(text=text, conversation_id=conversation_id, said_at=said_at) for text in quotes[:QUOTES]
        ),
    )


def _customers(conversation: Conversation | None, currency: str) -> list[Fact]:
    """Whose it is."""
    customer = conversation.customer if conversation else None
    if customer is None:
        return []
    return [
        Fact(name="Customer", value=customer.company or customer.name or UNKNOWN),
        Fact(name="MRR", value=paid(customer.mrr, currency)),
    ]


def _read(insight: Insight | None) -> list[Fact]:
    """What the reader made of it, and how sure it was."""
    if insight is None:
        return []
    reading = insight.reading
    labels = (reading.issue_type, reading.priority, reading.sentiment, reading.churn_risk)
    return [
        Fact(name="Read as", value=", ".join(one.value.replace("_", " ").lower() for one in labels)),
        Fact(name="Sure", value=f"{reading.confidence:.0%}, by {insight.provenance.classifier}"),
    ]


def _customers_words(conversation: Conversation) -> str:
    """What the customer wrote, from its beginning."""
    said = "\n\n".join(message.text for message in conversation.messages if message.author is Author.CUSTOMER)
    told = visible(said)
    return told if len(told) <= _TEXT else f"{told[:_TEXT]}…"
