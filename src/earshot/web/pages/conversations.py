"""Conversations: search, filter, look at one, correct what was read of it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from earshot.domain.conversation import State
from earshot.domain.customer import Segment
from earshot.domain.reading import ChurnRisk, IssueType, Priority, Sentiment
from earshot.errors import BadInput
from earshot.pipeline.anew import read_again
from earshot.pipeline.correcting import correct, take_back
from earshot.pipeline.pages.conversations.listing import UNSURE, every, listing
from earshot.pipeline.pages.conversations.portrait import portrait
from earshot.ports.pages.conversations import ConversationQuery, Listed
from earshot.web.pages.cursors import cursor_of, place_of
from earshot.web.pages.moments import moment_of
from earshot.web.pages.shell import Desk, Form, Here
from earshot.web.pages.tables import as_csv

router = APIRouter()
Id = Annotated[str, Path(pattern=r"^[^\x00-\x1f\x7f]{1,300}$")]

_MANY: Final = {
    "issue_type": "issue_types",
    "priority": "priorities",
    "sentiment": "sentiments",
    "churn_risk": "churn_risks",
    "segment": "segments",
    "area": "areas",
}
"""Parameters that may be given more than once."""
_ONE: Final = {
    name: name for name in ("account", "theme", "state", "plan", "tag", "classifier", "below", "corrected")
} | {"q": "text", "labels": "labels", "unread": "unread"}
_SHOWN: Final = {"q", "issue_type", "priority", "sentiment", "churn_risk", "after"}
"""What can be filtered without opening more."""
_LONGEST: Final = 300
_TITLES: Final = {
    "since": "since", "until": "until", "issue_type": "type", "priority": "priority", "sentiment": "sentiment",
    "churn_risk": "churn risk", "segment": "segment", "area": "area", "account": "account", "theme": "theme",
    "q": "says", "state": "state", "plan": "plan", "tag": "tag", "classifier": "read by",
    "below": "confidence below",
}  # fmt: skip
"""How a filter that is set is called."""
_FLAGS: Final = {
    ("corrected", "1"): "corrected by a person",
    ("unread", "1"): "nobody could read",
    ("unread", "0"): "read as a whole",
    ("labels", "1"): "labels only",
}
_CHOICES: Final = {
    "issue_type": IssueType,
    "priority": Priority,
    "sentiment": Sentiment,
    "churn_risk": ChurnRisk,
    "segment": Segment,
    "state": State,
}
_COLUMNS: Final = (
    "id", "conversation_at", "state", "issue_type", "priority", "sentiment", "churn_risk", "area", "summary",
    "confidence", "classifier", "corrected", "customer", "email", "company", "account", "plan", "mrr", "segment",
    "unread", "url",
)  # fmt: skip


@router.get("/conversations")
async def conversations(desk: Here) -> Response:
    """A list by filters, newest first; `format=csv` gives all of it."""
    given = _given(desk.request)
    query = _query(desk, given)
    asked = dict(given)
    if asked.get("format") == "csv":
        return as_csv("conversations", _COLUMNS, _lines(desk, query))
    found = await listing(desk.parts, query, after=place_of(asked.get("after", "")))
    return desk.show(
        "conversations.html.j2",
        found=found,
        query=query,
        asked=asked,
        filters=_filters(given),
        next=cursor_of(found.next),
        views=await desk.views(),
        unsure=UNSURE,
        more=bool(asked.keys() - _SHOWN),
        choices=_CHOICES,
    )


@router.get("/conversations/{conversation_id:path}")
async def conversation(conversation_id: Id, desk: Here) -> Response:
    """One conversation: the thread with its evidence, and where every label came from."""
    found = await portrait(desk.parts, conversation_id)
    return desk.show("conversation.html.j2", one=found, now=desk.parts.clock.now(), unsure=UNSURE)


@router.post("/conversations/{conversation_id:path}/correct")
async def correct_field(conversation_id: Id, desk: Here, form: Form) -> Response:
    """Set one field right."""
    done = await correct(
        desk.parts,
        conversation_id,
        field=str(form.get("field", "")),
        value=str(form.get("value", "")),
        reason=str(form.get("reason", "")),
        version=str(form.get("version", "")),
    )
    await desk.note("conversation.correct", conversation_id, field=done.field.value)
    return desk.to(_address(conversation_id), "Corrected. It stays so whenever the conversation is read again.")


@router.post("/conversations/{conversation_id:path}/undo")
async def undo(conversation_id: Id, desk: Here, form: Form) -> Response:
    """Take a correction back."""
    done = await take_back(desk.parts, str(form.get("correction", "")), version=str(form.get("version", "")))
    await desk.note("conversation.take_back", done.conversation_id, field=done.field.value)
    return desk.to(_address(conversation_id), "Taken back: it is again what the model says.")


@router.post("/conversations/{conversation_id:path}/read")
async def read_now(conversation_id: Id, desk: Here, _form: Form) -> Response:
    """Read it again at once."""
    read = await read_again(desk.parts, conversation_id)
    await desk.note("conversation.read", conversation_id)
    said = "Read again." if read else "It was not read: a filter leaves it out, a batch has it, or nobody answered."
    return desk.to(_address(conversation_id), said)


def _address(conversation_id: str) -> str:
    return f"/conversations/{quote(conversation_id, safe='')}"


def _given(request: Request) -> list[tuple[str, str]]:
    """The parameters that say something."""
    given = [(name, value.strip()) for name, value in request.query_params.multi_items() if value.strip()]
    if any(len(value) > _LONGEST or "\x00" in value for name, value in given if name != "after"):
        raise BadInput("A parameter of this address is too long or cannot be read.")
    return given


def _query(desk: Desk, given: Sequence[tuple[str, str]]) -> ConversationQuery:
    asked: dict[str, Any] = {}
    for name, value in given:
        if name in _MANY:
            asked.setdefault(_MANY[name], []).append(value)
        elif name in _ONE:
            asked[_ONE[name]] = value
        elif name in {"since", "until"}:
            asked[name] = moment_of(desk, value)
    try:
        query = ConversationQuery.model_validate(asked)
    except ValidationError as error:
        place = error.errors()[0]["loc"][0]
        name = next((name for name, field in (_MANY | _ONE).items() if field == place), str(place))
        raise BadInput(
            f"The filter “{name}” has a value that there is not.", hint="Choose it on the page."
        ) from None
    if query.contradictory:
        raise BadInput(
            "No conversation can be all that: what nobody read has no labels, and labels alone name no area.",
            hint="Take “Nobody could read” or “Labels only so far” out, or the filters by labels and area.",
        )
    return query


def _filters(given: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """The filters that are set: parameter, name, value."""
    flags = [(name, "", _FLAGS[name, value]) for name, value in given if (name, value) in _FLAGS]
    return [(name, _TITLES[name], value) for name, value in given if name in _TITLES] + flags


async def _lines(desk: Desk, query: ConversationQuery) -> AsyncIterator[Iterable[Sequence[object]]]:
    async for page in every(desk.parts, query):
        yield [_line(one) for one in page]


def _line(one: Listed) -> tuple[object, ...]:
    who = one.customer
    moment: datetime | None = one.at if one.times_known else None
    labels = (one.issue_type, one.priority, one.sentiment, one.churn_risk)
    return (
        one.id,
        moment,
        one.state,
        *(label.value if label else None for label in labels),
        one.area,
        one.summary,
        one.confidence,
        one.classifier,
        " ".join(one.corrected),
        *((who.name, who.email, who.company) if who else (None, None, None)),
        one.account,
        *((who.plan, who.mrr, who.segment.value if who.segment else None) if who else (None, None, None)),
        one.unread,
        one.url,
    )
