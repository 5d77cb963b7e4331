"""Look at actions, and approve what waits for a person."""

from typing import Annotated

from fastapi import APIRouter, Query

from earshot.domain.job import Job, JobName
from earshot.pipeline import browsing
from earshot.pipeline.acting import people
from earshot.pipeline.browsing import ActionEntry
from earshot.pipeline.parts import Parts
from earshot.web.api.asked import ActionsAsked
from earshot.web.api.forms import Approval
from earshot.web.api.pages import Id, PageOf
from earshot.web.api.problems import Refused
from earshot.web.api.session import Session

router = APIRouter(prefix="/actions", tags=["Actions"])


@router.get("")
async def list_actions(parts: Session, asked: Annotated[ActionsAsked, Query()]) -> PageOf[ActionEntry]:
    """Actions in the export form with what became of them, newest first."""
    rows, last = await browsing.actions(parts, asked.query, after=asked.after, limit=asked.limit)
    return PageOf(items=rows, next=asked.next(last))


@router.get("/{key}")
async def read_action(key: Id, parts: Session) -> ActionEntry:
    """An action with its deliveries exactly as they will be, or were, sent."""
    return await browsing.action(parts, key)


@router.post("/{key}/approve")
async def approve_action(key: Id, parts: Session, approval: Approval | None = None) -> ActionEntry:
    """Let what waits go. What is sent is what `GET /actions/{key}` showed; name the deliveries you looked at.

    Approved by the API's token, which is kept with each delivery. Asking again changes nothing.
    """
    await approve(parts, key, only=None if approval is None else approval.deliveries)
    return await browsing.action(parts, key)


async def approve(parts: Parts, key: str, *, only: list[str] | None) -> None:
    """Approve the held deliveries of an action. Raises Refused where one that is named does not wait any more."""
    entry = await browsing.action(parts, key)
    there = {one.id for one in entry.deliveries}
    if unknown := [one for one in only or () if one not in there]:
        raise Refused(422, f"The action has no delivery {unknown[0][:40]!r}.", hint="See GET /v1/actions/{key}.")
    held = [one.id for one in entry.deliveries if one.state in people.HELD and (only is None or one.id in only)]
    if held:
        await people.approve(parts, await people.find(parts, held, states=people.HELD))
        await _send_soon(parts)


async def _send_soon(parts: Parts) -> None:
    """Let a worker send it at once; without one the next run does."""
    async with parts.store.unit() as unit:
        await unit.jobs.enqueue([Job(name=JobName.DELIVER, key="approved")])
        await unit.commit()
