"""Errors of the API as RFC 9457 problem documents: what is wrong and what to do, never a stack trace."""

import logging
import math
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException

from earshot.domain.model import Noun
from earshot.errors import BadInput, EarshotError, Misconfigured, NotFound, Transient
from earshot.text.escape import one_line

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_SHOWN = 20
_LONGEST = 300
_RETRY_SECONDS = 5
TITLES = {
    400: "The request cannot be read",
    401: "The token is missing or wrong",
    403: "Not allowed from there",
    404: "There is no such thing",
    405: "This method is not offered here",
    408: "The request came too slowly",
    409: "This cannot be done as things stand",
    413: "The request is too large",
    415: "The body must be JSON",
    422: "A value is not valid",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not possible at the moment",
}


class Problem(Noun):
    """What is wrong (RFC 9457). `hint` says what to do; `errors` name places in the request, never its values."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    hint: str = ""
    errors: list[str] = Field(default=[], description="Each place at fault and what is wrong there.")


class Refused(Exception):
    """A request is refused with a problem document; `headers` go along."""

    def __init__(
        self, status: int, detail: str, *, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.hint = hint
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        """The answer."""
        return answer(self.status, self.detail, hint=self.hint, headers=self.headers)


def answer(
    status: int,
    detail: str,
    *,
    hint: str = "",
    errors: list[str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem document as a response."""
    problem = Problem(
        type=f"/api/docs#problem-{status}",
        title=title(status),
        status=status,
        detail=detail,
        hint=hint,
        errors=errors or [],
    )
    return JSONResponse(
        problem.model_dump(mode="json"), status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def problem_of(error: EarshotError) -> JSONResponse:
    """What an error of ours is to a client."""
    detail = one_line(str(error))[:_LONGEST]
    hint = one_line(error.hint)[:_LONGEST]
    match error:
        case NotFound():
            return answer(404, detail, hint=hint)
        case BadInput():
            return answer(422, detail, hint=hint)
        case Transient():
            wait = math.ceil(error.retry_after or _RETRY_SECONDS)
            return answer(503, detail, hint=hint, headers={"Retry-After": str(wait)})
        case Misconfigured():
            return answer(503, detail, hint=hint)
        case _:
            return answer(409, detail, hint=hint)


def install(app: FastAPI) -> None:
    """Let an application answer every error with a problem document."""

    async def refused(_: Request, error: Exception) -> JSONResponse:
        return error.response() if isinstance(error, Refused) else broken(error)

    async def ours(_: Request, error: Exception) -> JSONResponse:
        return problem_of(error) if isinstance(error, EarshotError) else broken(error)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        return _invalid(error) if isinstance(error, RequestValidationError) else broken(error)

    async def http(_: Request, error: Exception) -> JSONResponse:
        return _http(error) if isinstance(error, HTTPException) else broken(error)

    async def unknown(_: Request, error: Exception) -> JSONResponse:
        return broken(error)

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(EarshotError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unknown)


def broken(error: Exception) -> JSONResponse:
    """A fault of ours: its kind goes to the log, nothing of it to the client."""
    log.error("the API failed: %s", type(error).__name__, exc_info=_without_text(error))
    return answer(500, "Earshot met an error of its own.", hint="Its log says where; please report it.")


def _without_text(error: Exception) -> BaseException:
    """The same traceback with an error that says nothing: messages may repeat customers' words."""
    return RuntimeError(type(error).__name__).with_traceback(error.__traceback__)


def _invalid(error: RequestValidationError) -> JSONResponse:
    found = error.errors()
    unreadable = any(one["type"] == "json_invalid" for one in found)
    errors = [f"{_place(one['loc'])}: {one_line(str(one['msg']))[:_LONGEST]}" for one in found[:_SHOWN]]
    if unreadable:
        return answer(400, "The body is not valid JSON.", hint="Send a JSON object, UTF-8.")
    return answer(422, "The request does not fit the description.", hint="See /api/docs.", errors=errors)


def _place(location: tuple[int | str, ...]) -> str:
    return one_line(".".join(str(part) for part in location))[:100]


def _http(error: HTTPException) -> JSONResponse:
    hints = {404: "See /api/docs for what there is.", 405: "See /api/docs for what is offered here."}
    status = error.status_code
    return answer(status, f"{title(status)}.", hint=hints.get(status, ""), headers=error.headers)


def title(status: int) -> str:
    """The title of a status."""
    return TITLES.get(status, "The request failed")
