"""The queue: what waits for a person, one decision after the other, each by one key, and the last one undone."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from earshot.domain.queue import QueueKind
from earshot.errors import BadInput, Rejected
from earshot.pipeline.pages.queue.entries import Given
from earshot.pipeline.pages.queue.page import AHEAD, MOST, answer, queue_view, take_back
from earshot.web.pages.shell import Form, Here

router = APIRouter()
_SUBJECT = 700
TITLES: Final = {
    QueueKind.ACTIONS: "From rules",
    QueueKind.DUPLICATES: "Possible duplicates",
    QueueKind.MERGES: "One theme or two?",
    QueueKind.DOUBTS: "Doubtful mentions",
    QueueKind.SUSPECTS: "Suspicious, held back",
    QueueKind.READINGS: "Unsure readings",
    QueueKind.UNREAD: "Unread",
}
NOTHING: Final = {
    QueueKind.ACTIONS: "No rule put anything here that is still open (ADD_TO_PM_QUEUE).",
    QueueKind.DUPLICATES: "Nothing of your tracker may be a theme and waits for a word. `earshot backlog import` "
    "brings in what stands there.",
    QueueKind.MERGES: "No two themes look like one matter.",
    QueueKind.DOUBTS: "Every mention has its theme beyond doubt, or was decided.",
    QueueKind.SUSPECTS: "No action waits for an approval.",
    QueueKind.READINGS: "No reading below 50% confidence waits.",
    QueueKind.UNREAD: "Everything that could be read is read.",
}


class Asked(BaseModel):
    """Which kind, and which entry of it: by place, or by name."""

    kind: QueueKind | None = None
    at: Annotated[int, Query(ge=0, le=10_000)] = 0
    subject: Annotated[str, StringConstraints(max_length=_SUBJECT, pattern="^[^\\x00]*$")] = ""


@router.get("/queue")
async def queue(desk: Here, asked: Annotated[Asked, Query()]) -> Response:
    """The entry to be decided, with what is left of each kind."""
    view = await queue_view(desk.parts, asked.kind, number=asked.at, subject=asked.subject if asked.kind else "")
    ahead = list(enumerate(view.waiting))[view.number + 1 : view.number + 1 + AHEAD]
    return desk.show("queue.html.j2", view=view, titles=TITLES, nothing=NOTHING, most=MOST, ahead=ahead)


@router.post("/queue/undo")
async def undo(desk: Here, form: Form) -> Response:
    """Take the visitor's last decision back and show its entry again."""
    number = str(form.get("decision", ""))
    if not number.isdecimal() or len(number) > 18:
        raise BadInput("There is no such decision.")
    decision = await take_back(desk.parts, int(number))
    await desk.note("queue.undo", decision.subject, kind=decision.kind.value, answer=decision.answer)
    return desk.to("/queue", "Taken back.", kind=decision.kind.value, subject=decision.subject)


@router.post("/queue/{kind}")
async def decide(kind: QueueKind, desk: Here, form: Form) -> Response:
    """Carry out an answer and go on with the next entry."""
    subject, chosen = str(form.get("subject", "")), str(form.get("answer", ""))
    if not subject or len(subject) > _SUBJECT:
        raise BadInput("There is no such entry.")
    place = str(form.get("at", ""))
    given = Given(
        subject=subject,
        answer=chosen,
        reason=str(form.get("reason", "")),
        version=str(form["version"]) if form.get("version") else None,
        values=tuple((name, str(value)) for name, value in form.multi_items() if name.isidentifier()),
    )
    at = place if place.isdecimal() and len(place) < 6 else "0"
    try:
        done = await answer(desk.parts, kind, given=given)
    except Rejected as refusal:
        return desk.to("/queue", f"{refusal} Here is the next.", kind=kind.value, at=at)
    await desk.note(f"queue.{kind.value}", subject, answer=chosen)
    return desk.to("/queue", done.reason, kind=kind.value, at=at)
