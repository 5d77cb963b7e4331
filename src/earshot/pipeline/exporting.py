"""Use case: hand out rows in the documented export forms (DESIGN §6), a batch at a time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from earshot.domain.action import Action
from earshot.domain.conversation import Conversation
from earshot.domain.insight import Insight
from earshot.domain.report import Window
from earshot.domain.theme import Theme
from earshot.pipeline.parts import Parts

Row = dict[str, Any]
KINDS = ("conversations", "insights", "themes", "actions")
"""What can be exported so far."""


async def export(parts: Parts, kind: str) -> AsyncIterator[list[Row]]:
    """Batches of rows of a kind; ValueError for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(f"cannot export {kind!r}; choose one of {', '.join(KINDS)}")
    async with parts.store.unit() as unit:
        if kind == "conversations":
            async for conversations in unit.conversations.export():
                yield [conversation_row(c) for c in conversations]
        elif kind == "insights":
            async for insights in unit.insights.export():
                yield [insight_row(i) for i in insights]
        elif kind == "themes":
            everything = Window(start=datetime(1970, 1, 1, tzinfo=UTC), end=datetime(9000, 1, 1, tzinfo=UTC))
            yield [theme_row(t) for t in await unit.themes.top(everything, limit=1_000_000)]
        else:
            yield [action_row(a) for a in await unit.decisions.list(None, limit=1_000_000)]


def conversation_row(conversation: Conversation) -> Row:
    """A conversation in the export form: only customer-visible messages, in order."""
    customer = conversation.customer
    fields = ("id", "name", "email", "plan", "mrr", "segment", "company")
    return {
        "id": conversation.id,
        "state": conversation.state.value,
        "created_at": _iso(conversation.created_at),
        "updated_at": _iso(conversation.updated_at),
        "deleted": conversation.deleted,
        "title": conversation.title,
        "messages": [
            {"id": m.id, "author": m.author.value, "text": m.text, "created_at": _iso(m.created_at)}
            for m in conversation.messages
        ],
        "customer": None if customer is None else {name: getattr(customer, name) for name in fields},
        "tags": list(conversation.tags),
        "url": conversation.url,
    }


def insight_row(insight: Insight) -> Row:
    """An insight in the export form."""
    reading, origin = insight.reading, insight.provenance
    return {
        "conversation_id": insight.conversation_id,
        "issue_type": reading.issue_type.value,
        "priority": reading.priority.value,
        "sentiment": reading.sentiment.value,
        "sentiment_score": reading.sentiment_score,
        "churn_risk": reading.churn_risk.value,
        "confidence": reading.confidence,
        "summary": reading.summary,
        "affected_feature": reading.affected_feature,
        "customer_segment": insight.customer_segment.value if insight.customer_segment else None,
        "recommended_action": reading.recommended_action.value,
        "findings": [f.model_dump(mode="json") for f in reading.findings],
        "classifier": origin.classifier,
        "model": origin.model,
        "prompt_version": origin.prompt_version,
        "cost_usd": origin.cost_usd,
        "classified_at": _iso(insight.classified_at),
    }


def theme_row(theme: Theme) -> Row:
    """A theme, with the guide's names (frequency, representative_quotes, evidence_urls) where it has them."""
    return {
        "id": theme.id,
        "issue_type": theme.issue_type.value,
        "affected_feature": theme.area,
        "title": theme.title,
        "frequency": theme.conversations,
        "customers": theme.customers,
        "mrr": theme.mrr,
        "avg_sentiment": theme.avg_sentiment,
        "customer_segments": list(theme.segments),
        "first_seen": _iso(theme.first_seen),
        "last_seen": _iso(theme.last_seen),
        "representative_quotes": [q.text for q in theme.quotes],
        "evidence_urls": [q.url for q in theme.quotes if q.url],
    }


def action_row(action: Action) -> Row:
    """An action, with the guide's names (action_type, reason, status)."""
    row = action.model_dump(mode="json")
    row["action_type"] = row.pop("kind")
    return row


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
