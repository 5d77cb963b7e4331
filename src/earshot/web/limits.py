"""How much a request may bring and how often requests may come."""

import asyncio
import time
from collections.abc import Callable

from starlette.types import Message, Receive, Scope

BODY_SECONDS = 10.0
"""How long a body may take to arrive."""


class TooLarge(Exception):
    """The body has more bytes than are taken, or came too slowly (`slow`)."""

    def __init__(self, *, slow: bool = False) -> None:
        super().__init__("slow" if slow else "large")
        self.slow = slow


class Gone(Exception):
    """The client hung up before its body was whole."""


class Bucket:
    """A token bucket: `rate` a second in the long run, `burst` at once."""

    def __init__(self, rate: float, burst: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._left = burst
        self._at = now()

    def take(self) -> float:
        """Take one: 0 when it was there, otherwise the seconds after which to come again."""
        wait = self.wait()
        if not wait:
            self._left -= 1
        return wait

    def wait(self) -> float:
        """Take nothing: 0 when there is one, otherwise the seconds after which to come again."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        return 0.0 if self._left >= 1 else (1 - self._left) / self._rate


def header(scope: Scope, name: bytes) -> bytes:
    """A header of the request, empty when it is not there; `name` in small letters."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value for key, value in headers if key == name), b"")


async def whole_body(scope: Scope, receive: Receive, *, most: int) -> bytes:
    """The body, at most so many bytes, counted while they come. Raises TooLarge or Gone."""
    told = header(scope, b"content-length")
    if told.isdigit() and int(told) > most:
        raise TooLarge
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _received(receive, most=most)
    except TimeoutError:
        raise TooLarge(slow=True) from None


async def _received(receive: Receive, *, most: int) -> bytes:
    pieces = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece: bytes = message.get("body", b"")
        if len(pieces) + len(piece) > most:
            raise TooLarge
        if not message.get("more_body"):
            return bytes(pieces + piece) if pieces else piece
        pieces += piece


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, then whatever else comes."""
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
