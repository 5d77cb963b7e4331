"""The parts of a content that are not words: grades, labels, named values, links, whom it is about."""

from collections.abc import Mapping
from typing import Any

from earshot.act.silencing import area_of
from earshot.act.texts.figures import date
from earshot.act.texts.variables import conversation_links, frequency
from earshot.domain.action import ActionKind
from earshot.domain.backlog import ItemType, Urgency
from earshot.domain.delivery import Dossier, Severity, Thing
from earshot.domain.reading import IssueType, Priority
from earshot.text.escape import safe_url
from earshot.text.labels import label

_SEVERITIES: Mapping[Priority, Severity] = {
    Priority.CRITICAL: Severity.CRITICAL,
    Priority.HIGH: Severity.ERROR,
    Priority.MEDIUM: Severity.WARNING,
    Priority.LOW: Severity.INFO,
}
_URGENCIES: Mapping[Priority, Urgency] = {
    Priority.CRITICAL: Urgency.P0,
    Priority.HIGH: Urgency.P1,
    Priority.MEDIUM: Urgency.P2,
    Priority.LOW: Urgency.P3,
}
_TYPES: Mapping[IssueType, ItemType] = {
    IssueType.PRODUCT_BUG: ItemType.BUG,
    IssueType.FEATURE_REQUEST: ItemType.FEATURE,
    IssueType.UX_FRICTION: ItemType.IMPROVEMENT,
}
_WORK = frozenset({Thing.TICKET, Thing.FEEDBACK})
"""Things that a backlog item stands behind, where there is one."""


def values_of(dossier: Dossier, thing: Thing) -> dict[str, Any]:
    """Every field of a content but its words."""
    conversation, customer = dossier.conversation, dossier.conversation.customer
    item = dossier.item if thing in _WORK else None
    return {
        "severity": _SEVERITIES[dossier.insight.reading.priority],
        "priority": _priority(dossier, thing),
        "item_type": _item_type(dossier, thing),
        "labels": _labels(dossier, thing),
        "components": item.text.components if item else (),
        "facts": facts_of(dossier),
        "links": conversation_links(dossier),
        "url": safe_url(conversation.url),
        "area": area_of(dossier),
        "conversation": conversation.external_id,
        "contact": customer.id if customer else "",
        "email": (customer.email if customer else None) or "",
        "company": (customer.company if customer else None) or "",
        "said_at": dossier.last_seen,
        "parameters": dossier.action.parameters,
    }


def facts_of(dossier: Dossier) -> dict[str, str | int | float | bool | list[str] | None]:
    """Named values for custom fields and events; None where unknown. No customer's words."""
    action, reading, item = dossier.action, dossier.insight.reading, dossier.item
    return {
        "rice_score": item.rice.score.rice_score if item and item.rice else None,
        "customer_evidence_count": frequency(dossier),
        "first_reported": date(dossier.first_seen),
        "estimated_mrr_impact": dossier.mrr,
        "conversations": dossier.conversations,
        "customers": dossier.customers,
        "issue_type": reading.issue_type.value,
        "priority": reading.priority.value,
        "sentiment": reading.sentiment.value,
        "sentiment_score": reading.sentiment_score,
        "churn_risk": reading.churn_risk.value,
        "kind": action.kind.value,
        "rule": action.rule,
        "subject": action.subject.value,
        "subject_id": action.subject_id,
    }


def _priority(dossier: Dossier, thing: Thing) -> str:
    if dossier.action.kind is ActionKind.CREATE_JIRA_P0:
        return Urgency.P0
    if dossier.item and thing in _WORK:
        return dossier.item.text.priority
    return _URGENCIES[dossier.insight.reading.priority]


def _item_type(dossier: Dossier, thing: Thing) -> str:
    kind = dossier.action.kind
    if kind is ActionKind.SCHEDULE_UX_REVIEW:
        return ItemType.TASK
    if kind is ActionKind.CREATE_JIRA_P0:
        return ItemType.BUG
    if dossier.item and thing in _WORK:
        return dossier.item.text.issue_type
    return _TYPES.get(dossier.insight.reading.issue_type, ItemType.TASK)


def _labels(dossier: Dossier, thing: Thing) -> tuple[str, ...]:
    kind = dossier.action.kind
    own = dossier.item.text.labels if dossier.item and thing in _WORK else ()
    first = ("p0",) if kind is ActionKind.CREATE_JIRA_P0 else ()
    whose = "customer-request" if thing is Thing.FEEDBACK else "customer-reported"
    return tuple(dict.fromkeys(filter(None, (*first, whose, *own, label(area_of(dossier))))))
