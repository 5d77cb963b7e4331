"""A small server for the metrics of processes that serve nothing else: /metrics, /healthz and /readyz."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from earshot.domain.model import Noun
from earshot.errors import Misconfigured
from earshot.telemetry.admitting import may_read

PATIENCE = 10.0
"""Seconds for one request and its answer."""
MOST = 16_384
"""Bytes of a request's head at most."""
_WORDS = {
    200: "OK",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_TEXT = "text/plain; charset=utf-8"


class Shown(Noun):
    """An answer: the status of HTTP, the body and its type."""

    status: int = 200
    body: bytes = b""
    type: str = _TEXT


OPEN = frozenset({"/healthz", "/readyz"})
"""Pages that anybody may read: they say nothing but yes, no and why."""
REFUSED = b"Metrics are for this machine, or with: Authorization: Bearer $EARSHOT_WEB_TOKEN\n"

Show = Callable[[], Awaitable[Shown]]
"""Makes the answer of one path."""


@asynccontextmanager
async def expose(
    host: str, port: int, *, pages: Mapping[str, Show], token: str | None = None
) -> AsyncGenerator[int]:
    """Serve these paths until the end of the block; gives the port. Misconfigured where it cannot listen.

    All but OPEN is for this machine and for who shows the token. One request per connection.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                peer = writer.get_extra_info("peername")[0]
                writer.write(await _answered(head, pages, peer=peer, token=token))
                await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(serve, host, port, limit=MOST)
    except OSError as error:
        raise Misconfigured(
            f"Metrics cannot be served on {host}:{port}: {error.strerror}.",
            hint="Choose another [telemetry] metrics_port, or leave it out.",
        ) from None
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _answered(head: bytes, pages: Mapping[str, Show], *, peer: str, token: str | None) -> bytes:
    line, *rest = head.decode("latin-1").split("\r\n")
    method, _, target = line.partition(" ")
    path = target.partition(" ")[0].partition("?")[0]
    allowed = path in OPEN or may_read(peer, _headers(rest), token=token)
    shown = await _shown(method, path, pages=pages, allowed=allowed)
    lines = f"HTTP/1.1 {shown.status} {_WORDS.get(shown.status, '')}\r\nContent-Type: {shown.type}\r\n"
    lines += f"Content-Length: {len(shown.body)}\r\nConnection: close\r\n\r\n"
    return lines.encode("latin-1") + (b"" if method == "HEAD" else shown.body)


async def _shown(method: str, path: str, *, pages: Mapping[str, Show], allowed: bool) -> Shown:
    if method not in {"GET", "HEAD"}:
        return Shown(status=405, body=b"Only GET.\n")
    if path not in pages:
        return Shown(status=404, body=(" ".join(pages) + "\n").encode())
    if not allowed:
        return Shown(status=401, body=REFUSED)
    try:
        return await pages[path]()
    except Exception as error:  # noqa: BLE001 (a page that fails must not end the server)
        return Shown(status=500, body=f"{type(error).__name__}\n".encode())


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
