"""The raw answer of the call under way, held aside: the SDKs drop it when they cannot decode it."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

import httpx2


class Held:
    """What came back so far; `response` None: not even the head of an answer."""

    __slots__ = ("response",)

    def __init__(self) -> None:
        self.response: httpx2.Response | None = None

    @property
    def body(self) -> bytes | None:
        """The whole body of a successful answer, None when none came or it broke off."""
        if self.response is None or not self.response.is_success:
            return None
        try:
            return self.response.content
        except httpx2.ResponseNotRead:
            return None


_held: ContextVar[Held | None] = ContextVar("held", default=None)


@contextmanager
def holding() -> Generator[Held]:
    """Hold the answers of the calls made inside, the last one counts."""
    held = Held()
    token = _held.set(held)
    try:
        yield held
    finally:
        _held.reset(token)


async def hold(response: httpx2.Response) -> None:
    """The HTTP client's hook: called when the head of an answer has come."""
    held = _held.get()
    if held is not None:
        held.response = response
