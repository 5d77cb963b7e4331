"""The API as an application of its own, mounted by the web application under `/api`."""

from dataclasses import replace
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse, JSONResponse

from earshot.app import heap
from earshot.pipeline.answering import Answering
from earshot.pipeline.earshot import Earshot
from earshot.ports.meter import Meter
from earshot.settings import Secrets, Settings
from earshot.web.api import acting, classifying, problems, reading
from earshot.web.api.guard import Guard
from earshot.web.api.problems import MEDIA_TYPE, Problem
from earshot.web.api.reference import reference
from earshot.web.api.running import Running

_ABOUT = """Read what Earshot found, classify a conversation at once, approve actions.

Send the value of `EARSHOT_WEB_TOKEN` as `Authorization: Bearer …`. Times are ISO 8601, UTC; null is not known.
Texts are customers' own words or a model's: data, never markup. Errors are problem documents (RFC 9457)."""
_PROBLEMS = (400, 401, 403, 404, 409, 413, 422, 429, 500, 503)


class Api(Guard):
    """The guarded API: `/v1/…`, `/openapi.json` and, for people, `/docs`. Close it when the server ends."""

    def __init__(
        self, app: FastAPI, running: Running, settings: Settings, *, secrets: Secrets, meter: Meter
    ) -> None:
        super().__init__(app, settings.web, token=secrets.web_token, meter=meter)
        self._running = running

    async def warm(self) -> None:
        """Load what classifying takes, so that the first who asks does not wait for it."""
        await self._running.warm()
        heap.loaded()

    async def close(self) -> None:
        """Give up what is under way."""
        await self._running.close()


def make_api(earshot: Earshot, settings: Settings, secrets: Secrets) -> Api:
    """The API over an open Earshot."""
    app = _application()
    app.state.parts = parts = replace(earshot.parts, make_rules=cache(earshot.parts.make_rules))
    app.state.settings = settings
    app.state.running = running = Running(Answering(parts))
    return Api(app, running, settings, secrets=secrets, meter=parts.meter)


def description() -> dict[str, Any]:
    """The API's OpenAPI document."""
    return _application().openapi()


def _application() -> FastAPI:
    app = FastAPI(
        title="Earshot",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=True,
    )
    problems.install(app)
    v1 = APIRouter(prefix="/v1", responses=_failures())
    for router in (classifying.router, reading.router, acting.router):
        v1.include_router(router)
    app.include_router(v1)
    _describe(app)
    return app


def _failures() -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"model": Problem, "description": problems.title(status), "content": {MEDIA_TYPE: schema}}
        for status in _PROBLEMS
    }


def _describe(app: FastAPI) -> None:
    """The description for machines and its page for people; no script, nothing from elsewhere."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _finished(FastAPI.openapi(app))
        return app.openapi_schema

    app.openapi = described

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi_json() -> JSONResponse:
        return JSONResponse(described())

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        return HTMLResponse(reference(described()), headers={"Content-Security-Policy": policy})


def _finished(schema: dict[str, Any]) -> dict[str, Any]:
    """The description with how to show the token, and where it is served."""
    bearer = {"type": "http", "scheme": "bearer", "description": "The value of EARSHOT_WEB_TOKEN."}
    schema["servers"] = [{"url": "/api"}]
    schema["components"]["securitySchemes"] = {"token": bearer}
    schema["security"] = [{"token": []}]
    for path in schema["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    response.get("content", {}).pop("application/json", None)
    return schema
