"""Asking a model with every call in the ledger: booked before it is made, closed however it ends.

This is the only way that Earshot asks a model online. A process that dies leaves its calls booked as started,
each with the most that it can cost.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from earshot.classify.breaker import Breaker, BreakerOpen
from earshot.classify.llm import tracing
from earshot.domain.call import Call, Outcome, Purpose, Tier
from earshot.errors import EarshotError
from earshot.ports.clock import Clock, Ids
from earshot.ports.ledger import Ledger
from earshot.ports.meter import Meter, NoMeter, Span
from earshot.ports.model import Answer, Finish, Model, Prices, Request, Unanswered

AGAIN = frozenset({Outcome.INVALID, Outcome.TRUNCATED})
"""Answers that another attempt may better; a refusal stands."""
MOST_BACK_OFF = 8.0
"""Seconds between two attempts at most, unless the provider asks for more."""
MAY_BE_CHARGED = frozenset({Outcome.TIMEOUT, Outcome.LOST})
"""How a call ends in the ledger whose answer is lost; its bound stands for its cost."""


class Judged(Protocol):
    """What was made of an answer."""

    @property
    def outcome(self) -> Outcome:
        """How the call ended."""
        ...


T = TypeVar("T", bound=Judged)


@dataclass
class Spent:
    """The calls that one conversation took, so far."""

    calls: list[Call] = field(default_factory=list[Call])

    @property
    def input_tokens(self) -> int:
        """Tokens read, cached ones included."""
        return sum(call.usage.input_tokens for call in self.calls if call.usage is not None)

    @property
    def output_tokens(self) -> int:
        """Tokens written."""
        return sum(call.usage.output_tokens for call in self.calls if call.usage is not None)

    @property
    def cost_usd(self) -> float | None:
        """The known costs; None where an answer's price is unknown. Lost calls stand in the ledger with a bound."""
        answered = [call.cost_usd for call in self.calls if call.usage is not None]
        known = [cost for cost in answered if cost is not None]
        return sum(known) if len(known) == len(answered) else None

    @property
    def latency_ms(self) -> int:
        """Milliseconds that the provider took, over all calls."""
        return sum(call.latency_ms or 0 for call in self.calls)


@dataclass(frozen=True)
class Books:
    """What it takes to book calls: the ledger, the prices, the time, new ids, and who measures."""

    ledger: Ledger
    prices: Prices
    clock: Clock
    ids: Ids
    meter: Meter = field(default_factory=NoMeter)


@dataclass(frozen=True)
class Conduct:
    """How models are asked: how often, how long, how many at once, and when one is left alone."""

    attempts: int = 3
    deadline_seconds: float = 30.0
    concurrency: int = 200
    breaker_failures: int = 5
    breaker_seconds: float = 30.0


@dataclass(frozen=True)
class Patience:
    """How often and how long one thing is tried. `seconds` is the longest wait for one answer."""

    attempts: int = 3
    seconds: float = 30.0
    jitter: Callable[[], float] = random.random

    def pause(self, attempt: int) -> float:
        """Seconds to wait after the failed attempt of that number (1, 2, …), with jitter."""
        return min(0.5 * 2**attempt, MOST_BACK_OFF) * (0.5 + self.jitter() / 2)


@dataclass(frozen=True)
class _Ending:
    """A call under way, and where its end is noted."""

    opened: Call
    spent: Spent
    span: Span
    began: float


class Booked:
    """One model of one tier, asked by the book."""

    def __init__(self, model: Model, *, tier: Tier, books: Books, patience: Patience | None = None) -> None:
        self.model = model
        self.tier = tier
        self.books = books
        self.patience = patience or Patience()

    async def ask(
        self,
        request: Request,
        judge: Callable[[Answer], T],
        *,
        tokens: int,
        spent: Spent | None = None,
        purpose: Purpose = Purpose.CLASSIFY,
        conversation_id: str | None = None,
    ) -> T:
        """Ask until there is an answer that will do, or the attempts are used up; the last judgement.

        `judge` makes something of an answer, `tokens` is the estimate for the rate limit, `spent` collects the
        calls. Raises Unanswered when the last attempt brought no answer, BudgetSpent, Rejected, Misconfigured.
        """
        collected = Spent() if spent is None else spent
        began = self.books.clock.monotonic()
        attempt = 0
        while True:
            call = self._draft(request, purpose=purpose, conversation_id=conversation_id)
            try:
                judged = await self.once(call, request, judge=judge, tokens=tokens, spent=collected)
            except Unanswered as error:
                attempt += error.outcome is not Outcome.RATE_LIMITED
                await self._rest(error, attempt, began=began)
            else:
                attempt += 1
                if judged.outcome not in AGAIN or attempt >= self.patience.attempts:
                    return judged

    async def once(
        self, call: Call, request: Request, *, judge: Callable[[Answer], T], tokens: int, spent: Spent
    ) -> T:
        """One attempt, booked and closed."""
        if isinstance(self.model, Breaker):
            self.model.check()
        opened = await self.books.ledger.open(call, tokens=tokens)
        with self.books.meter.span(tracing.span_name(opened)) as span:
            span.note(**tracing.asked(opened))
            ending = _Ending(opened, spent, span, began=self.books.clock.monotonic())
            answer = await self._sent(request, ending)
            outcome = Outcome.INVALID
            try:
                judged = judge(answer)
                outcome = judged.outcome
            finally:
                self._close(ending, self._answered(answer, outcome))
        return judged

    async def _sent(self, request: Request, ending: "_Ending") -> Answer:
        """The answer; where there is none, the call is closed by what that may cost."""
        try:
            return await self.model.ask(request)
        except Unanswered as error:
            self._close(ending, _unanswered(error))
            await self._obey(error)
            raise
        except EarshotError:
            self._close(ending, _free(Outcome.ERROR))
            raise
        except BaseException:
            self._close(ending, {"outcome": Outcome.LOST})
            raise

    def _draft(self, request: Request, *, purpose: Purpose, conversation_id: str | None) -> Call:
        books, model = self.books, self.model
        return Call(
            id=books.ids.new(),
            provider=model.provider,
            model=model.name,
            tier=self.tier,
            purpose=purpose,
            conversation_id=conversation_id,
            started_at=books.clock.now(),
            bound_usd=books.prices.bound(model.provider, model.name, request=request),
        )

    def _answered(self, answer: Answer, outcome: Outcome) -> dict[str, object]:
        if answer.usage is None:
            return {"outcome": outcome, "latency_ms": answer.latency_ms}
        cost = self.books.prices.cost(self.model.provider, self.model.name, usage=answer.usage)
        return {
            "outcome": outcome,
            "usage": answer.usage,
            "cost_usd": cost and cost.usd,
            "price_date": cost and cost.price_date,
            "latency_ms": answer.latency_ms,
        }

    def _close(self, ending: "_Ending", update: dict[str, object]) -> None:
        took = round(1000 * (self.books.clock.monotonic() - ending.began))
        closed = ending.opened.model_copy(update={"latency_ms": took, **update})
        ending.span.note(**tracing.ended(closed))
        ending.spent.calls.append(closed)
        self.books.ledger.close(closed)

    async def _obey(self, error: Unanswered) -> None:
        """A full rate limit concerns everybody who asks this model."""
        if error.outcome is Outcome.RATE_LIMITED:
            seconds = error.retry_after if error.retry_after is not None else 2 * self.patience.pause(1)
            await self.books.ledger.pause(self.model.provider, self.model.name, seconds=seconds)

    async def _rest(self, error: Unanswered, attempt: int, *, began: float) -> None:
        """Wait for the next attempt, or raise the error when there is none.

        A rate limit is waited for in the ledger and uses up no attempt, but time.
        """
        patience = self.patience
        wait = 0.0
        if error.outcome is not Outcome.RATE_LIMITED:
            wait = max(patience.pause(attempt), error.retry_after or 0.0)
        used_up = attempt >= patience.attempts or isinstance(error, BreakerOpen)
        late = self.books.clock.monotonic() - began + wait > patience.attempts * patience.seconds
        if used_up or late or wait > patience.seconds:
            raise error
        if wait:
            await self.books.clock.sleep(wait)


def guarded(model: Model, *, conduct: Conduct, clock: Clock, meter: Meter | None = None) -> Breaker:
    """The model, left alone for a while when it keeps failing."""
    failures, seconds = conduct.breaker_failures, conduct.breaker_seconds
    return Breaker(model, failures=failures, seconds=seconds, clock=clock, meter=meter)


def booked(model: Model, tier: Tier, *, conduct: Conduct, books: Books) -> Booked:
    """A model (mostly a `guarded` one) asked by the book, as often and as long as the conduct says."""
    patience = Patience(attempts=conduct.attempts, seconds=conduct.deadline_seconds)
    return Booked(model, tier=tier, books=books, patience=patience)


def finished(answer: Answer) -> Outcome:
    """How an answer of plain text ended."""
    if answer.finish is Finish.REFUSAL:
        return Outcome.REFUSED
    if answer.finish is Finish.LENGTH:
        return Outcome.TRUNCATED
    return Outcome.OK if answer.text.strip() else Outcome.INVALID


def _unanswered(error: Unanswered) -> dict[str, object]:
    if not error.lost:
        return _free(Outcome.ERROR if error.outcome in MAY_BE_CHARGED else error.outcome)
    return {"outcome": error.outcome if error.outcome in MAY_BE_CHARGED else Outcome.LOST}


def _free(outcome: Outcome) -> dict[str, object]:
    """The provider did no work on it, so nothing is owed."""
    return {"outcome": outcome, "bound_usd": None}
