"""An order as a HubSpot task. All property values are text."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from earshot.connectors.hubspot.due import due
from earshot.connectors.hubspot.settings import HubSpotSettings
from earshot.connectors.lenient import Json
from earshot.connectors.orders import marker
from earshot.domain.delivery import Content, Op, Order, Severity
from earshot.text.escape import clip
from earshot.text.render.html import to_html

MOST_CHARACTERS = 65_536
"""Of a body, as HubSpot states it for notes; for tasks it states nothing."""
_TRIED = (60_000, 20_000, 5_000)
"""Characters of text, tried in turn: escaped, a text can be six times as long."""
_SUBJECT = 255
_TASK_TO_CONTACT = 204
_PRIORITIES = {
    "CRITICAL": "HIGH",
    "HIGHEST": "HIGH",
    "P0": "HIGH",
    "URGENT": "HIGH",
    "HIGH": "HIGH",
    "P1": "HIGH",
    "MEDIUM": "MEDIUM",
    "P2": "MEDIUM",
    "LOW": "LOW",
    "LOWEST": "LOW",
    "P3": "LOW",
}
_BY_SEVERITY = {
    Severity.CRITICAL: "HIGH",
    Severity.ERROR: "HIGH",
    Severity.WARNING: "MEDIUM",
    Severity.INFO: "LOW",
}


def mark(order: Order) -> str:
    """The words in the body by which a task is found again."""
    return f"Earshot {marker(order)}"


def new_task(order: Order, *, settings: HubSpotSettings, now: datetime, contact: str | None) -> Json:
    """The body that makes the task, tied to the contact where there is one."""
    content = order.content
    when = content.due_at or due(
        now, days=settings.due_days, hour=settings.due_hour, zone=ZoneInfo(settings.time_zone)
    )
    properties = {
        "hs_timestamp": _written(when),
        **_words(order),
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": priority(content),
        "hs_task_type": settings.task_type,
    }
    if settings.owner_id:
        properties["hubspot_owner_id"] = settings.owner_id
    return {"properties": properties, "associations": [_to_contact(contact)] if contact else []}


def changed_task(order: Order) -> Json:
    """The body that brings a task up to date; one that is needed again is opened again."""
    properties = _words(order)
    if order.op is Op.REOPEN:
        properties["hs_task_status"] = "NOT_STARTED"
    return {"properties": properties}


def priority(content: Content) -> str:
    """LOW, MEDIUM or HIGH, by the priority's name where it is a usual one, else by the severity."""
    return _PRIORITIES.get(content.priority.strip().upper(), _BY_SEVERITY[content.severity])


def _words(order: Order) -> dict[str, str]:
    bodies = (f"{to_html(order.content.body, limit=limit)}\n<p>{mark(order)}</p>" for limit in _TRIED)
    body = next((body for body in bodies if len(body) <= MOST_CHARACTERS), f"<p>{mark(order)}</p>")
    return {"hs_task_subject": clip(order.content.title, _SUBJECT), "hs_task_body": body}


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _to_contact(contact: str) -> Json:
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TASK_TO_CONTACT}
    return {"to": {"id": contact}, "types": [kind]}
