"""Reports: which were sent where, each one to look at, and to send now."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from earshot.domain.schedule import Schedule
from earshot.pipeline.pages.reports import PAGE, listed, looked_at, sent_now, written
from earshot.pipeline.scheduling.schedules import schedules_of
from earshot.web.pages.cursors import cursor_of, place_of
from earshot.web.pages.shell import Desk, Form, Here

router = APIRouter()
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox "
    "allow-top-navigation-by-user-activation"
)
"""What a report's own page may do: show itself, and lead elsewhere. Its styles stand in it: files are whole."""
_KINDS = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
Cursor = Annotated[str, Query(max_length=1000)]


@router.get("/reports")
async def reports(desk: Here, *, after: Cursor = "") -> Response:
    """What was sent where, newest first, and what is sent to whom."""
    page = await listed(desk.parts, _schedules(desk), after=place_of(after), limit=desk.most(PAGE))
    return desk.show("reports.html.j2", page=page, next=cursor_of(page.next), views=await desk.views())


@router.get("/reports/{name}")
async def report(name: str, desk: Here) -> Response:
    """One report as its readers get it, and how it stands at each destination."""
    shown = await looked_at(desk.parts, _schedules(desk), name=name)
    return desk.show("report.html.j2", report=shown)


@router.get("/reports/{name}/file")
async def file(
    name: str,
    desk: Here,
    *,
    form: Annotated[str, Query(alias="format", pattern="^(html|md|json)$")] = "html",
    keep: bool = False,
) -> Response:
    """A report itself: to be shown in its frame, or with `keep` to be kept."""
    here = desk.parts.public_url if keep else str(desk.request.base_url)
    text = await written(desk.parts, _schedules(desk), name=name, form=form, app_url=here)
    headers = {"Content-Security-Policy": POLICY, "X-Frame-Options": "SAMEORIGIN"}
    if keep or form != "html":
        headers["Content-Disposition"] = f'attachment; filename="earshot-report.{form}"'
    return Response(text, media_type=_KINDS[form], headers=headers)


@router.post("/reports/{name}/send")
async def send(name: str, desk: Here, form: Form) -> Response:
    """Send it now where it was not sent yet; with `again`, where it was or may have been sent too."""
    again = form.get("again") == "1"
    told = await sent_now(desk.parts, _schedules(desk), name=name, again=again)
    states = {one.destination: one.state.value for one in told}
    await desk.note("report.send", name, again=again, **states)
    words = "; ".join(f"{one.destination}: {one.words}" for one in told)
    return desk.to(f"/reports/{name}", words or "It goes nowhere.")


def _schedules(desk: Desk) -> tuple[Schedule, ...]:
    return schedules_of(desk.settings.schedule, zone=desk.settings.report.timezone)
