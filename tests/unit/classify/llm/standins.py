"""A model, a ledger, prices and a clock that do what a test writes down."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from earshot.classify.llm.booking import Booked, Books, Patience
from earshot.domain.call import Call, Cost, Outcome, Tier, Usage
from earshot.pipeline.reading.owing import NoDebt
from earshot.ports.ledger import BudgetSpent
from earshot.ports.model import Answer, Model, Request, Unanswered

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Reply = Answer | BaseException
USAGE = Usage(input_tokens=1000, output_tokens=100)


class Time:
    """A clock: waiting moves it at once, and lets others run."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)


@dataclass
class Scripted:
    """A model that answers in turn, the last answer for ever; with a `gate`, once that is open."""

    replies: list[Reply | Callable[[Request], Reply]]
    provider: str = "acme"
    name: str = "small-1"
    asked: list[Request] = field(default_factory=list[Request])
    gate: asyncio.Event | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        self.begun.set()
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if self.gate is not None:
            await self.gate.wait()
        if callable(reply):
            reply = reply(request)
        if isinstance(reply, BaseException):
            raise reply
        return reply


class Prices:
    """One dollar per thousand tokens, whichever; a call can cost at most `most` dollars."""

    def __init__(self, *, known: bool = True, most: float = 3.0, dear: tuple[str, ...] = ()) -> None:
        self._known = known
        self._most = most
        self._dear = dear

    def cost(self, provider: str, model: str, *, usage: Usage, batch: bool = False) -> Cost | None:
        if not self._known:
            return None
        factor = 40 if model in self._dear else 1
        tokens = usage.input_tokens + usage.output_tokens
        return Cost(usd=factor * tokens / 1000, price_date=date(2026, 3, 1))

    def bound(self, provider: str, model: str, *, request: Request, batch: bool = False) -> float | None:
        return self._most if self._known else None


@dataclass
class Book:
    """A ledger in memory. `budget` counts calls."""

    budget: int | None = None
    opened: list[Call] = field(default_factory=list[Call])
    closed: list[Call] = field(default_factory=list[Call])
    pauses: list[tuple[str, str, float]] = field(default_factory=list[tuple[str, str, float]])
    tokens: list[int] = field(default_factory=list[int])
    flushed: int = 0

    async def open(self, call: Call, *, tokens: int) -> Call:
        if self.budget is not None and len(self.opened) >= self.budget:
            raise BudgetSpent("The run's budget is spent.")
        self.opened.append(call)
        self.tokens.append(tokens)
        return call

    def close(self, call: Call) -> None:
        self.closed.append(call)

    async def pause(self, provider: str, model: str, *, seconds: float) -> None:
        self.pauses.append((provider, model, seconds))

    def debt(self) -> NoDebt:
        return NoDebt()

    async def flush(self) -> None:
        self.flushed += 1

    @property
    def outcomes(self) -> list[str]:
        return [call.outcome.value for call in self.closed]


class Numbers:
    """Ids: 1, 2, 3 …"""

    def __init__(self) -> None:
        self._count = Counter[str]()

    def new(self) -> str:
        self._count["n"] += 1
        return f"call-{self._count['n']}"


@dataclass
class Judgement:
    """Made of an answer: INVALID where it says so, otherwise OK."""

    text: str
    outcome: Outcome


def judge(answer: Answer) -> Judgement:
    return Judgement(answer.text, Outcome.INVALID if answer.text == "rubbish" else Outcome.OK)


def answer(text: str = "fine", *, usage: Usage | None = USAGE) -> Answer:
    return Answer(text=text, usage=usage, model="small-1-20260301", latency_ms=700)


def unanswered(
    outcome: Outcome = Outcome.OVERLOADED, *, lost: bool = False, retry_after: float | None = None
) -> Unanswered:
    return Unanswered("no answer", outcome=outcome, lost=lost, retry_after=retry_after)


def books(ledger: Book | None = None, *, clock: Time | None = None, prices: Prices | None = None) -> Books:
    return Books(
        ledger=Book() if ledger is None else ledger,
        prices=prices or Prices(),
        clock=clock or Time(),
        ids=Numbers(),
    )


def booked(
    model: Model, ledger: Book, *, clock: Time | None = None, attempts: int = 3, prices: Prices | None = None
) -> Booked:
    patience = Patience(attempts=attempts, seconds=30.0, jitter=lambda: 1.0)
    return Booked(
        model, tier=Tier.CHEAP, books=books(ledger, clock=clock, prices=prices), patience=patience
    )  # fmt: skip


REQUEST = Request(instructions="Sort it.", content="data")
