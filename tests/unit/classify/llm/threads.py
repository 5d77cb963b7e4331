"""Builds threads, prompters and answers for the tests of prompts."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from earshot.classify.llm.prompter import Prompter
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.domain.conversation import Author, Conversation, Message
from earshot.domain.customer import Customer
from earshot.ports.model import Answer

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_AUTHORS = {
    "agent: ": (Author.AGENT, "a1"),
    "bot: ": (Author.BOT, "b1"),
    "other: ": (Author.CUSTOMER, "c2"),
}


def thread(*lines: str, title: str | None = None, customer: Customer | None = None) -> Conversation:
    """A conversation; a line that starts with "agent: ", "bot: " or "other: " is not the starter's."""
    messages: list[Message] = []
    for number, line in enumerate(lines, start=1):
        author, who, text = Author.CUSTOMER, "c1", line
        for prefix, (kind, name) in _AUTHORS.items():
            if line.startswith(prefix):
                author, who, text = kind, name, line.removeprefix(prefix)
        messages.append(
            Message(
                id=f"m{number}", author=author, author_id=who, text=text, created_at=NOW + timedelta(minutes=number)
            )
        )
    return Conversation(
        source="intercom",
        external_id="1",
        created_at=NOW,
        updated_at=NOW,
        title=title,
        messages=tuple(messages),
        customer=customer,
    )


def prompter(taxonomy: dict[str, Any] | None = None, **settings: Any) -> Prompter:
    """A prompter with these settings."""
    return Prompter(
        ClassifySettings.model_validate(settings),
        TaxonomySettings.model_validate(taxonomy or {}),
        now=lambda: NOW,
    )


def finding(**changes: Any) -> dict[str, Any]:
    """A finding as template 3 gives it."""
    return {
        "summary": "The export ends with an error.",
        "issue_type": "PRODUCT_BUG",
        "affected_feature": "export",
        "quote": None,
        "message": None,
    } | changes


def filled(*findings: dict[str, Any], **changes: Any) -> Answer:
    """An answer of template 3."""
    form: dict[str, Any] = {
        "findings": list(findings) or [finding()],
        "priority": "HIGH",
        "sentiment": "NEGATIVE",
        "sentiment_score": -0.4,
        "churn_risk": "MEDIUM",
        "recommended_action": "CREATE_TICKET",
        "confidence": "SURE",
        "contains_instructions": False,
    }
    return Answer(text=json.dumps(form | changes))
