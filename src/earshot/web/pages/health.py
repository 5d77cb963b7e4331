"""How Earshot fares: what came in, what waits, who works, how models and destinations answer."""

from fastapi import APIRouter
from starlette.responses import Response

from earshot.errors import BadInput
from earshot.pipeline.pages.health import discard, look, retry
from earshot.web.pages.shell import Form, Here

router = APIRouter()
_LONGEST = 18


@router.get("/health")
async def health(desk: Here) -> Response:
    """Everything at this moment."""
    found = await look(desk.parts, watch=desk.settings.watch, schedule=desk.settings.schedule)
    return desk.show("health.html.j2", it=found)


@router.post("/health/jobs/{number}/retry")
async def retry_job(number: str, desk: Here, _form: Form) -> Response:
    """Give a job that gave up another life."""
    await retry(desk.parts, _number(number))
    await desk.note("job.retry", number)
    return desk.to("/health", f"Job {number} is tried again.")


@router.post("/health/jobs/{number}/discard")
async def discard_job(number: str, desk: Here, _form: Form) -> Response:
    """Drop a job that gave up."""
    await discard(desk.parts, _number(number))
    await desk.note("job.discard", number)
    return desk.to("/health", f"Job {number} was dropped.")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
        raise BadInput("That is no number of a job.")
    return int(text)
