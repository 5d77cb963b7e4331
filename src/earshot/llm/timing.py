"""One call within its deadline: how long it took, what it used, and errors by name."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx2
from pydantic_ai.exceptions import AgentRunError, ContentFilterError, UserError

from earshot.llm.holding import Held, holding
from earshot.llm.problems import Asked, problem, redirected, undecodable
from earshot.llm.usage import usage_in
from earshot.ports.clock import Clock
from earshot.ports.model import Answer, Finish

_OUTSIDE = (AgentRunError, UserError, httpx2.HTTPError, OSError)
"""Faults that the outside can cause before an answer came; anything else without an answer is a fault of ours."""


class Timed:
    """Makes calls of one model, each with the same deadline."""

    def __init__(self, asked: Asked, *, deadline: float, clock: Clock) -> None:
        self.asked = asked
        self._deadline = deadline
        self._clock = clock

    async def __call__(self, send: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer that `send` brings, with usage and latency; raises what ports.model.Model documents.

        Errors are raised outside their handler, so that none drags along an SDK's error, whose text may hold
        customers' words.
        """
        started = self._clock.monotonic()
        failed: Exception | None = None
        with holding() as held:
            try:
                async with asyncio.timeout(self._deadline):
                    answer = await send()
            except self.asked.faults as error:
                if held.response is None and not isinstance(error, _OUTSIDE):
                    raise
                answer, failed = _unusable(error, held), self._problem(error, held)
        usage = usage_in(held.body) if held.body is not None else None
        if usage is None and _empty(answer):
            raise failed or undecodable(self.asked)
        latency = round(1000 * (self._clock.monotonic() - started))
        return answer.model_copy(update={"usage": usage, "latency_ms": latency})

    def _problem(self, error: Exception, held: Held) -> Exception:
        if held.response is not None and held.response.is_redirect:
            return redirected(self.asked)
        return problem(error, asked=self.asked)


def _empty(answer: Answer) -> bool:
    return answer.finish is Finish.STOP and not answer.text and not answer.choices


def _unusable(error: Exception, held: Held) -> Answer:
    """What stands for an answer that nobody can read: it is empty, and paid for if it tells its usage."""
    refused = isinstance(error, ContentFilterError) and held.body is not None
    return Answer(finish=Finish.REFUSAL if refused else Finish.STOP)
