"""The pages as an application of their own: the shell's gate before the routers of all pages."""

import logging
import secrets as randomness
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Query
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from earshot.errors import EarshotError
from earshot.pipeline.earshot import Earshot
from earshot.settings import Secrets, Settings
from earshot.web.pages.errors import status_of, title_of
from earshot.web.pages.forgery import FIELD, Seals
from earshot.web.pages.gate import SESSION, VISIT, Doorkeeper, Gate, Refusal, tag_of
from earshot.web.pages.groups import ROUTERS
from earshot.web.pages.rendering import render
from earshot.web.pages.shell import VISITOR, checked

log = logging.getLogger("earshot.web")
STATIC = Path(__file__).with_name("static")


class Pages:
    """All pages. `open` them once the store answers; before that they say to wait."""

    def __init__(self, earshot: Earshot, settings: Settings, secrets: Secrets) -> None:
        self._earshot = earshot
        self._settings = settings
        self._secrets = secrets
        self._app: ASGIApp | None = None

    async def open(self) -> None:
        """Get the key that signs sessions, and take visitors."""
        parts = self._earshot.parts
        async with parts.store.unit() as unit:
            key = await unit.pages.people.key(randomness.token_bytes(32), now=parts.clock.now())
            await unit.commit()
        seconds = self._settings.web.session_hours * 3600
        seals = Seals(key, seconds=seconds, salt=tag_of(self._secrets))
        self._app = make_pages(self._earshot, self._settings, self._secrets, seals=seals)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._app is None:
            await self.open()
        if self._app is not None:
            await self._app(scope, receive, send)


def make_pages(earshot: Earshot, settings: Settings, secrets: Secrets, *, seals: Seals) -> ASGIApp:
    """The pages over an open Earshot."""
    app = FastAPI(
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, dependencies=[Depends(checked)]
    )
    app.state.earshot = earshot
    app.state.settings = settings
    app.state.seals = seals
    app.state.make_rules = cache(earshot.parts.make_rules)
    keeper = Doorkeeper(settings.web, secrets, seals=seals)
    _sign_in(app, keeper, seals=seals, secure=settings.web.public_url.startswith("https://"))
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", _Kept(directory=STATIC))
    _refuse_clearly(app)
    return Gate(app, settings.web, keeper=keeper, refuse=_refused)


class _Kept(StaticFiles):
    """Files of ours, which browsers may keep: their addresses carry the version."""

    def file_response(self, *args: object, **more: object) -> Response:
        """A file, with how long it may be kept."""
        response = super().file_response(*args, **more)  # pyright: ignore[reportArgumentType]
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


def _sign_in(app: FastAPI, keeper: Doorkeeper, *, seals: Seals, secure: bool) -> None:
    def form(request: Request, after: str, *, error: Refusal | None = None) -> Response:
        token = seals.sealed("form", request.scope[VISITOR].visit)
        page = render("login.html.j2", after=after, error=error, field=FIELD, token=token)
        return HTMLResponse(page, error.status if error else 200)

    async def show(request: Request, *, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:  # noqa: A002 (the parameter's name in addresses)
        return RedirectResponse(_inside(next), 303) if keeper.open_here else form(request, _inside(next))

    async def enter(request: Request) -> Response:
        sent = await request.form()
        after, name = _inside(str(sent.get("next", "/"))), " ".join(str(sent.get("name", "")).split())[:80]
        try:
            session = keeper.session(request, name=name, token=str(sent.get("token", "")))
        except Refusal as refusal:
            return form(request, after, error=refusal)
        response = RedirectResponse(after, 303)
        response.set_cookie(SESSION, session, path="/", httponly=True, samesite="lax", secure=secure)
        response.delete_cookie(VISIT, path="/")
        return response

    enter.needs = "viewer"  # pyright: ignore[reportFunctionMemberAccess]
    app.add_api_route("/login", show, methods=["GET"])
    app.add_api_route("/login", enter, methods=["POST"])


def _inside(path: str) -> str:
    """A path of ours to go on to; anything else leads to the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else "/"


def _refuse_clearly(app: FastAPI) -> None:
    async def known(_request: Request, error: Exception) -> Response:
        if not isinstance(error, EarshotError):
            raise error
        return _page(status_of(error), str(error), error.hint)

    async def http(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return _page(status, "", "")

    async def invalid(_request: Request, _error: Exception) -> Response:
        return _page(422, "A parameter of this address cannot be read.", "Begin on the page without parameters.")

    async def fault(_request: Request, error: Exception) -> Response:
        # messages may repeat customers' words: only where it happened is logged
        quiet = RuntimeError(type(error).__name__).with_traceback(error.__traceback__)
        log.error("A page failed: %s", type(error).__name__, exc_info=quiet)
        return _page(500, "An error of ours; it stands in the server's log.", "Try again, or ask who runs Earshot.")

    app.add_exception_handler(EarshotError, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, fault)


async def _refused(scope: Scope, receive: Receive, send: Send) -> None:
    refusal: Refusal = scope["earshot.refusal"]
    await _page(refusal.status, refusal.text, refusal.hint)(scope, receive, send)


def _page(status: int, text: str, hint: str) -> Response:
    page = render("error.html.j2", status=status, title=title_of(status), text=text, hint=hint)
    return HTMLResponse(page, status)
