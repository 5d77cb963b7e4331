"""A circuit breaker round a model: one that keeps failing is left alone, then tried again with one call.

CLOSED ─failures in a row→ OPEN ─time passes→ HALF-OPEN ─one probe: answers→ CLOSED, fails→ OPEN

Only outages count: what a provider answers to a bad key, a bad request or a full rate limit says that it is there.
"""

from earshot.domain.call import Outcome
from earshot.errors import Rejected
from earshot.ports.clock import Clock
from earshot.ports.meter import Meter, NoMeter
from earshot.ports.model import Answer, Model, Request, Unanswered

OUTAGES = frozenset({Outcome.OVERLOADED, Outcome.TIMEOUT, Outcome.LOST, Outcome.ERROR})
"""How a call ends when the provider is down."""


class BreakerOpen(Unanswered):
    """The model is left alone for a while; nothing was sent."""

    def __init__(self, model: Model, *, seconds: float) -> None:
        super().__init__(
            f"{model.provider}:{model.name} does not answer and is left alone for now.",
            outcome=Outcome.CANCELLED,
            retry_after=seconds,
            hint="It is tried again by itself; `earshot doctor` shows whether the provider answers.",
        )


class Breaker:
    """Implements `ports.model.Model` round one model; all who ask that model share it."""

    def __init__(
        self, model: Model, *, failures: int, seconds: float, clock: Clock, meter: Meter | None = None
    ) -> None:
        self._model = model
        self._most = failures
        self._seconds = seconds
        self._clock = clock
        self._failed = 0
        self._until = 0.0
        self._probe: object | None = None
        self._meter = meter or NoMeter()
        self._shown: int | None = None
        self._show()

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._model.provider

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    def check(self) -> None:
        """Raises BreakerOpen when a call would not be let through now; takes no turn."""
        left = self._until - self._clock.monotonic()
        if self._failed >= self._most and (left > 0 or self._probe is not None):
            raise BreakerOpen(self._model, seconds=max(left, 0.0))

    async def ask(self, request: Request) -> Answer:
        """One attempt, or BreakerOpen at once. While half-open exactly one call goes through."""
        self.check()
        ticket = object()
        if self._failed >= self._most:
            self._probe = ticket
            self._show()
        try:
            answer = await self._model.ask(request)
        except Unanswered as error:
            self._note(error)
            raise
        except Rejected:
            self._failed = 0
            raise
        else:
            self._failed = 0
            return answer
        finally:
            if self._probe is ticket:
                self._probe = None
            self._show()

    def _show(self) -> None:
        """The breaker's state as a gauge: 0 closed, 1 half-open, 2 open."""
        state = 0 if self._failed < self._most else 1 if self._probe is not None else 2
        if state == self._shown:
            return  # another breaker of the same model may stand otherwise
        self._shown = state
        self._meter.gauge("earshot_llm_circuit_state", state, provider=self.provider, model=self.name)

    def _note(self, error: Unanswered) -> None:
        """Count an outage; whatever else the provider answers shows that it is there."""
        if error.outcome not in OUTAGES:
            self._failed = 0
            return
        self._failed += 1
        rest = max(self._seconds, error.retry_after or 0.0)
        self._until = max(self._until, self._clock.monotonic() + rest)
