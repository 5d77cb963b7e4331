"""Impact, the scorecard and the monthly review."""

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from earshot.errors import BadInput
from earshot.pipeline.pages.impact import impact, import_adoption
from earshot.pipeline.pages.review import review
from earshot.pipeline.pages.scorecard import scorecard
from earshot.web.pages import drawing
from earshot.web.pages.shell import Form, Here

router = APIRouter()


@router.get("/impact")
async def show_impact(desk: Here) -> Response:
    """What product work that came from conversations did."""
    found = await impact(desk.parts)
    return desk.show("impact.html.j2", found=found, volume=drawing.figure(found.volume))


@router.post("/impact/adoption")
async def take_adoption(desk: Here, form: Form) -> Response:
    """Keep measures of adoption from a file."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise BadInput("Choose a CSV file.")
    try:
        text = (await file.read()).decode()
    except UnicodeDecodeError:
        raise BadInput("The file is not UTF-8 text.", hint="Save it as CSV (UTF-8).") from None
    kept = await import_adoption(desk.parts, text)
    await desk.note("adoption.import", "", lines=kept)
    return desk.to("/impact", f"{kept:,} measures were kept.")


@router.get("/scorecard")
async def show_scorecard(desk: Here) -> Response:
    """Every target beside its measured value."""
    return desk.show("scorecard.html.j2", targets=await scorecard(desk.parts))


@router.get("/review")
async def show_review(desk: Here) -> Response:
    """What a team looks at once a month."""
    areas = tuple(desk.settings.taxonomy.areas)
    return desk.show("review.html.j2", found=await review(desk.parts, areas=areas))
