"""A simulator on a real socket: in this process for tests and demo, or as a process of its own."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncGenerator, Callable, Generator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

ABORT = "earshot.abort"
"""Scope key under which the server offers a way to cut the connection."""


class _Abortable(H11Protocol):
    """HTTP that lets the application cut the connection with a TCP reset."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.app = _with_abort(self.app, transport)


def _with_abort(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    def abort() -> None:
        peer: socket.socket | None = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ABORT] = abort
        await app(scope, receive, send)

    return wrapped


class _Embedded(uvicorn.Server):
    """A server that leaves the process's signals alone and says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept."""
        await super().startup(sockets=sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Abortable,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=1,
        backlog=2048,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small packets at once (TCP_NODELAY) only on sockets that name their protocol.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(2048)
    listener.settimeout(0)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.asynccontextmanager
async def running(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str]:
    """Serve an application beside other tasks of this loop, on a free port unless told; gives its base URL."""
    listener = _listen(host, port)
    server = _Embedded(_config(app))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.wait([task, asyncio.create_task(server.ready.wait())], return_when=asyncio.FIRST_COMPLETED)
        yield _address(listener)
    finally:
        server.should_exit = True
        await task
        listener.close()


async def serve(
    app: ASGIApp,
    host: str = "127.0.0.1",
    *,
    port: int,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve an application until the process is told to stop (SIGINT, SIGTERM).

    `ready` is called with the base URL as soon as connections are taken. Raises OSError for a port in use.
    """
    with contextlib.closing(_listen(host, port)) as listener:
        if ready is not None:
            ready(_address(listener))
        await uvicorn.Server(_config(app)).serve(sockets=[listener])
