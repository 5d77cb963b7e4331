"""Use case: one conversation with everything that is known of it, and where that came from."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.call import Call
from earshot.domain.conversation import Conversation
from earshot.domain.correction import CHOICES, Correction, Field
from earshot.domain.insight import FirstLabels, Insight, Provenance
from earshot.domain.model import Noun
from earshot.domain.reading import Finding
from earshot.errors import NotFound
from earshot.pipeline.answering import Classification, classification
from earshot.pipeline.correcting import Standing, standing
from earshot.pipeline.pages.conversations.thread import Said, thread
from earshot.pipeline.parts import Parts
from earshot.pipeline.ruling.explaining import RuleAnswer, explain_conversation
from earshot.ports.pages.conversations import Topic

_CALLS = 100


class Told(Noun):
    """One field: what it says now, what the model itself says, and the correction between them, if any."""

    field: Field
    value: str | None
    model: str | None
    correction: Correction | None
    choices: tuple[str, ...]


class Matter(Noun):
    """A finding with its number (from 1) and theme. `shown`: its quote is marked in the thread."""

    number: int
    finding: Finding
    topic: Topic | None
    shown: bool


class EventKind(StrEnum):
    """What happened to a conversation's reading."""

    WROTE = "wrote"
    LABELS = "labels"
    READ = "read"
    CORRECTED = "corrected"
    TAKEN_BACK = "taken back"
    ACTION = "action"
    UNREAD = "unread"


class Event(Noun):
    """One thing in the course of time. `by` is a person, a model or a rule; `action` is a key."""

    at: datetime
    kind: EventKind
    by: str = ""
    detail: str = ""
    more: str = ""
    action: str = ""
    origin: Provenance | None = None
    confidence: float | None = None


class Portrait(Noun):
    """One conversation. `cost_usd` sums the known costs of its calls, `unpriced` counts calls without one."""

    conversation: Conversation
    classification: Classification
    standing: Standing
    messages: tuple[Said, ...]
    matters: tuple[Matter, ...]
    fields: tuple[Told, ...]
    events: tuple[Event, ...]
    rules: tuple[RuleAnswer, ...]
    calls: tuple[Call, ...]
    cost_usd: float
    unpriced: int
    stale: bool


async def portrait(parts: Parts, conversation_id: str) -> Portrait:
    """Everything about one conversation; NotFound where it is not held, was deleted or erased."""
    async with parts.store.unit() as unit:
        held = await unit.conversations.get([conversation_id])
        if not held or held[0].deleted:
            raise NotFound(
                "This conversation is not here.",
                hint="It was deleted at the source, erased, dropped by retention, or never fetched.",
            )
        found = await standing(unit, conversation_id)
        history = await unit.pages.corrections.history(conversation_id)
        calls = await unit.pages.conversations.calls(conversation_id, limit=_CALLS)
        topics = {one.position: one for one in await unit.pages.conversations.topics(conversation_id)}
    known = await classification(parts, conversation_id)
    insight = found.insight
    stale = insight is not None and insight.content_hash != held[0].content_hash
    findings = insight.reading.findings if insight is not None else ()
    said = thread(held[0].messages, findings)
    shown = {piece.finding for one in said for piece in one.pieces}
    return Portrait(
        conversation=held[0],
        classification=known,
        standing=found,
        messages=said,
        matters=tuple(
            Matter(number=n, finding=one, topic=topics.get(n - 1), shown=n in shown)
            for n, one in enumerate(findings, start=1)
        ),
        fields=tuple(_told(found, field) for field in found.fields),
        events=_events(held[0], found, history=history, known=known),
        rules=await _rules(parts, conversation_id) if insight is not None and not stale else (),
        calls=tuple(calls),
        cost_usd=sum(call.cost_usd or 0.0 for call in calls),
        unpriced=sum(call.cost_usd is None for call in calls),
        stale=stale,
    )


async def _rules(parts: Parts, conversation_id: str) -> tuple[RuleAnswer, ...]:
    rules = parts.make_rules()
    if not rules.ordered:
        return ()
    return (await explain_conversation(parts, conversation_id, rules=rules)).rules


def _told(found: Standing, field: Field) -> Told:
    correction = found.correction(field)
    value = found.value(field)
    own = value if correction is None else correction.was if found.insight else correction.was_label
    choices = tuple(CHOICES[field]) if field in CHOICES else ()
    return Told(field=field, value=value, model=own, correction=correction, choices=choices)


def _events(
    conversation: Conversation, found: Standing, *, history: list[Correction], known: Classification
) -> tuple[Event, ...]:
    """What happened, oldest first."""
    events = [
        Event(at=conversation.spoken_at, kind=EventKind.WROTE, detail=f"{len(conversation.messages)} messages")
    ]
    events += [_read(one) for one in (found.labels, found.insight) if one is not None]
    for one in history:
        told = f"{one.field.value}: {one.value or 'none'}"
        events.append(Event(at=one.made_at, kind=EventKind.CORRECTED, by=one.actor, detail=told, more=one.reason))
        if one.undone_at is not None:
            by = one.undone_by or ""
            events.append(Event(at=one.undone_at, kind=EventKind.TAKEN_BACK, by=by, detail=told))
    for one in known.actions:
        kind = one.action_type.value
        events.append(Event(at=one.created_at, kind=EventKind.ACTION, by=one.rule, detail=kind, action=one.key))
    return tuple(sorted(events, key=lambda event: event.at))


def _read(one: Insight | FirstLabels) -> Event:
    confidence = one.reading.confidence if isinstance(one, Insight) else one.labels.confidence
    return Event(
        at=one.classified_at,
        kind=EventKind.READ if isinstance(one, Insight) else EventKind.LABELS,
        by=one.provenance.classifier,
        origin=one.provenance,
        confidence=confidence,
    )
