"""Small nouns for the store's tests, and short ways to put them in."""

import struct
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from earshot.domain.conversation import Author, Conversation, Message
from earshot.domain.customer import Customer
from earshot.domain.grouping import Mention, Placement, Regrouping, ThemeHead
from earshot.domain.insight import FirstLabels, Insight, Provenance, Unread
from earshot.domain.reading import (
    SENTIMENT_BANDS,
    ChurnRisk,
    Finding,
    IssueType,
    PartialLabels,
    Priority,
    Reading,
    RecommendedAction,
    Sentiment,
)
from earshot.domain.theme import Lexicon
from earshot.ports.store import Arrival
from earshot.store import PostgresStore, StoreSettings, driver
from earshot.store.regroupings import DIMENSIONS

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def settings(url: str, **more: Any) -> StoreSettings:
    """Settings that use an existing database."""
    return StoreSettings(database_url=SecretStr(url), data_dir=Path("/nonexistent"), **more)


def customer(number: int, **changes: Any) -> Customer:
    """A person of one of four companies."""
    values: dict[str, Any] = {
        "id": f"contact-{number:04}",
        "name": f"Person {number}",
        "email": f"person{number}@customer.example",
        "company_id": f"company-{number % 4}",
        "company": f"Company {number % 4}",
        "plan": "pro",
        "mrr": 100.0 * (number % 4),
        "segment": "smb",
    }
    return Customer.model_validate(values | changes)


def conversation(number: int, text: str = "The export stops half way.", **changes: Any) -> Conversation:
    """A conversation with one customer message and one answer, `number` hours after T0."""
    at = T0 + timedelta(hours=number)
    person = changes.get("customer", customer(number))
    values: dict[str, Any] = {
        "source": "intercom",
        "external_id": str(1000 + number),
        "state": "open",
        "created_at": at,
        "updated_at": at + timedelta(minutes=30),
        "title": None,
        "messages": (
            Message(
                id=f"m{number}-1",
                author=Author.CUSTOMER,
                text=text,
                created_at=at,
                author_id=person.id if person else None,
                author_name=person.name if person else None,
            ),
            Message(id=f"m{number}-2", author=Author.AGENT, text="Thanks, we look.", created_at=at),
        ),
        "customer": person,
        "tags": ("a",),
        "url": f"https://inbox.example/{1000 + number}",
        "parts_expected": 1,
        "parts_held": 1,
    }
    return Conversation.model_validate(values | changes)


def arrival(c: Conversation, raw: bytes | None = None, excluded: str | None = None) -> Arrival:
    """The conversation with some raw JSON."""
    return Arrival(
        conversation=c, raw=c.messages[0].text.encode("utf-8", "replace") if raw is None else raw, excluded=excluded
    )


def insight(c: Conversation, **changes: Any) -> Insight:
    """A reading of the conversation; its one finding quotes the first customer message whole."""
    sentiment = Sentiment(changes.get("sentiment", "NEGATIVE"))
    message = c.customer_messages[0]
    kind = IssueType(changes.get("issue_type", "PRODUCT_BUG"))
    summary = str(changes.get("summary", message.text))[:200]
    finding = Finding(
        issue_type=kind,
        summary=summary,
        affected_feature=changes.get("affected_feature", "exports"),
        quote=message.text,
        message_id=message.id,
        start=0,
        end=len(message.text),
    )
    return Insight(
        conversation_id=c.id,
        reading=Reading(
            issue_type=kind,
            priority=Priority(changes.get("priority", "HIGH")),
            sentiment=sentiment,
            sentiment_score=changes.get("score", SENTIMENT_BANDS[sentiment][0]),
            churn_risk=ChurnRisk(changes.get("churn_risk", "LOW")),
            confidence=changes.get("confidence", 0.8),
            summary=summary,
            affected_feature=changes.get("affected_feature", "exports"),
            category=changes.get("category"),
            recommended_action=RecommendedAction.ROUTINE,
            findings=(finding, *changes.get("more", ())),
        ),
        provenance=changes.get("provenance", Provenance(classifier="local", model="local-1", cost_usd=0.0)),
        customer_segment=c.customer.segment if c.customer else None,
        content_hash=c.content_hash,
        classified_at=changes.get("classified_at", NOW),
        conversation_at=c.spoken_at,
        times_known=c.times_known,
        injection=changes.get("injection", False),
        dropped_quotes=changes.get("dropped_quotes", 0),
    )


def first_labels(c: Conversation, **changes: Any) -> FirstLabels:
    """Labels of the conversation as a decision endpoint gives them."""
    return FirstLabels(
        conversation_id=c.id,
        labels=changes.get("labels", PartialLabels(issue_type=IssueType.BILLING, confidence=0.9)),
        provenance=changes.get("provenance", Provenance(classifier="llm", model="decide-1", cost_usd=0.00001)),
        customer_segment=c.customer.segment if c.customer else None,
        content_hash=c.content_hash,
        classified_at=changes.get("classified_at", NOW),
        conversation_at=c.spoken_at,
        times_known=c.times_known,
    )


def unread(c: Conversation, reason: str = "too short") -> Unread:
    """The conversation as one that nobody could read."""
    return Unread(conversation_id=c.id, content_hash=c.content_hash, reason=reason, attempted_at=NOW)


async def keep(store: PostgresStore, *conversations: Conversation) -> int:
    """Save conversations and commit."""
    async with store.unit() as unit:
        changed = await unit.conversations.save([arrival(c) for c in conversations], now=NOW)
        await unit.commit()
    return changed


async def read(
    store: PostgresStore, *insights: Insight, unread: Sequence[Unread] = (), labels: Sequence[FirstLabels] = ()
) -> None:
    """Save insights, marks and labels, and commit."""
    async with store.unit() as unit:
        await unit.insights.save(insights, unread, labels=labels)
        await unit.commit()


async def group(store: PostgresStore, themes: dict[str, str], *, lexicon: Lexicon | None = None) -> None:
    """Put every unplaced mention into the theme that `themes` names for its summary (unnamed: theme "rest").

    A theme is one cell of the same id; every mention of it is core. Its title is its first summary.
    """
    async with store.unit() as unit:
        open_ = await unit.themes.mentions(100_000, placed=False)
        heads = (await unit.themes.partition()).heads
        members = {m.id: themes.get(m.summary, "rest") for m in open_}
        new = {members[m.id]: m for m in reversed(open_) if members[m.id] not in heads}
        regrouping = Regrouping(
            placements=tuple(placement(m, members[m.id]) for m in open_),
            mentions=members,
            cells={theme: theme for theme in set(members.values())},
            heads=tuple(head(theme, m) for theme, m in new.items()),
            lexicon=lexicon or Lexicon(documents=len(open_), frequencies={"export": len(open_)}),
        )
        await unit.themes.save(regrouping, now=NOW)
        await unit.commit()


def placement(mention: Mention, cell: str, **changes: Any) -> Placement:
    """The mention as a core mention of a cell, with a vector."""
    values: dict[str, Any] = {
        "mention_id": mention.id,
        "cell_id": cell,
        "core": True,
        "vector": vector(mention.summary),
        "reason": "",
    }
    return Placement.model_validate(values | changes)


def head(theme: str, mention: Mention, **changes: Any) -> ThemeHead:
    """A theme named after a mention."""
    values: dict[str, Any] = {
        "id": theme,
        "issue_type": mention.issue_type,
        "area": mention.area,
        "title": mention.summary[:100],
    }
    return ThemeHead.model_validate(values | changes)


def vector(text: str) -> bytes:
    """A vector of hashed words: texts that share words lie near each other."""
    numbers = [0.0] * DIMENSIONS
    for word in text.lower().split():
        numbers[zlib.crc32(word.encode()) % DIMENSIONS] += 1.0
    return struct.pack(f"<{DIMENSIONS}e", *numbers)


async def query(store: PostgresStore, statement: str, *values: Any) -> list[Any]:
    """Rows of a statement on a connection of its own, as another program would see them."""
    connection = await driver.dial(dsn=store.address.url)
    try:
        await connection.execute("set search_path = earshot, public")
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


async def value(store: PostgresStore, statement: str, *values: Any) -> Any:
    """The first value of a statement."""
    return (await query(store, statement, *values))[0][0]
