"""Signing in and out, saved views, and the trail of who did what."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from earshot.domain.visitor import Role, SavedView
from earshot.errors import BadInput
from earshot.ports.browse import Place
from earshot.web.pages.cursors import cursor_of, place_of
from earshot.web.pages.gate import SESSION
from earshot.web.pages.shell import Form, Here, needs

router = APIRouter()
_TRAIL = 100


@router.get("/trail")
@needs(Role.ADMIN)
async def trail(
    desk: Here, *, actor: Annotated[str, Query(max_length=200)] = "", after: Annotated[str, Query()] = ""
) -> Response:
    """Who did what, newest first."""
    most = desk.most(_TRAIL)
    async with desk.parts.store.unit() as unit:
        found = await unit.pages.people.acts(actor=actor, after=place_of(after), limit=most + 1)
    acts = [act for _, act in found[:most]]
    last = Place(id="", count=found[most - 1][0], at=acts[-1].at) if len(found) > most else None
    return desk.show("trail.html.j2", acts=acts, actor=actor, next=cursor_of(last), views=await desk.views())


@router.post("/views")
@needs(Role.VIEWER)
async def keep_view(desk: Here, form: Form) -> Response:
    """Keep a page with its filters under a name."""
    page, name = str(form.get("page", "")), " ".join(str(form.get("name", "")).split())
    if not name or len(name) > 80 or not page.startswith("/") or page.startswith("//"):
        raise BadInput("A view needs a name of at most 80 characters.")
    owner = "" if form.get("everybody") and desk.may("editor") else desk.visitor.name
    now = desk.parts.clock.now()
    # an address in a filter stays readable, so that erasing a person finds it
    query = urlencode(parse_qsl(str(form.get("query", ""))[:2000]), safe="@:")
    view = SavedView(id=desk.parts.ids.new(), owner=owner, page=page, name=name, query=query, made_at=now)
    async with desk.parts.store.unit() as unit:
        await unit.pages.people.keep_view(view)
        await unit.commit()
    return desk.to(f"{page}?{query}" if query else page, f"Kept as “{name}”.")


@router.post("/views/{view_id}/drop")
@needs(Role.VIEWER)
async def drop_view(view_id: str, desk: Here, form: Form) -> Response:
    """Drop a view of one's own; everybody's only as an editor."""
    owners = [desk.visitor.name, *([""] if desk.may("editor") else [])]
    async with desk.parts.store.unit() as unit:
        await unit.pages.people.drop_view(view_id, owners=owners)
        await unit.commit()
    page = str(form.get("page", "/"))
    return desk.to(page if page.startswith("/") and not page.startswith("//") else "/", "Dropped.")


@router.post("/logout")
@needs(Role.VIEWER)
async def logout(desk: Here) -> Response:
    """End the session."""
    response = desk.to("/login")
    response.delete_cookie(SESSION, path="/")
    return response
