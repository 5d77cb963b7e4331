"""The sockets of language models: one call at once, a batch of calls, and what they cost."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from pydantic import Field

from earshot.domain.call import Cost, Outcome, Usage
from earshot.domain.model import Noun
from earshot.errors import Transient


class Question(Noun):
    """A closed question for a decision endpoint: `options` gives each possible answer its meaning."""

    name: str
    text: str
    options: dict[str, str]


class Form(Noun):
    """The JSON that an answer must have. The schema is strict: every property required, nothing else allowed."""

    name: str
    json_schema: dict[str, Any]


class Request(Noun):
    """What a model is asked. `instructions` are ours alone and static; `content` holds data, never instructions.

    With `questions` it goes to a decision endpoint, with `form` the answer is JSON, otherwise plain text.
    """

    instructions: str
    content: str
    form: Form | None = None
    questions: tuple[Question, ...] = ()
    max_tokens: int = Field(default=512, ge=1)

    @property
    def size(self) -> int:
        """UTF-8 bytes of everything that is sent: no tokenizer makes more tokens than bytes."""
        asked = [f"{q.name}{q.text}{o}{m}" for q in self.questions for o, m in q.options.items()]
        parts = [self.instructions, self.content, *asked, str(self.form.json_schema) if self.form else ""]
        return sum(len(part.encode("utf-8", "surrogatepass")) for part in parts) + 256


class Finish(StrEnum):
    """Why a model stopped writing."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"


class Answer(Noun):
    """What a model gave back. `choices` holds the probability of each option, by question.

    `usage` is None only where the provider told none. `model` is the name that the provider answered with.
    """

    text: str = ""
    choices: dict[str, dict[str, float]] = {}
    finish: Finish = Finish.STOP
    usage: Usage | None = None
    model: str = ""
    latency_ms: int = 0


class Unanswered(Transient):
    """A call brought no answer. `lost` says that the provider may have worked on it and may charge for it."""

    def __init__(
        self,
        message: str,
        *,
        outcome: Outcome,
        lost: bool = False,
        retry_after: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint, retry_after=retry_after)
        self.outcome = outcome
        self.lost = lost


class Model(Protocol):
    """One model of one provider."""

    @property
    def provider(self) -> str:
        """The provider's name: anthropic, openai, google, …"""
        ...

    @property
    def name(self) -> str:
        """The model's name at its provider."""
        ...

    async def ask(self, request: Request) -> Answer:
        """One attempt, within the configured deadline. No retries of its own.

        Raises Unanswered (rate limit, overload, timeout, lost connection, server fault), Rejected (the request
        is refused as such: too long, bad schema), Misconfigured (key, permission, unknown or retired model).
        """
        ...


class Remote(Noun):
    """A batch as the provider lists it. `reference` is ours where the provider keeps one."""

    handle: str
    created_at: datetime
    requests: int
    reference: str | None = None


class BatchState(Noun):
    """How a provider's batch stands; `handle` replaces the stored one (it may name result files)."""

    handle: str
    ended: bool
    failed: bool = False
    note: str | None = None


class BatchAnswer(Noun):
    """The answer to one request of a batch, or why there is none."""

    custom_id: str
    answer: Answer | None = None
    outcome: Outcome = Outcome.OK
    reason: str | None = None


class BatchModel(Protocol):
    """A model whose provider answers batches. Custom ids: 1 to 64 letters, digits, `_` or `-`."""

    @property
    def provider(self) -> str:
        """The provider's name."""
        ...

    @property
    def name(self) -> str:
        """The model's name at its provider."""
        ...

    @property
    def most_requests(self) -> int:
        """The most requests that one batch takes."""
        ...

    @property
    def most_bytes(self) -> int:
        """The most bytes that one batch takes."""
        ...

    async def submit(self, requests: Mapping[str, Request], *, reference: str) -> str:
        """Send requests by custom id; the provider's handle as JSON. Raises as `Model.ask`; never retries.

        When the outcome is unknown (`Unanswered.lost`), `recent` tells whether the provider holds the batch.
        """
        ...

    async def recent(self, since: datetime) -> Sequence[Remote]:
        """The provider's batches created since a moment, newest first."""
        ...

    async def holds(self, handle: str, custom_ids: Sequence[str]) -> bool | None:
        """Whether a batch consists of these requests; None when the provider cannot tell yet."""
        ...

    async def look(self, handle: str) -> BatchState:
        """How a batch stands."""
        ...

    def results(self, handle: str, requests: Mapping[str, Request]) -> AsyncIterator[BatchAnswer]:
        """The answers of an ended batch, in any order, maybe with duplicates; `requests` are needed to decode.

        Custom ids that are not in `requests` are given too, without an answer.
        """
        ...

    async def cancel(self, handle: str) -> BatchState:
        """Ask the provider to stop; what is done is still charged and can be collected."""
        ...


class Prices(Protocol):
    """List prices."""

    def cost(self, provider: str, model: str, *, usage: Usage, batch: bool = False) -> Cost | None:
        """What a call costs, None when the model's price is unknown."""
        ...

    def bound(self, provider: str, model: str, *, request: Request, batch: bool = False) -> float | None:
        """What a call can cost at most, US dollars, None when the price is unknown."""
        ...
