"""The first page: what changed since last week and why, what to fix first, and what waits for a person."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from earshot.pipeline.pages.overview.looking import overview
from earshot.pipeline.pages.overview.spans import CHOICES
from earshot.web.pages import drawing
from earshot.web.pages.shell import Here

router = APIRouter()
When = Annotated[str, Query(max_length=40, pattern=r"^[^\x00]*$")]


@router.get("/")
async def look(desk: Here, *, since: When = "", until: When = "") -> Response:
    """The overview of a window: a week up to now unless another is asked for."""
    found = await overview(desk.parts, since=since.strip(), until=until.strip())
    return desk.show(
        "overview.html.j2",
        it=found,
        choices=CHOICES,
        volume=drawing.figure(found.volume),
        sentiment=drawing.figure(found.sentiment),
        views=await desk.views(),
    )
