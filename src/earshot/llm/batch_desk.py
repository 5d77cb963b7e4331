"""What batches of all providers share: the handle, the guard round a call, lines of JSON off the wire."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

import httpx2

from earshot.domain.model import Noun
from earshot.errors import EarshotError, NotFound
from earshot.llm.connections import CONNECT_SECONDS
from earshot.llm.fields import fields
from earshot.llm.problems import Asked, problem
from earshot.ports.model import Unanswered

T = TypeVar("T")

BATCH_SECONDS = 600.0
"""The longest that an upload, a creation or a look may take."""

BATCH_TIMEOUT = httpx2.Timeout(BATCH_SECONDS, connect=CONNECT_SECONDS)
"""What the SDKs wait for one step of it."""


class Handle(Noun):
    """A provider's batch, as it is stored: id, and the files that OpenAI reads from and writes to."""

    id: str
    created_at: datetime
    requests: int = 0
    status: str = ""
    ended: bool = False
    failed: bool = False
    note: str | None = None
    reference: str | None = None
    input_file: str | None = None
    output_file: str | None = None
    error_file: str | None = None


class Result(Noun):
    """One request's outcome as the provider tells it: `body` for pydantic-ai to decode, `answer` as it came."""

    custom_id: str
    status: str
    body: str | None = None
    answer: object = None


class BatchDesk(Protocol):
    """A provider's side of batches."""

    def size(self, custom_id: str, body: str) -> int:
        """The bytes that a request adds to a batch."""
        ...

    async def create(self, bodies: Mapping[str, str], *, reference: str) -> Handle:
        """Send encoded requests by custom id."""
        ...

    def recent(self, since: datetime) -> AsyncGenerator[Handle]:
        """Batches since a moment, newest first."""
        ...

    async def look(self, handle: Handle) -> Handle:
        """How a batch stands."""
        ...

    async def cancel(self, handle: Handle) -> Handle:
        """Ask for its end."""
        ...

    async def ids(self, handle: Handle) -> AsyncGenerator[str] | None:
        """The custom ids in a batch, None while the provider does not tell them."""
        ...

    def results(self, handle: Handle) -> AsyncGenerator[Result]:
        """The results of an ended batch."""
        ...

    def missing(self, handle: Handle) -> str | None:
        """The status of requests that the results leave out, None where that means nothing."""
        ...


async def guarded(
    send: Callable[[], Awaitable[T]], *, asked: Asked, creates: bool = False, deadline: float = BATCH_SECONDS
) -> T:
    """Run one call of a batch API, errors by name. `creates`: after a server's fault the batch may exist."""
    failed: EarshotError
    try:
        async with asyncio.timeout(deadline):
            return await send()
    except asked.faults as error:
        failed = problem(error, asked=asked) if creates else batch_problem(error, asked=asked)
        status = status_of(error, asked=asked)
        if isinstance(failed, Unanswered) and status is not None:
            failed.lost = creates and status >= 500
    raise failed


def batch_problem(error: Exception, *, asked: Asked) -> EarshotError:
    """What an error means where the thing asked for is a batch or its file, not a model."""
    if status_of(error, asked=asked) == 404:
        return NotFound(
            f"{asked.provider} no longer has this batch, or it belongs to another account.",
            hint="Providers keep results for about a month, for the key's own workspace only.",
        )
    return problem(error, asked=asked)


def status_of(error: Exception, *, asked: Asked) -> int | None:
    """The HTTP status of an SDK's error, None when there was no answer."""
    return error.status_code if isinstance(error, asked.sdk.status) else None


async def json_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[Mapping[str, object]]:
    """The objects of a JSON lines file. Only a newline ends a line: texts may hold other separators as they are.

    Lines that are no JSON objects are left out; their requests then count as missing.
    """
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if (found := _object(line)) is not None:
                yield found
    if (found := _object(rest)) is not None:
        yield found


def _object(line: bytes) -> Mapping[str, object] | None:
    try:
        read: object = json.loads(line) if line.strip() else None
    except (ValueError, RecursionError):
        return None
    return fields(read) or None
