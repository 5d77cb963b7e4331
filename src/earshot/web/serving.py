"""A web application on a real socket, until it is told to stop; what runs then is finished."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator

import uvicorn
from starlette.types import ASGIApp

from earshot.errors import Misconfigured

try:
    import resource
except ImportError:  # not made for Windows
    resource = None

BACKLOG = 2048
MOST_CONNECTIONS = 8_000


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone: `stop` ends it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    stop: asyncio.Event,
    grace: float = 25.0,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until `stop`; then take nothing new and finish what runs within `grace` seconds.

    `ready` hears the base URL as soon as connections are taken. Misconfigured for an address that cannot be had.
    """
    _allow_many_connections()
    with contextlib.closing(listen(host, port)) as listener:
        server = _Server(configuration(app, grace=grace))
        if ready is not None:
            ready(address(listener))
        ending = asyncio.create_task(_end(server, stop))
        try:
            await server.serve(sockets=[listener])
        finally:
            ending.cancel()


def configuration(app: ASGIApp, *, grace: float) -> uvicorn.Config:
    """How uvicorn serves: requests read by httptools, no access log of its own, no name of the server."""
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(grace)),
        limit_concurrency=MOST_CONNECTIONS,
        backlog=BACKLOG,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Misconfigured when the address cannot be had."""
    try:
        return _bound(host, port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Misconfigured(
            f"Cannot listen on {host}:{port}: {reason}.",
            hint="Choose another --port or --host ([web] in the settings), or end who listens there.",
        ) from None


def address(listener: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # asyncio sends small packets at once (TCP_NODELAY) only on sockets that name their protocol
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(BACKLOG)
        listener.settimeout(0)
    except OSError:
        listener.close()
        raise
    return listener


async def _end(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


def _allow_many_connections() -> None:
    """Open as many files as connections need, where the system lets us: the usual limit is 1,024."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 2 * MOST_CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
