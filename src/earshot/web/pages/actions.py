"""Actions: the outbox with its states, what people decide about it, silences and destinations that need a look."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from earshot.act.silencing import FACTS
from earshot.decide.packs import chosen
from earshot.domain.action import ActionKind
from earshot.domain.delivery import DeliveryState
from earshot.domain.model import Noun
from earshot.errors import BadInput
from earshot.pipeline.acting.people import lift, resume, silence, silences
from earshot.pipeline.pages.actions import (
    DONE,
    LONG,
    MOST,
    Doing,
    action_page,
    fate_of,
    lines_of,
    outbox,
    settle,
    title_of,
)
from earshot.ports.pages.actions import Line, OutboxQuery
from earshot.web.pages.cursors import cursor_of, place_of
from earshot.web.pages.moments import moment_of
from earshot.web.pages.shell import Desk, Form, Here
from earshot.web.pages.tables import as_csv

router = APIRouter()
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
Word = Annotated[str, Query(max_length=300, pattern=_PLAIN)]
COLUMNS: Final = (
    "action", "delivery", "decided_at", "kind", "rule", "reason", "subject", "subject_id", "about", "conversation",
    "title", "destination", "thing", "op", "state", "cause", "attempts", "last_status", "planned_at", "ended_at",
    "approved_by", "standing", "url",
)  # fmt: skip
_MOST_HOURS: Final = 24 * 90


class Asked(Noun):
    """The parameters of the list as they stand in the address."""

    state: str = Field(default="", max_length=40, pattern=_PLAIN)
    kind: str = Field(default="", max_length=40, pattern=_PLAIN)
    destination: str = Field(default="", max_length=80, pattern=_PLAIN)
    rule: str = Field(default="", max_length=80, pattern=_PLAIN)
    conversation: str = Field(default="", max_length=300, pattern=_PLAIN)
    since: str = Field(default="", max_length=40, pattern=_PLAIN)
    until: str = Field(default="", max_length=40, pattern=_PLAIN)
    inside: bool = False
    after: str = Field(default="", max_length=1000, pattern=_PLAIN)
    format: str = Field(default="", max_length=10)


@router.get("/actions")
async def actions(desk: Here, asked: Annotated[Asked, Query()]) -> Response:
    """What was decided and what became of it, newest first."""
    query = _query(desk, asked)
    if asked.format == "csv":
        return as_csv("actions", COLUMNS, _rows(desk, query))
    page = await outbox(desk.parts, query, after=place_of(asked.after))
    return desk.show(
        "actions.html.j2",
        page=page,
        asked=asked,
        next=cursor_of(page.next),
        states=list(DeliveryState),
        kinds=list(ActionKind),
        rules=_choices([one.name for one in chosen(desk.settings.decide)], asked.rule),
        destinations=_choices(page.destinations, asked.destination),
        spans=_choices(("24h", "7d", "30d", "90d"), asked.since),
        most=MOST,
        long=LONG,
        fate_of=fate_of,
        back=_here(desk),
        views=await desk.views(),
    )


@router.get("/actions/silences")
async def silence_page(
    desk: Here, *, subject: Word = "", area: Word = "", rule: Word = "", kind: Word = "", destination: Word = ""
) -> Response:
    """Silences in force and those that ended, and a form for another; parameters fill it in."""
    given = {"subject": subject, "area": area, "rule": rule, "kind": kind, "destination": destination}
    every = await silences(desk.parts, every=True)
    return desk.show("silences.html.j2", silences=every[:100], given=given, now=desk.parts.clock.now())


@router.post("/actions/silences")
async def add_silence(desk: Here, form: Form) -> Response:
    """Suppress what matches for a while."""
    matchers = {name: value for name in FACTS if (value := _text(form, name))}
    hours, reason = _text(form, "hours"), _text(form, "reason")
    if not (hours.isascii() and hours.isdigit()) or not 1 <= int(hours) <= _MOST_HOURS:
        raise BadInput(f"Give a number of hours, 1 to {_MOST_HOURS:,}.")
    if not reason:
        raise BadInput("Give a reason: others will ask why nothing comes.")
    until = desk.parts.clock.now() + timedelta(hours=int(hours))
    everything = bool(form.get("everything"))
    added = await silence(desk.parts, matchers, until=until, reason=reason, everything=everything)
    await desk.note("silence.add", added.id, hours=hours, fields=", ".join(matchers) or "everything")
    return desk.to("/actions/silences", "Silenced.")


@router.post("/actions/silences/lift")
async def lift_silence(desk: Here, form: Form) -> Response:
    """End a silence now."""
    lifted = await lift(desk.parts, _text(form, "id"))
    await desk.note("silence.lift", lifted.id)
    return desk.to("/actions/silences", "The silence is lifted.")


@router.post("/actions/resume")
async def resume_destination(desk: Here, form: Form) -> Response:
    """Open a destination again that rests, is paused or was switched off after failures."""
    health = await resume(desk.parts, _text(form, "destination"))
    await desk.note("destination.resume", health.destination)
    return desk.to(_back(form), f"{health.destination} is in use again; the next delivery sends what waits.")


@router.post("/actions/approve")
async def approve(desk: Here, form: Form) -> Response:
    """Let go what was ticked, exactly as it was shown."""
    return await _settle(desk, form, Doing.APPROVE)


@router.post("/actions/retry")
async def retry(desk: Here, form: Form) -> Response:
    """Try again what was ticked."""
    return await _settle(desk, form, Doing.RETRY)


@router.post("/actions/discard")
async def discard(desk: Here, form: Form) -> Response:
    """Give up what was ticked, with a reason."""
    if not _text(form, "reason"):
        raise BadInput("Give a reason: it stands with what is given up.", hint="Go back and write one.")
    return await _settle(desk, form, Doing.DISCARD)


@router.get("/actions/{key}")
async def action(key: str, desk: Here) -> Response:
    """One action: what is sent, why, for whom, and what happened."""
    page = await action_page(desk.parts, key)
    return desk.show("action.html.j2", page=page, action=page.portrait.action, back=_here(desk))


async def _settle(desk: Desk, form: Form, doing: Doing) -> Response:
    picks = [str(pick) for pick in form.getlist("pick")]
    if form.get("all"):
        picks = [str(pick) for pick in form.getlist("safe")]
    settled = await settle(desk.parts, picks, doing=doing, reason=_text(form, "reason"))
    for one in settled.done:
        await desk.note(f"action.{doing.value}", one.action_key, delivery=one.id, destination=one.destination)
    told = f"{len(settled.done):,} {DONE[doing]}."
    if settled.missed:
        told += f" {settled.missed:,} left alone: decided by somebody else meanwhile, sent, or changed."
    elif doing is Doing.APPROVE:
        told += " What was shown goes out with the next delivery."
    return desk.to(_back(form), told)


async def _rows(desk: Desk, query: OutboxQuery) -> AsyncIterator[Sequence[Sequence[object]]]:
    after = None
    while True:
        lines, after = await lines_of(desk.parts, query, after=after)
        yield [_row(line) for line in lines]
        if after is None:
            return


def _row(line: Line) -> Sequence[object]:
    action, sent = line.action, line.delivery
    head = (action.key, sent.id if sent else "", action.created_at, action.kind.value, action.rule, action.reason)
    about = (action.subject.value, action.subject_id, line.about, action.conversation_id, title_of(line))
    if sent is None:
        return (*head, *about, "", "", "", fate_of(line), action.suspect, *[None] * 7)
    fate = (sent.destination, sent.thing.value, sent.op.value, sent.state.value, sent.cause, sent.attempts)
    times = (sent.last_status, sent.created_at, sent.ended_at, sent.approved_by)
    standing = line.standing.value if line.standing else ""
    return (*head, *about, *fate, *times, standing, sent.receipt.url if sent.receipt else None)


def _query(desk: Desk, asked: Asked) -> OutboxQuery:
    try:
        state = DeliveryState(asked.state) if asked.state else None
        kind = ActionKind(asked.kind) if asked.kind else None
    except ValueError:
        raise BadInput("There is no such state or kind of action.", hint="Choose one of the list.") from None
    return OutboxQuery(
        state=state,
        kind=kind,
        destination=asked.destination,
        rule=asked.rule,
        conversation=asked.conversation,
        since=moment_of(desk, asked.since),
        until=moment_of(desk, asked.until),
        inside=asked.inside or bool(asked.rule) or bool(asked.conversation),
    )


def _choices(names: Sequence[str], asked: str) -> list[tuple[str, str]]:
    """Names to choose from as they are, with the asked one among them though it is not known."""
    every = [*names, *([asked] if asked and asked not in names else [])]
    return [(name, name) for name in every]


def _here(desk: Desk) -> str:
    url = desk.request.url
    return f"{url.path}?{url.query}" if url.query else url.path


def _back(form: Form) -> str:
    """The page of actions that a form came from."""
    back = str(form.get("back", ""))[:2000]
    return back if back.startswith("/actions") and back.isprintable() and "\\" not in back else "/actions"


def _text(form: Form, name: str) -> str:
    return " ".join(str(form.get(name, "")).split())[:500]
