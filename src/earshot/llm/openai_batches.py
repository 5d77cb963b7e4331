"""The Batch API of OpenAI: a file goes up, a batch reads it, two files come back (answers and errors)."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from datetime import UTC, datetime
from typing import Any

from openai import APIError, APIStatusError, AsyncAPIResponse, AsyncOpenAI
from openai.types import Batch

from earshot.llm.batch_desk import BATCH_TIMEOUT, Handle, Result, guarded, json_lines
from earshot.llm.fields import fields
from earshot.llm.problems import Asked
from earshot.ports.model import Unanswered

_ENDPOINT = "/v1/responses"
_PAGE = 100
_REFERENCE = "earshot"
_KEPT_SECONDS = 14 * 24 * 3600
"""How long OpenAI keeps customers' words in the files of a batch; by itself it would keep them a month."""

_ENDED = {"completed", "failed", "expired", "cancelled"}
_UNRUN = {"batch_expired": "expired", "batch_cancelled": "canceled"}
_MISSING = {"expired": "expired", "cancelled": "canceled", "failed": "failed"}


class OpenAIBatches:
    """OpenAI's side of batches (BatchDesk)."""

    def __init__(self, client: AsyncOpenAI, *, asked: Asked) -> None:
        self._client = client.with_options(timeout=BATCH_TIMEOUT)
        self._asked = asked

    def size(self, custom_id: str, body: str) -> int:
        """The bytes of one line of the file."""
        return len(_line(custom_id, body)) + 1

    async def create(self, bodies: Mapping[str, str], *, reference: str) -> Handle:
        """Upload the requests and create a batch that carries our reference."""
        content = b"\n".join(_line(key, body) for key, body in bodies.items())
        file_id = await self._upload(content)
        batch = await guarded(lambda: self._begin(file_id, reference), asked=self._asked, creates=True)
        return _handle(batch, requests=len(bodies))

    async def _upload(self, content: bytes) -> str:
        """A file alone is no batch: when its upload's outcome is unknown, nothing was begun."""
        try:
            file = await guarded(lambda: self._send_file(content), asked=self._asked, creates=True)
        except Unanswered as error:
            error.lost = False
            raise
        return file.id

    async def _send_file(self, content: bytes) -> Any:
        return await self._client.files.create(
            file=("earshot.jsonl", content),
            purpose="batch",
            expires_after={"anchor": "created_at", "seconds": _KEPT_SECONDS},
        )

    async def _begin(self, file_id: str, reference: str) -> Batch:
        try:
            return await self._client.batches.create(
                input_file_id=file_id,
                endpoint=_ENDPOINT,
                completion_window="24h",
                metadata={_REFERENCE: reference},
                output_expires_after={"anchor": "created_at", "seconds": _KEPT_SECONDS},
            )
        except APIStatusError as error:
            if error.status_code < 500:  # refused for certain, so nothing will read the file
                with suppress(APIError):
                    await self._client.files.delete(file_id)
            raise

    async def recent(self, since: datetime) -> AsyncGenerator[Handle]:
        """Batches since a moment, newest first. OpenAI tells whole seconds."""
        page = await guarded(lambda: _first_page(self._client), asked=self._asked)
        while True:
            for batch in page.data:
                if batch.created_at < int(since.timestamp()):
                    return
                yield _handle(batch)
            if not page.has_next_page():
                return
            page = await guarded(page.get_next_page, asked=self._asked)

    async def look(self, handle: Handle) -> Handle:
        """How a batch stands."""
        batch = await guarded(lambda: self._client.batches.retrieve(handle.id), asked=self._asked)
        return _handle(batch, requests=handle.requests)

    async def cancel(self, handle: Handle) -> Handle:
        """Ask for its end."""
        batch = await guarded(lambda: self._client.batches.cancel(handle.id), asked=self._asked)
        return _handle(batch, requests=handle.requests)

    async def ids(self, handle: Handle) -> AsyncGenerator[str] | None:
        """The custom ids, as the uploaded file lists them."""
        return self._uploaded(handle) if handle.input_file else None

    async def _uploaded(self, handle: Handle) -> AsyncGenerator[str]:
        async with self._file(handle.input_file or "") as response:
            async for line in json_lines(response.iter_bytes()):
                if isinstance(custom_id := line.get("custom_id"), str):
                    yield custom_id

    async def results(self, handle: Handle) -> AsyncGenerator[Result]:
        """The lines of the answers' file, then of the errors' file."""
        for file_id in filter(None, (handle.output_file, handle.error_file)):
            async with self._file(file_id) as response:
                async for line in json_lines(response.iter_bytes()):
                    if (result := _result(line)) is not None:
                        yield result

    def missing(self, handle: Handle) -> str | None:
        """A batch that ended early may leave out what it did not run."""
        return _MISSING.get(handle.status)

    def _file(self, file_id: str) -> AbstractAsyncContextManager[AsyncAPIResponse[Any]]:
        return self._client.files.with_streaming_response.content(file_id)


async def _first_page(client: AsyncOpenAI) -> Any:
    return await client.batches.list(limit=_PAGE)


def _line(custom_id: str, body: str) -> bytes:
    head = f'{{"custom_id":{json.dumps(custom_id)},"method":"POST","url":"{_ENDPOINT}","body":'
    return f"{head}{body}}}".encode()


def _result(line: Mapping[str, object]) -> Result | None:
    custom_id = line.get("custom_id")
    if not isinstance(custom_id, str):
        return None
    answer, error = fields(line.get("response")), fields(line.get("error"))
    if "status_code" in answer:
        good = answer["status_code"] == 200
        content = answer.get("body")
        body = json.dumps(content if good else answer)
        return Result(custom_id=custom_id, status="succeeded" if good else "errored", body=body, answer=content)
    status = _UNRUN.get(str(error.get("code")))
    if status:
        return Result(custom_id=custom_id, status=status)
    failed = {"status_code": 500, "body": {"error": error}}
    return Result(custom_id=custom_id, status="errored", body=json.dumps(failed))


def _handle(batch: Batch, *, requests: int = 0) -> Handle:
    counts = batch.request_counts
    return Handle(
        id=batch.id,
        created_at=datetime.fromtimestamp(batch.created_at, tz=UTC),
        requests=(counts.total if counts else 0) or requests,
        status=batch.status,
        ended=batch.status in _ENDED,
        failed=batch.status == "failed",
        note=_note(batch),
        reference=(batch.metadata or {}).get(_REFERENCE),
        input_file=batch.input_file_id,
        output_file=batch.output_file_id,
        error_file=batch.error_file_id,
    )


def _note(batch: Batch) -> str | None:
    """How far it is, or the codes of what was wrong with it; the messages may quote what was sent."""
    if batch.errors and batch.errors.data:
        codes = sorted({each.code or "unknown" for each in batch.errors.data})
        return f"{batch.status}: {', '.join(codes)}"[:200]
    if batch.request_counts and batch.request_counts.total:
        counts = batch.request_counts
        return f"{counts.completed} of {counts.total} answered, {counts.failed} failed"
    return None
