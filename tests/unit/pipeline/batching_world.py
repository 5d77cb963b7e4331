"""A provider of batches in memory, and a whole little world round the code under test."""

import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from earshot.classify.llm.prompter import Prompter
from earshot.classify.llm.settings import ClassifySettings, TaxonomySettings
from earshot.domain.call import Call, Cost, Outcome, Usage
from earshot.domain.conversation import Author, Conversation, Message
from earshot.pipeline.llm_parts import LlmParts
from earshot.pipeline.parts import Parts
from earshot.pipeline.reading.owing import NoDebt
from earshot.ports.model import Answer, BatchAnswer, BatchState, Finish, Remote, Request, Unanswered
from earshot.ports.store import Store
from tests.unit.pipeline.batching_memory import Fate, Hands, MemoryStore

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
TEXTS = (
    "I was charged twice for October, please refund me.",
    "The export button does nothing since yesterday.",
    "How do I invite a colleague to my workspace?",
    "I cannot log in any more, the reset mail never comes.",
    "It would be great to have dark mode.",
    "Your app is slow and I am thinking about leaving.",
    "Thanks, that solved it!",
)


def conversation(number: int, text: str | None = None) -> Conversation:
    message = Message(
        id=f"m{number}", author=Author.CUSTOMER, text=text or TEXTS[number % len(TEXTS)], created_at=START
    )
    return Conversation(
        source="intercom", external_id=f"c{number}", created_at=START, updated_at=START, messages=(message,)
    )


def good_text(request: Request) -> str:
    """A fine answer to any request."""
    _ = request
    finding = {
        "summary": "A matter",
        "issue_type": "OTHER",
        "affected_feature": None,
        "quote": None,
        "message": None,
    }
    return json.dumps(
        {
            "findings": [finding],
            "priority": "LOW",
            "sentiment": "NEUTRAL",
            "sentiment_score": 0.0,
            "churn_risk": "LOW",
            "recommended_action": "ROUTINE",
            "confidence": "LIKELY",
            "contains_instructions": False,
        }
    )


def usage_of(request: Request) -> Usage:
    return Usage(input_tokens=len(request.content) // 4, output_tokens=60)


class PerToken:
    """A made-up price: one micro-dollar a token, half of it in batches."""

    known = True

    def cost(self, provider: str, model: str, *, usage: Usage, batch: bool = False) -> Cost | None:
        tokens = usage.input_tokens + usage.output_tokens
        if not self.known:
            return None
        return Cost(usd=tokens * (0.5e-6 if batch else 1e-6), price_date=START.date())

    def bound(self, provider: str, model: str, *, request: Request, batch: bool = False) -> float | None:
        return (request.size + request.max_tokens) * (0.5e-6 if batch else 1e-6) if self.known else None


@dataclass
class Held:
    """A batch at the provider."""

    id: str
    requests: dict[str, Request]
    created_at: datetime
    reference: str | None
    ended: bool = False
    failed: bool = False


@dataclass
class Provider:
    """Answers batches. `keeps_reference`: as OpenAI; else as Anthropic, which tells what it holds at its end."""

    fate: Fate
    clock: Hands
    keeps_reference: bool = True
    provider: str = "openai"
    name: str = "small"
    most_requests: int = 3
    most_bytes: int = 10**6
    batches: list[Held] = field(default_factory=list[Held])
    paid: Counter[str] = field(default_factory=Counter[str])
    usd: float = 0.0
    ends_at_once: bool = True
    refuse: Exception | None = None
    lose: bool = False
    hide: bool = False
    outcomes: dict[str, BatchAnswer] = field(default_factory=dict[str, BatchAnswer])
    text: Callable[[Request], str] = good_text
    omit: set[str] = field(default_factory=set[str])

    async def submit(self, requests: Mapping[str, Request], *, reference: str) -> str:
        self.fate.moment()
        if self.refuse is not None:
            raise self.refuse
        assert requests
        assert len(requests) <= self.most_requests
        held = Held(
            id=f"b{len(self.batches)}",
            requests=dict(requests),
            created_at=self.clock.now(),
            reference=reference if self.keeps_reference else None,
        )
        self.batches.append(held)
        self.fate.moment()
        if self.lose:
            raise Unanswered("the connection broke", outcome=Outcome.LOST, lost=True)
        return self._handle(held)

    def _handle(self, held: Held) -> str:
        return json.dumps({"id": held.id, "status": "ended" if held.ended else "in_progress"})

    def _of(self, handle: str) -> Held:
        return next(held for held in self.batches if held.id == json.loads(handle)["id"])

    async def recent(self, since: datetime) -> Sequence[Remote]:
        self.fate.moment()
        return [
            Remote(
                handle=self._handle(held),
                created_at=held.created_at,
                requests=len(held.requests),
                reference=held.reference,
            )
            for held in reversed(self.batches)
            if held.created_at >= since and not self.hide
        ]

    async def holds(self, handle: str, custom_ids: Sequence[str]) -> bool | None:
        self.fate.moment()
        held = self._of(handle)
        if not held.ended:
            return None
        return set(custom_ids) <= held.requests.keys()

    async def look(self, handle: str) -> BatchState:
        self.fate.moment()
        held = self._of(handle)
        if self.ends_at_once:
            self.end(held)
        return BatchState(handle=self._handle(held), ended=held.ended, failed=held.failed)

    def end(self, held: Held) -> None:
        """The provider did its work, and charges for it."""
        if held.ended:
            return
        held.ended = True
        for custom_id, request in held.requests.items():
            if custom_id not in self.omit and self._given(custom_id, request).answer is not None:
                self.paid[custom_id] += 1
                cost = PerToken().cost(self.provider, self.name, usage=usage_of(request), batch=True)
                self.usd += cost.usd if cost else 0.0

    def _given(self, custom_id: str, request: Request) -> BatchAnswer:
        given = self.outcomes.get(request.content) or self.outcomes.get("")
        if given is not None:
            return given.model_copy(update={"custom_id": custom_id})
        answer = Answer(text=self.text(request), usage=usage_of(request), model=self.name)
        return BatchAnswer(custom_id=custom_id, answer=answer)

    async def results(self, handle: str, requests: Mapping[str, Request]) -> AsyncIterator[BatchAnswer]:
        self.fate.moment()
        held = self._of(handle)
        assert held.ended
        given = [self._given(key, request) for key, request in held.requests.items() if key not in self.omit]
        random.Random(held.id).shuffle(given)
        for one in [*given, *given[:1], BatchAnswer(custom_id="nobody")]:
            self.fate.moment()
            assert one.custom_id == "nobody" or requests[one.custom_id].max_tokens
            yield one

    async def cancel(self, handle: str) -> BatchState:
        self.fate.moment()
        held = self._of(handle)
        self.outcomes[""] = BatchAnswer(custom_id="", outcome=Outcome.CANCELLED)
        self.end(held)
        return BatchState(handle=self._handle(held), ended=False)


@dataclass
class Online:
    """The same model, asked at once."""

    fate: Fate
    text: str = good_text(Request(instructions="", content=""))
    finish: Finish = Finish.STOP
    asked: int = 0
    raises: Exception | None = None
    provider: str = "openai"
    name: str = "small"

    async def ask(self, request: Request) -> Answer:
        self.fate.moment()
        self.asked += 1
        if self.raises is not None:
            raise self.raises
        return Answer(text=self.text, usage=usage_of(request), finish=self.finish, model=self.name)


@dataclass
class Book:
    """The ledger of online calls."""

    calls: list[Call] = field(default_factory=list[Call])

    async def open(self, call: Call, *, tokens: int) -> Call:
        return call

    def close(self, call: Call) -> None:
        self.calls.append(call)

    async def pause(self, provider: str, model: str, *, seconds: float) -> None:
        pass

    def debt(self) -> NoDebt:
        return NoDebt()

    async def flush(self) -> None:
        pass


def _unused(*_: object) -> Any:
    raise AssertionError("not asked for here")


class World:
    """Everything of one test; `fate` is the running process's."""

    def __init__(
        self, conversations: int = 7, *, keeps_reference: bool = True, settings: ClassifySettings | None = None
    ):
        self.fate = Fate()
        self.clock = Hands(START + timedelta(hours=1))
        self.store = MemoryStore(self.fate)
        self.provider = Provider(self.fate, self.clock, keeps_reference=keeps_reference)
        self.online = Online(self.fate)
        self.prices = PerToken()
        self.book = Book()
        self.add(*map(conversation, range(conversations)))
        self.parts = Parts(
            store=cast("Store", self.store),
            make_source=_unused,
            make_reader=_unused,
            make_rules=_unused,
            read_file=_unused,
            clock=self.clock,
        )
        self.llm = self.with_prompts(settings or ClassifySettings())

    def with_prompts(self, settings: ClassifySettings, **changes: Any) -> LlmParts:
        parts: dict[str, Any] = {
            "prompter": Prompter(settings, TaxonomySettings(), now=self.clock.now),
            "model": self.online,
            "batch": self.provider,
            "prices": self.prices,
            "ledger": self.book,
            **changes,
        }
        return LlmParts(**parts)

    def add(self, *conversations: Conversation) -> None:
        self.store.rows.conversations |= {one.id: one for one in conversations}

    def later(self, **span: float) -> None:
        """Time passes, and the provider works meanwhile."""
        self.clock.moment += timedelta(**span)
        for held in self.provider.batches:
            if self.provider.ends_at_once:
                self.provider.end(held)

    def restart(self) -> None:
        """A new process: nobody holds the lock, nobody is to be killed."""
        self.store.locked = False
        self.fate.at, self.fate.passed = None, 0
