"""/healthz, /readyz and /metrics of the web server."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from earshot.pipeline.parts import Parts
from earshot.pipeline.watching.pages import pages_of
from earshot.telemetry.admitting import may_read
from earshot.telemetry.exposing import OPEN, REFUSED, Show, Shown
from earshot.telemetry.meter import PrometheusMeter


def routes(
    parts: Parts,
    meter: PrometheusMeter,
    *,
    token: str | None = None,
    full: Callable[[], bool] = lambda: False,
    stopping: Callable[[], bool] = lambda: False,
) -> list[Route]:
    """The routes. Not ready: stopping, too many webhooks waiting, or the database away or of another schema."""

    def hindrance() -> str:
        if stopping():
            return "stopping"
        return "too many webhooks wait for the database" if full() else ""

    pages = pages_of(parts, meter, hindrance=hindrance)
    return [
        Route(path, _endpoint(path, show, token=token), methods=["GET", "HEAD"]) for path, show in pages.items()
    ]


def _endpoint(path: str, show: Show, *, token: str | None) -> Callable[[Request], object]:
    async def answer(request: Request) -> Response:
        peer = request.client.host if request.client else ""
        allowed = path in OPEN or may_read(peer, dict(request.headers), token=token)
        shown = await show() if allowed else Shown(status=401, body=REFUSED)
        return Response(shown.body, shown.status, media_type=shown.type)

    return answer
