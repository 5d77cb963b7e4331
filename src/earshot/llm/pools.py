"""Many small pools of connections instead of one large one.

A pool looks at each of its connections for every request and asks the idle ones' sockets whether they are alive:
with hundreds of calls under way, that costs more than the calls themselves.
"""

from collections.abc import AsyncIterator
from typing import Self

import httpx2

SIZE = 12
"""Connections in one pool."""


class Pools(httpx2.AsyncBaseTransport):
    """Sends each request through the first pool that has room, so that few connections lie idle."""

    def __init__(self, most: int, *, keepalive_seconds: float = 60.0) -> None:
        limits = httpx2.Limits(
            max_connections=None, max_keepalive_connections=SIZE, keepalive_expiry=keepalive_seconds
        )
        trusted = httpx2.create_ssl_context()
        self._pools = [httpx2.AsyncHTTPTransport(verify=trusted, limits=limits) for _ in range(-(-most // SIZE))]
        self._busy = [0] * len(self._pools)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; its pool counts as busy until the answer's body is read or given up."""
        place = self._place()
        self._busy[place] += 1
        try:
            response = await self._pools[place].handle_async_request(request)
        except BaseException:
            self._busy[place] -= 1
            raise
        stream = response.stream
        if not isinstance(stream, httpx2.AsyncByteStream):
            raise TypeError("an asynchronous transport gave an answer that cannot be awaited")
        response.stream = _Counted(stream, self._busy, place=place)
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            await pool.aclose()

    async def __aenter__(self) -> Self:
        for pool in self._pools:
            await pool.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def _place(self) -> int:
        """The first pool with room; the least busy one when all are full."""
        for place, busy in enumerate(self._busy):
            if busy < SIZE:
                return place
        return min(range(len(self._busy)), key=self._busy.__getitem__)


class _Counted(httpx2.AsyncByteStream):
    """An answer's body; when it is closed, its pool has room again."""

    def __init__(self, stream: httpx2.AsyncByteStream, busy: list[int], *, place: int) -> None:
        self._stream = stream
        self._busy = busy
        self._place = place
        self._open = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        """Give the connection back."""
        try:
            await self._stream.aclose()
        finally:
            if self._open:
                self._open = False
                self._busy[self._place] -= 1
