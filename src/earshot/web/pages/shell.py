"""What every page has: who looks, the parts they act with, how a page is shown and what follows a form."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from earshot.domain.visitor import Act, Role, SavedView, Visitor
from earshot.errors import BadInput
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.parts import Parts
from earshot.settings import Settings
from earshot.web.pages.errors import Changed, Denied
from earshot.web.pages.extracts import extract
from earshot.web.pages.forgery import FIELD, Seals
from earshot.web.pages.rendering import render
from earshot.web.pages.tables import as_csv, at_once

VISITOR = "earshot.visitor"
"""Key of the request's scope under which the gate says who looks."""
SAID = "earshot_said"
"""Cookie of what is to be said on the next page."""
PATIENCE = timedelta(seconds=3)
"""How long a page waits for a run that holds the line; then it says so (503)."""
LONGEST = 10_000
"""Rows of the file of a table that stands in a page, at most."""
_LOOK = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Desk:
    """One request of one visitor. `parts` act in the visitor's name."""

    request: Request
    visitor: Visitor
    parts: Parts
    settings: Settings
    seals: Seals

    def show(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A page of a template; it gets `desk`, `path`, `said` and the context. Or the file of a table of it."""
        if self.table and status == 200:
            return self._file(template, context)
        said = self.seals.unsealed("said", self.request.cookies.get(SAID, ""))
        page = render(template, desk=self, path=self.request.url.path, said=said, **context)
        response = HTMLResponse(page, status)
        if said:
            response.delete_cookie(SAID, path="/")
        return response

    def _file(self, template: str, context: Mapping[str, Any]) -> Response:
        path = self.request.url.path
        found = extract(render(template, plain=True, desk=self, path=path, said="", **context), self.table)
        name = "-".join([path.split("/")[1] or "overview", self.table])
        return as_csv(name, found.columns, at_once(found.rows))

    @property
    def table(self) -> str:
        """The table of this page whose file is asked for, "" for none. A list's own file has no such name."""
        asked = self.request.query_params
        return asked.get("table", "") if asked.get("format") == "csv" and self.request.method in _LOOK else ""

    def most(self, shown: int) -> int:
        """How many rows of something to show; a file has (nearly) all of them."""
        return LONGEST if self.table else shown

    def to(self, path: str, said: str = "", **query: object) -> Response:
        """Go on to a page of ours after a form, saying there what was done."""
        wanted = {name: str(value) for name, value in query.items() if value not in (None, "")}
        response = RedirectResponse(f"{path}?{urlencode(wanted)}" if wanted else path, 303)
        if said:
            sealed = self.seals.sealed("said", said)
            response.set_cookie(SAID, sealed, max_age=60, path="/", httponly=True, samesite="lax")
        return response

    async def note(self, act: str, subject: str = "", **detail: object) -> None:
        """Keep in the trail what the visitor did. Never customers' words."""
        told = {name: str(value)[:200] for name, value in detail.items()}
        visitor, now = self.visitor, self.parts.clock.now()
        done = Act(at=now, actor=visitor.name, role=visitor.role, act=act, subject=subject, detail=told)
        async with self.parts.store.unit() as unit:
            await unit.pages.people.note(done)
            await unit.commit()

    async def views(self) -> list[SavedView]:
        """The views that are kept of this page, for `parts.kept`."""
        async with self.parts.store.unit() as unit:
            return await unit.pages.people.views(self.visitor.name, page=self.request.url.path)

    @property
    def token(self) -> str:
        """The value of a form's hidden field that shows it was ours."""
        return self.seals.sealed("form", self.visitor.visit)

    def may(self, role: str) -> bool:
        """Whether the visitor has at least this role: viewer, editor, admin."""
        return self.visitor.role.covers(Role(role))

    def unchanged(self, form: Mapping[str, Any], version: str, *, what: str) -> None:
        """Raises Changed when somebody changed the thing since the form was shown (its field `version`)."""
        if str(form.get("version", "")) != version:
            raise Changed(
                f"Somebody changed {what} while you looked at it; nothing of yours was saved.",
                hint="Look at it as it is now, then decide again.",
            )


async def checked(request: Request) -> AsyncGenerator[None]:
    """Every request that changes something: from a form of ours, by somebody who may. Raises Denied.

    Files that came with it are closed once it was answered.
    """
    if request.method not in _LOOK:
        await _check(request)
    try:
        yield
    finally:
        await request.close()


async def _check(request: Request) -> None:
    visitor: Visitor = request.scope[VISITOR]
    needed = Role(getattr(request.scope.get("endpoint"), "needs", Role.EDITOR))
    if not visitor.role.covers(needed):
        raise Denied(f"This needs the role {needed.value}; you are {visitor.role.value}.")
    form = await request.form(max_files=1, max_fields=500, max_part_size=2_000_000)
    seals: Seals = request.app.state.seals
    if seals.unsealed("form", str(form.get(FIELD, ""))) != visitor.visit:
        raise Denied(
            "This form is too old, or it is not one of ours; nothing was changed.",
            hint="Go back, reload the page and send it again.",
        )
    if any("\x00" in text for pair in form.multi_items() for text in pair if isinstance(text, str)):
        raise BadInput("A field of this form cannot be read; nothing was changed.", hint="It holds a NUL.")


def needs(role: Role) -> Any:
    """Marks a route as one for this role and above: for looking, and for changing other than as an editor."""

    def marked(endpoint: Any) -> Any:
        endpoint.needs = role
        return endpoint

    return marked


async def _desk(request: Request) -> Desk:
    visitor: Visitor = request.scope[VISITOR]
    needed = getattr(request.scope.get("endpoint"), "needs", Role.VIEWER)
    if not visitor.role.covers(needed):
        raise Denied(f"This page is for the role {needed.value}; you are {visitor.role.value}.")
    state = request.app.state
    earshot: Earshot = state.earshot
    store = earshot.parts.store.patient(PATIENCE)
    parts = replace(earshot.parts, store=store, actor=visitor.name, make_rules=state.make_rules)
    return Desk(request, visitor, parts, state.settings, state.seals)


async def _form(request: Request) -> FormData:
    return await request.form()


Here = Annotated[Desk, Depends(_desk)]
"""The desk of a request, as a parameter of a route."""
Form = Annotated[FormData, Depends(_form)]
"""What a form sent, as a parameter of a route; its origin was checked."""
