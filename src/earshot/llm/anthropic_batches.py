"""Message Batches of Anthropic: one request creates them, results come as lines in any order once all ended."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any, cast

from anthropic import AsyncAnthropic
from anthropic.types.messages import MessageBatch

from earshot.llm.batch_desk import BATCH_TIMEOUT, Handle, Result, guarded, json_lines
from earshot.llm.fields import fields
from earshot.llm.problems import Asked

_PAGE = 100


class AnthropicBatches:
    """Anthropic's side of batches (BatchDesk)."""

    def __init__(self, client: AsyncAnthropic, *, asked: Asked) -> None:
        self._client = client.with_options(timeout=BATCH_TIMEOUT)
        self._asked = asked

    def size(self, custom_id: str, body: str) -> int:
        """The bytes of one request in the body that creates the batch."""
        return len(custom_id) + len(body.encode()) + len('{"custom_id":"","params":},')

    async def create(self, bodies: Mapping[str, str], *, reference: str) -> Handle:
        """Create a batch. Anthropic keeps no reference of ours; the custom ids are what it is known by."""
        _ = reference
        requests = cast("Any", [{"custom_id": key, "params": json.loads(body)} for key, body in bodies.items()])
        made = await guarded(
            lambda: self._client.messages.batches.create(requests=requests), asked=self._asked, creates=True
        )
        return _handle(made)

    async def recent(self, since: datetime) -> AsyncGenerator[Handle]:
        """Batches since a moment, newest first."""
        page = await guarded(lambda: _first_page(self._client), asked=self._asked)
        while True:
            for batch in page.data:
                if batch.created_at < since:
                    return
                yield _handle(batch)
            if not page.has_next_page():
                return
            page = await guarded(page.get_next_page, asked=self._asked)

    async def look(self, handle: Handle) -> Handle:
        """How a batch stands."""
        return _handle(await guarded(lambda: self._client.messages.batches.retrieve(handle.id), asked=self._asked))

    async def cancel(self, handle: Handle) -> Handle:
        """Ask for its end."""
        return _handle(await guarded(lambda: self._client.messages.batches.cancel(handle.id), asked=self._asked))

    async def ids(self, handle: Handle) -> AsyncGenerator[str] | None:
        """The custom ids, known only from the results."""
        now = await self.look(handle)
        return _ids(self.results(now)) if now.ended else None

    async def results(self, handle: Handle) -> AsyncGenerator[Result]:
        """The results as they stream in."""
        answers = self._client.messages.batches.with_streaming_response
        async with answers.results(handle.id) as response:
            async for line in json_lines(response.iter_bytes()):
                if (result := _result(line)) is not None:
                    yield result

    def missing(self, handle: Handle) -> str | None:
        """Every request has a line, so one without says nothing."""
        _ = handle
        return None


async def _first_page(client: AsyncAnthropic) -> Any:
    return await client.messages.batches.list(limit=_PAGE)


async def _ids(results: AsyncGenerator[Result]) -> AsyncGenerator[str]:
    async with aclosing(results):
        async for result in results:
            yield result.custom_id


def _result(line: Mapping[str, object]) -> Result | None:
    custom_id, told = line.get("custom_id"), fields(line.get("result"))
    if not isinstance(custom_id, str) or not told:
        return None
    status = str(told.get("type", ""))
    body = json.dumps(told) if status in {"succeeded", "errored"} else None
    return Result(custom_id=custom_id, status=status, body=body, answer=told.get("message"))


def _handle(batch: MessageBatch) -> Handle:
    counts = batch.request_counts
    told = counts.model_dump(include={"processing", "succeeded", "errored", "canceled", "expired"})
    tally = ", ".join(f"{count} {name}" for name, count in told.items() if count)
    gone = batch.archived_at is not None
    return Handle(
        id=batch.id,
        created_at=batch.created_at,
        requests=sum(told.values()),
        status=batch.processing_status,
        ended=batch.processing_status == "ended",
        failed=gone,
        note="the provider has deleted the results" if gone else tally or None,
    )
