"""Classify a conversation now, and say how far that is."""

import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from earshot.connectors.plain import from_plain
from earshot.domain.conversation import State
from earshot.domain.rows import ConversationRow
from earshot.errors import NotFound
from earshot.pipeline.answering import Classification, Progress, classification, take_in, try_out
from earshot.pipeline.browsing import conversation
from earshot.pipeline.parts import Parts
from earshot.web.api.forms import PlainConversation
from earshot.web.api.pages import Id
from earshot.web.api.running import Running
from earshot.web.api.session import Config, Session, Work

router = APIRouter(tags=["Conversations"])

Wait = Annotated[
    float, Query(ge=0, le=55, description="Answer 202 after so many seconds; the classification goes on.")
]
_GOES_ON: dict[int | str, dict[str, Any]] = {
    202: {
        "model": Classification,
        "description": "It goes on: what is known so far. `Location` says where to look.",
        "headers": {"Location": {"schema": {"type": "string"}}, "Retry-After": {"schema": {"type": "integer"}}},
    }
}


@router.post("/conversations/{conversation_id:path}/classify", responses=_GOES_ON)
async def classify_conversation(
    conversation_id: Id, parts: Session, running: Work, *, response: Response, wait: Wait = 20.0
) -> Classification:
    """Fetch a conversation from its source, read it and let the rules judge it, at once.

    Nothing is done twice for the same text: asking again answers what is known. What filters leave out is not read.
    """
    return await _waited(parts, running, conversation_id=conversation_id, response=response, wait=wait)


@router.get("/conversations/{conversation_id:path}/classification")
async def read_classification(conversation_id: Id, parts: Session, running: Work) -> Classification:
    """What is known of a conversation: labels, reading, the rules that hold and the actions it led to."""
    if running.is_running(conversation_id):
        return await _so_far(parts, conversation_id)
    return await classification(parts, conversation_id)


@router.get("/conversations/{conversation_id:path}")
async def read_conversation(conversation_id: Id, parts: Session) -> ConversationRow:
    """A conversation as the customer saw it, in the export form."""
    return await conversation(parts, conversation_id)


@router.post("/classify", responses=_GOES_ON)
async def classify_plain(
    given: PlainConversation,
    parts: Session,
    config: Config,
    *,
    running: Work,
    response: Response,
    store: Annotated[
        bool, Query(description="false: only say what would be found and which rules would hold; keep nothing.")
    ] = True,
    wait: Wait = 20.0,
) -> Classification:
    """Classify a conversation that is handed in. It is kept as an import would keep it, unless `store=false`."""
    data = given.plain()
    raw = json.dumps(data, ensure_ascii=True).encode()
    fetched = from_plain(data, raw, now=parts.clock.now(), segments=config.intercom.segments)
    if not store:
        await running.warm()
        return await try_out(parts, fetched)
    conversation_id = await take_in(parts, fetched)
    return await _waited(parts, running, conversation_id=conversation_id, response=response, wait=wait)


async def _waited(
    parts: Parts, running: Running, *, conversation_id: str, response: Response, wait: float
) -> Classification:
    """The classification; or, once the wait is over, as much as is known, as 202."""
    found = await running.wait(conversation_id, seconds=wait)
    if found is not None:
        return found
    response.status_code = 202
    response.headers["Location"] = f"/api/v1/conversations/{quote(conversation_id, safe='')}/classification"
    response.headers["Retry-After"] = "2"
    return await _so_far(parts, conversation_id)


async def _so_far(parts: Parts, conversation_id: str) -> Classification:
    try:
        found = await classification(parts, conversation_id)
    except NotFound:
        unknown = State.UNKNOWN.value
        return Classification(
            conversation_id=conversation_id,
            state=Progress.WORKING,
            conversation_state=unknown,
            plan=None,
            tags=[],
            url=None,
        )
    return found.model_copy(update={"state": Progress.WORKING})
