"""A person's right to be forgotten, and how long conversations are kept."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from earshot.domain.visitor import Role
from earshot.errors import BadInput
from earshot.pipeline.people import Erased, Known, erase, known, overdue, retain
from earshot.web.pages.shell import Desk, Form, Here, needs

router = APIRouter()
_YEAR = 365
Needle = Annotated[str, Query(max_length=300)]


@router.get("/privacy")
@needs(Role.ADMIN)
async def privacy(desk: Here, *, contact: Needle = "", conversation: Needle = "") -> Response:
    """What is held of a contact or conversation, and what retention would drop."""
    if contact and conversation:
        raise BadInput("Look for a contact or for a conversation, not for both at once.")
    needle = (contact or conversation).strip()
    found = await known(desk.parts, needle) if needle else None
    return await _show(desk, contact=contact, conversation=conversation, found=found)


@router.post("/privacy/erase")
@needs(Role.ADMIN)
async def erase_now(desk: Here, form: Form) -> Response:
    """Erase everywhere, once what is to be erased was typed again."""
    contact, conversation = (str(form.get(name, "")).strip() for name in ("contact", "conversation"))
    needle = contact or conversation
    if not needle or str(form.get("again", "")).strip() != needle:
        raise BadInput(
            "Nothing was erased: what you typed is not what you looked for.", hint="Go back and repeat it."
        )
    done = await erase(desk.parts, contact=contact or None, conversation=conversation or None)
    await desk.note(
        "privacy.erase", "", kind="contact" if contact else "conversation", rows=sum(done.removed.values())
    )
    return await _show(desk, done=done)


@router.post("/privacy/retain")
@needs(Role.ADMIN)
async def retain_now(desk: Here, form: Form) -> Response:
    """Drop what is older than the days given."""
    days = str(form.get("days", ""))
    if not (days.isascii() and days.isdigit()) or not 1 <= int(days) <= 36_500:
        raise BadInput("Give a number of days, 1 or more.")
    dropped = await retain(desk.parts, days=int(days))
    await desk.note("privacy.retain", "", days=days, conversations=dropped)
    return desk.to("/privacy", f"{dropped:,} conversations were dropped.")


async def _show(
    desk: Desk,
    *,
    done: Erased | None = None,
    contact: str = "",
    conversation: str = "",
    found: Known | None = None,
) -> Response:
    days = desk.settings.database.retention_days
    late = await overdue(desk.parts, days=days or _YEAR)
    return desk.show(
        "privacy.html.j2",
        days=days,
        late=late,
        year=_YEAR,
        done=done,
        contact=contact,
        conversation=conversation,
        found=found,
    )
