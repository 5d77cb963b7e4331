"""A decision endpoint: closed questions in, the probability of each option out."""

from collections.abc import Awaitable, Callable
from typing import cast

from pydantic import JsonValue
from pydantic_ai.models.decision import (
    ChoiceAnswer,
    ChoiceQuestion,
    DecisionModelSettings,
    DecisionQuestion,
    DecisionRequest,
    DecisionResponse,
)

from earshot.errors import Misconfigured
from earshot.llm.problems import Asked
from earshot.llm.timing import Timed
from earshot.ports.clock import Clock
from earshot.ports.model import Answer, Question, Request

Decide = Callable[[DecisionRequest, DecisionModelSettings], Awaitable[DecisionResponse]]


class DecidingModel:
    """A decision endpoint (ports.model.Model) over pydantic-ai's `decide`; it wants `Request.questions`."""

    def __init__(self, decide: Decide, *, asked: Asked, deadline: float, clock: Clock) -> None:
        self._decide = decide
        self._asked = asked
        self._timed = Timed(asked, deadline=deadline, clock=clock)

    @property
    def provider(self) -> str:
        """The endpoint's name, which also has its own prices: openai-decisions, google-decisions."""
        return self._asked.provider

    @property
    def name(self) -> str:
        """The model's name at its provider."""
        return self._asked.model

    async def ask(self, request: Request) -> Answer:
        """One attempt within the deadline. A refusal of one question refuses all: the endpoint's answer is one."""
        if not request.questions:
            raise Misconfigured(
                f"{self.provider} answers closed questions only.", hint="Use another tier, or name another model."
            )
        return await self._timed(lambda: self._send(request))

    async def _send(self, request: Request) -> Answer:
        questions: dict[str, DecisionQuestion] = {each.name: _question(each) for each in request.questions}
        decided = await self._decide(DecisionRequest(state=state_of(request), questions=questions), {})
        choices = {name: _probabilities(answer) for name, answer in decided.answers.items()}
        return Answer(choices=choices, model=decided.model_name)


def state_of(request: Request) -> str:
    """What is decided about. The endpoints have no place for instructions, so ours stand before the data."""
    return f"{request.instructions}\n\n{request.content}" if request.instructions else request.content


def _question(question: Question) -> ChoiceQuestion:
    meanings = cast("dict[str, JsonValue]", dict(question.options))
    return ChoiceQuestion(instructions=question.text, criteria=meanings)


def _probabilities(answer: object) -> dict[str, float]:
    return dict(answer.probabilities) if isinstance(answer, ChoiceAnswer) else {}
