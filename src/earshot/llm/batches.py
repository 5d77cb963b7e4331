"""A model whose provider answers batches: encoding, decoding and errors, the same for every provider.

pydantic-ai encodes the requests and decodes the answers, exactly as for a call at once. Creating, listing and
reading go to the SDKs themselves: a batch must carry our reference, be found after a crash, be read as it streams.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model as AiModel
from pydantic_ai.models.batch import BatchRequest, BatchResult

from earshot.domain.call import Outcome
from earshot.errors import EarshotError, Rejected
from earshot.llm.asking import answer_of, messages_of, parameters_of, settings_of
from earshot.llm.batch_desk import BatchDesk, Handle, Result, batch_problem
from earshot.llm.catalogue import thinking_tokens
from earshot.llm.problems import Asked, problem
from earshot.llm.usage import usage_of
from earshot.ports.model import Answer, BatchAnswer, BatchState, Remote, Request, Unanswered

_BREATHER = 100
"""Requests encoded between two chances for other work of the process."""

_UNRUN = {"expired": Outcome.EXPIRED, "canceled": Outcome.CANCELLED}


class ProviderBatches:
    """A provider's batches of one model (ports.model.BatchModel)."""

    def __init__(self, model: AiModel, *, desk: BatchDesk, asked: Asked) -> None:
        self._model = model
        self._desk = desk
        self._asked = asked
        self._thinks = thinking_tokens(f"{asked.provider}:{asked.model}")

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._asked.provider

    @property
    def name(self) -> str:
        """The model's name at its provider."""
        return self._asked.model

    @property
    def most_requests(self) -> int:
        """The most requests that one batch takes."""
        return self._model.batch_max_requests or 0

    @property
    def most_bytes(self) -> int:
        """The most bytes that one batch takes."""
        return self._model.batch_max_bytes or 0

    async def submit(self, requests: Mapping[str, Request], *, reference: str) -> str:
        """Send requests by custom id; the provider's handle as JSON."""
        bodies = await self._encode(requests)
        size = sum(self._desk.size(key, body) for key, body in bodies.items())
        if not bodies or len(bodies) > self.most_requests or size > self.most_bytes:
            raise Rejected(
                f"A batch of {len(bodies):,} requests with {size:,} bytes does not fit; {self.provider} takes 1 to "
                f"{self.most_requests:,} with {self.most_bytes:,} bytes."
            )
        return _json(await self._desk.create(bodies, reference=reference))

    async def recent(self, since: datetime) -> Sequence[Remote]:
        """The provider's batches created since a moment, newest first."""
        return [_remote(each) async for each in self._desk.recent(since)]

    async def holds(self, handle: str, custom_ids: Sequence[str]) -> bool | None:
        """Whether a batch is made of these requests; None when the provider cannot tell yet. Ids are ours alone."""
        wanted = set(custom_ids)
        failed: EarshotError
        try:
            found = await self._desk.ids(_handle(handle))
            if found is None:
                return None
            async with aclosing(found):
                async for custom_id in found:
                    if custom_id in wanted:
                        return True
        except self._asked.faults as error:
            failed = batch_problem(error, asked=self._asked)
        else:
            return False
        raise failed

    async def look(self, handle: str) -> BatchState:
        """How a batch stands."""
        return _state(await self._desk.look(_handle(handle)))

    async def cancel(self, handle: str) -> BatchState:
        """Ask the provider to stop; what is done is still charged and can be collected."""
        return _state(await self._desk.cancel(_handle(handle)))

    async def results(self, handle: str, requests: Mapping[str, Request]) -> AsyncIterator[BatchAnswer]:
        """The answers of an ended batch as they stream in; what the provider leaves out of a batch that ended early
        comes last."""
        read = _handle(handle)
        seen: set[str] = set()
        failed: EarshotError | None = None
        try:
            async with aclosing(self._desk.results(read)) as results:
                async for result in results:
                    seen.add(result.custom_id)
                    yield self._answer(result, requests)
        except self._asked.faults as error:
            failed = batch_problem(error, asked=self._asked)
        if failed is not None:
            raise failed
        if (status := self._desk.missing(read)) is not None:
            for custom_id in requests:
                if custom_id not in seen:
                    yield self._answer(Result(custom_id=custom_id, status=status), requests)

    async def _encode(self, requests: Mapping[str, Request]) -> dict[str, str]:
        bodies: dict[str, str] = {}
        for custom_id, request in requests.items():
            bodies[custom_id] = await self._body(custom_id, request)
            if len(bodies) % _BREATHER == 0:
                await asyncio.sleep(0)
        return bodies

    async def _body(self, custom_id: str, request: Request) -> str:
        failed: EarshotError
        try:
            encoded = await self._model.batch_encode(self._batch_request(custom_id, request))
        except UserError as error:
            failed = problem(error, asked=self._asked)
        else:
            return encoded.body
        raise failed

    def _batch_request(self, custom_id: str, request: Request) -> BatchRequest:
        return BatchRequest(
            custom_id=custom_id,
            messages=messages_of(request),
            model_settings=settings_of(request, thinks=self._thinks),
            model_request_parameters=parameters_of(request),
        )

    def _answer(self, result: Result, requests: Mapping[str, Request]) -> BatchAnswer:
        custom_id, request = result.custom_id, requests.get(result.custom_id)
        if request is None:
            return BatchAnswer(custom_id=custom_id, outcome=Outcome.ERROR, reason="not a request of ours")
        if result.status not in {"succeeded", "errored"}:
            outcome = _UNRUN.get(result.status, Outcome.ERROR)
            return BatchAnswer(custom_id=custom_id, outcome=outcome, reason=f"the provider says: {result.status}")
        return self._decoded(result, request)

    def _decoded(self, result: Result, request: Request) -> BatchAnswer:
        """The answer, or its error by name. One that nobody can read is paid for if it tells its usage."""
        usage = usage_of(result.answer) if result.status == "succeeded" else None
        failed: EarshotError | None = None
        answer = Answer()
        try:
            status = "succeeded" if result.status == "succeeded" else "errored"
            told = BatchResult(custom_id=result.custom_id, status=status, body=result.body)
            answer = answer_of(self._model.batch_decode(told, self._batch_request(result.custom_id, request)))
        except self._asked.faults as error:
            failed = problem(error, asked=self._asked)
        if failed is None or usage is not None:
            return BatchAnswer(custom_id=result.custom_id, answer=answer.model_copy(update={"usage": usage}))
        outcome = failed.outcome if isinstance(failed, Unanswered) else Outcome.ERROR
        return BatchAnswer(custom_id=result.custom_id, outcome=outcome, reason=str(failed))


def _handle(text: str) -> Handle:
    try:
        return Handle.model_validate_json(text)
    except ValueError as error:
        raise Rejected("This is not the handle of a batch.") from error


def _json(handle: Handle) -> str:
    return handle.model_dump_json(exclude_none=True)


def _remote(handle: Handle) -> Remote:
    return Remote(
        handle=_json(handle), created_at=handle.created_at, requests=handle.requests, reference=handle.reference
    )


def _state(handle: Handle) -> BatchState:
    return BatchState(handle=_json(handle), ended=handle.ended, failed=handle.failed, note=handle.note)
