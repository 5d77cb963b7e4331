"""Use case: hand out rows in the documented export forms (DESIGN §6), a batch at a time."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

from earshot.domain.action import Action
from earshot.domain.backlog_rows import BacklogRow
from earshot.domain.call import Call, Usage
from earshot.domain.conversation import Conversation
from earshot.domain.insight import FirstLabels, Insight
from earshot.domain.model import Noun
from earshot.domain.report import BEGINNING, Window
from earshot.domain.rows import (
    ActionRow,
    CallRow,
    ConversationRow,
    CustomerRow,
    InsightRow,
    LabelsRow,
    MessageRow,
    ThemeRow,
)
from earshot.domain.theme import Theme
from earshot.pipeline.backlog.looking import item_rows
from earshot.pipeline.parts import Parts
from earshot.ports.store import Unit

SHAPES: dict[str, type[Noun]] = {
    "conversations": ConversationRow,
    "insights": InsightRow,
    "labels": LabelsRow,
    "themes": ThemeRow,
    "backlog": BacklogRow,
    "actions": ActionRow,
    "llm-calls": CallRow,
}
"""What can be exported, and the shape of its rows."""

_ALL = 1_000_000
_EVERYTHING = Window(start=BEGINNING, end=datetime(9000, 1, 1, tzinfo=UTC))


async def export(parts: Parts, kind: str) -> AsyncIterator[Sequence[Noun]]:
    """Batches of rows of a kind; ValueError for an unknown kind."""
    if kind not in SHAPES:
        raise ValueError(f"cannot export {kind!r}; choose one of {', '.join(SHAPES)}")
    async with parts.store.unit() as unit:
        async for rows in _ROWS[kind](unit):
            yield rows


async def _conversations(unit: Unit) -> AsyncIterator[Sequence[Noun]]:
    async for conversations in unit.conversations.export():
        yield [conversation_row(c) for c in conversations]


async def _insights(unit: Unit) -> AsyncIterator[Sequence[Noun]]:
    async for insights in unit.insights.export():
        yield [insight_row(i) for i in insights]


async def _labels(unit: Unit) -> AsyncIterator[Sequence[Noun]]:
    async for labels in unit.insights.export_labels():
        yield [labels_row(one) for one in labels]


async def _themes(unit: Unit) -> AsyncIterator[Sequence[Noun]]:
    themes = await unit.themes.top(_EVERYTHING, limit=_ALL)
    raised = await unit.themes.conversations([theme.id for theme in themes])
    yield [theme_row(theme, raised.get(theme.id, ())) for theme in themes]


async def _backlog(unit: Unit) -> AsyncIterator[Sequence[Noun]]:
    yield await item_rows(unit, await unit.backlog.items())


async def _actions(unit: Unit) -> AsyncIterator[Sequence[Noun]]:
    yield [action_row(a) for a in await unit.decisions.list(None, limit=_ALL)]


async def _calls(unit: Unit) -> AsyncIterator[Sequence[Noun]]:
    async for calls in unit.calls.export():
        yield [call_row(call) for call in calls]


_ROWS: dict[str, Callable[[Unit], AsyncIterator[Sequence[Noun]]]] = {
    "conversations": _conversations,
    "insights": _insights,
    "labels": _labels,
    "themes": _themes,
    "backlog": _backlog,
    "actions": _actions,
    "llm-calls": _calls,
}


def conversation_row(conversation: Conversation) -> ConversationRow:
    """A conversation in the export form: only customer-visible messages, in order."""
    customer = conversation.customer
    shared = ConversationRow.model_fields.keys() - {"messages", "customer", "tags"}
    return ConversationRow(
        **{name: getattr(conversation, name) for name in shared},
        messages=[
            MessageRow(id=m.id, author=m.author, text=m.text, created_at=m.created_at)
            for m in conversation.messages
        ],
        customer=customer and CustomerRow(**{name: getattr(customer, name) for name in CustomerRow.model_fields}),
        tags=list(conversation.tags),
    )


def insight_row(insight: Insight) -> InsightRow:
    """An insight in the export form."""
    reading, origin = insight.reading, insight.provenance
    told = {name: getattr(reading, name) for name in InsightRow.model_fields if hasattr(reading, name)}
    came = {name: getattr(origin, name) for name in InsightRow.model_fields if hasattr(origin, name)}
    own = {
        "findings": reading.findings,
        "conversation_id": insight.conversation_id,
        "customer_segment": insight.customer_segment,
        "classified_at": insight.classified_at,
        "corrected": list(insight.corrected),
    }
    return InsightRow.model_validate({**told, **came, **own})


def labels_row(first: FirstLabels) -> LabelsRow:
    """Labels in the export form."""
    labels, origin = first.labels, first.provenance
    told = {name: getattr(labels, name) for name in LabelsRow.model_fields if hasattr(labels, name)}
    came = {name: getattr(origin, name) for name in LabelsRow.model_fields if hasattr(origin, name)}
    names = ("conversation_id", "customer_segment", "classified_at", "corrected")
    own = {name: getattr(first, name) for name in names}
    return LabelsRow.model_validate({**told, **came, **own})


def call_row(call: Call) -> CallRow:
    """A call in the export form."""
    used = {name: getattr(call.usage, name, None) for name in Usage.model_fields}
    shared = CallRow.model_fields.keys() - used.keys() - {"created_at"}
    return CallRow(created_at=call.started_at, **used, **{name: getattr(call, name) for name in shared})


def theme_row(theme: Theme, conversations: Sequence[str]) -> ThemeRow:
    """A theme in the export form, with the ids of its conversations."""
    return ThemeRow(
        id=theme.id,
        issue_type=theme.issue_type,
        affected_feature=theme.area,
        title=theme.title,
        description=theme.description,
        frequency=theme.conversations,
        customers=theme.customers,
        companies=theme.companies,
        mrr=theme.mrr,
        avg_sentiment=theme.avg_sentiment,
        customer_segments=list(theme.segments),
        first_seen=theme.first_seen,
        last_seen=theme.last_seen,
        representative_quotes=[quote.text for quote in theme.quotes[:3]],
        evidence_urls=[quote.url for quote in theme.quotes if quote.url],
        conversation_ids=list(conversations),
    )


def action_row(action: Action) -> ActionRow:
    """An action in the export form."""
    shared = ActionRow.model_fields.keys() - {"action_type"}
    return ActionRow(action_type=action.kind, **{name: getattr(action, name) for name in shared})
