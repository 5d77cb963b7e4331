"""One backlog item: edit its words and factors, approve it, send it to a tracker, say that it shipped, rate it."""

import hashlib
from datetime import datetime, time
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from earshot.domain.backlog import ItemStatus, ItemType, Urgency
from earshot.domain.rice import CONFIDENCES, IMPACTS
from earshot.errors import BadInput, Rejected
from earshot.pipeline.backlog.editing import clear_field, set_field
from earshot.pipeline.backlog.outcome import mark_shipped, rate, unmark_shipped
from earshot.pipeline.backlog.pushing import Draft, How, Pushed, push
from earshot.pipeline.pages.backlog.portrait import item_view
from earshot.prioritise.confidence import CONFIDENCE_WORDS
from earshot.prioritise.impact import IMPACT_WORDS
from earshot.web.pages.shell import Desk, Form, Here

router = APIRouter()
CHOICES: Final = {
    "issue_type": [one.value for one in ItemType],
    "priority": [one.value for one in Urgency],
    "impact": [(f"{value:g}", f"{value:g} {IMPACT_WORDS[value]}") for value in IMPACTS],
    "confidence": [(f"{value:g}", f"{value:g} {CONFIDENCE_WORDS[value]}") for value in CONFIDENCES],
}
"""What fields with fixed values can be."""
_SAID = {
    How.CREATED: "Sent: it is {key} at {to} now.",
    How.LINKED: "It was there already: linked to {key} at {to}.",
    How.THERE: "It is {key} at {to} already.",
    How.WAITS: "It waits to be sent to {to}. {why}",
    How.DRY: "{to} only rehearses: nothing was sent.",
}
"""What is said after a push."""


@router.get("/backlog/{item_id}")
async def item(item_id: str, desk: Here) -> Response:
    """Everything about an item."""
    view = await item_view(desk.parts, item_id)
    today = desk.parts.clock.now().astimezone(_zone(desk)).date()
    mine = next((one for one in view.line.ratings if one.person == desk.visitor.name), None)
    return desk.show("backlog_item.html.j2", view=view, choices=CHOICES, today=today, mine=mine)


@router.post("/backlog/{item_id}/set")
async def set_value(item_id: str, desk: Here, form: Form) -> Response:
    """Set a field, or give it back to Earshot."""
    field, reason, version = (_text(form, name) for name in ("field", "reason", "version"))
    if _text(form, "do") == "clear":
        done = await clear_field(desk.parts, item_id, field=field, reason=reason, version=version)
        said = f"{_named(field)} is Earshot's again."
    else:
        values = [str(value) for value in form.getlist("value")]
        done = await set_field(desk.parts, item_id, field=field, values=values, reason=reason, version=version)
        said = f"{_named(field)} is set."
    await desk.note("backlog.edit", done.item.id, field=field, to=_text(form, "do") or "set")
    return desk.to(f"/backlog/{done.item.id}", said)


@router.post("/backlog/{item_id}/status")
async def set_status(item_id: str, desk: Here, form: Form) -> Response:
    """Approve, discard, take up again."""
    status, version, reason = (_text(form, name) for name in ("status", "version", "reason"))
    if status == ItemStatus.SHIPPED:
        raise BadInput("Say when it shipped, so that its effect can be measured.")
    done = await set_field(desk.parts, item_id, field="status", values=[status], reason=reason, version=version)
    if done.before == ItemStatus.SHIPPED:
        async with desk.parts.store.unit() as unit:
            await unit.pages.impact.unmark_shipped(done.item.id, at=desk.parts.clock.now())
            await unit.commit()
    await desk.note("backlog.status", done.item.id, before=done.before, after=done.after)
    return desk.to(f"/backlog/{done.item.id}", f"It is {_SHOWN[done.item.status]} now.")


@router.post("/backlog/{item_id}/ship")
async def ship(item_id: str, desk: Here, form: Form) -> Response:
    """Note the day on which customers got the fix, or take that back."""
    version = _text(form, "version")
    if _text(form, "do") == "undo":
        status = await unmark_shipped(desk.parts, item_id, version=version)
        await desk.note("backlog.unship", item_id, after=status.value)
        return desk.to(f"/backlog/{item_id}", f"Taken back: it is {_SHOWN[status]} now.")
    day = _day(_text(form, "day"), desk)
    note = await mark_shipped(desk.parts, item_id, at=day, version=version)
    await desk.note("backlog.ship", note.item_id, day=day.date())
    return desk.to(f"/backlog/{note.item_id}", "Marked as shipped; what changes from then on is on Impact.")


@router.post("/backlog/{item_id}/rate")
async def rate_item(item_id: str, desk: Here, form: Form) -> Response:
    """Keep the visitor's rating."""
    stars = _text(form, "stars")
    if stars not in {"1", "2", "3", "4", "5"}:
        raise BadInput("A rating is 1 to 5.")
    rating = await rate(desk.parts, item_id, stars=int(stars), note=_text(form, "note"))
    await desk.note("backlog.rate", rating.item_id, stars=rating.stars)
    return desk.to(f"/backlog/{rating.item_id}", "Your rating is kept.")


@router.get("/backlog/{item_id}/push")
async def before_push(item_id: str, desk: Here, *, to: Annotated[str, Query(max_length=40)]) -> Response:
    """Exactly what would be sent to a tracker."""
    view = await item_view(desk.parts, item_id)
    pushed = await push(desk.parts, view.line.item.id, to=to, dry_run=True)
    way = next((way for way in view.ways if way.destination == pushed.destination), None)
    return desk.show("backlog_push.html.j2", view=view, pushed=pushed, way=way, seen=_digest(pushed.preview))


@router.post("/backlog/{item_id}/push")
async def push_now(item_id: str, desk: Here, form: Form) -> Response:
    """Send it, if it is still what was shown."""
    to, seen = _text(form, "to"), _text(form, "seen")

    def agree(draft: Draft) -> bool:
        return _digest(draft.preview) == seen

    dry = to in desk.parts.dry_tools
    done = await push(desk.parts, item_id, to=to, dry_run=dry, agree=agree)
    await desk.note("backlog.push", done.item_id, to=done.destination, how=done.how.value, key=done.key)
    return desk.to(f"/backlog/{done.item_id}", _after(done))


def _after(done: Pushed) -> str:
    """What a push came to, in a sentence. Raises Rejected where nothing was sent."""
    if done.how is How.REFUSED:
        raise Rejected("The item changed since you looked; nothing was sent.", hint="Look at the preview again.")
    if done.how is How.FAILED:
        raise Rejected(f"{done.destination} did not take it: {done.why or 'no reason given'}.")
    return _SAID[done.how].format(key=done.key, to=done.destination, why=done.why).strip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _day(text: str, desk: Desk) -> datetime:
    """A day's noon in the report's zone: where days differ between zones it is the same one for most."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day; its zone follows)
    except ValueError:
        raise BadInput("Give the day as 2026-01-31.") from None
    if day.year < 2000:
        raise BadInput("That day is too long ago.")
    return datetime.combine(day, time(12), tzinfo=_zone(desk))


def _zone(desk: Desk) -> ZoneInfo:
    return ZoneInfo(desk.parts.report.timezone)


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, ""))


def _named(field: str) -> str:
    return field.replace("_", " ").capitalize()


_SHOWN: Final = {status: "a draft" if status is ItemStatus.DRAFT else status.value for status in ItemStatus}
"""Statuses as they stand in a sentence."""
