"""How the simulated model providers behave: keys, speed, limits and faults. Light: imports no server."""

from enum import StrEnum

from pydantic import Field, field_validator

from earshot.domain.model import Noun
from earshot.sim.scripts import parse_kinds


class Fault(StrEnum):
    """The ways in which a simulated provider can misbehave."""

    TOO_MANY = "429"
    OVERLOADED = "529"
    SERVER_ERROR = "5xx"
    HANG = "hang"
    DRIBBLE = "dribble"
    RESET = "reset"
    HALF = "half"
    ENVELOPE = "envelope"
    LATE_ERROR = "late-5xx"
    REFUSAL = "refusal"
    REFUSAL_TEXT = "refusal-text"
    TRUNCATED = "truncated"
    INVALID = "invalid"
    OUT_OF_RANGE = "out-of-range"
    MALICIOUS = "malicious"
    BATCH_FAILED = "batch-failed"
    BATCH_EXPIRED = "batch-expired"
    BATCH_CANCELLED = "batch-cancelled"
    LINE_ERROR = "line-error"
    DUPLICATED = "duplicated"
    UNKNOWN_ID = "unknown-id"
    MISSING = "missing"


TRANSPORT = (
    Fault.TOO_MANY,
    Fault.OVERLOADED,
    Fault.SERVER_ERROR,
    Fault.HANG,
    Fault.DRIBBLE,
    Fault.RESET,
    Fault.HALF,
    Fault.ENVELOPE,
)
"""Faults of a request as such: any endpoint can have them."""

KEEPING = (Fault.LATE_ERROR, *TRANSPORT)
"""Faults of requests that leave something behind (batches, files): also a 5xx after the deed was done."""

CONTENT = (
    Fault.REFUSAL,
    Fault.REFUSAL_TEXT,
    Fault.TRUNCATED,
    Fault.INVALID,
    Fault.OUT_OF_RANGE,
    Fault.MALICIOUS,
)
"""Faults of what a model writes: online, and in any line of a batch."""

WHOLE_BATCH = (Fault.BATCH_FAILED, Fault.BATCH_EXPIRED, Fault.BATCH_CANCELLED)
"""How a batch as a whole can end other than well."""

LINES = (Fault.LINE_ERROR, Fault.DUPLICATED, Fault.UNKNOWN_ID, Fault.MISSING)
"""What can be wrong with a line of a batch's results."""


class FaultSettings(Noun):
    """Which faults are on and how often they strike; every draw is seeded."""

    kinds: frozenset[Fault] = Field(default=frozenset(), description="The faults that are switched on.")
    seed: int = Field(default=0, description="Seed of every draw.")
    rate: float = Field(default=0.02, ge=0.0, le=1.0, description="Share of requests struck by each fault.")
    rates: dict[Fault, float] = Field(
        default_factory=dict[Fault, float], description="Shares that differ from `rate`, by fault."
    )
    streak: int = Field(
        default=2, ge=1, description="Most faults in a row for one same request; the next attempt passes."
    )
    retry_after: float = Field(default=1.0, ge=0, description="Seconds that a drawn 429 asks to wait.")
    hang_seconds: float = Field(default=600.0, ge=0, description="How long a hanging request is kept open.")
    hang_charged: float = Field(
        default=0.5, ge=0, le=1, description="Share of hanging requests whose work was done and is charged."
    )
    dribble_seconds: float = Field(default=2.0, ge=0, description="How long a dribbled answer takes to arrive.")

    @field_validator("kinds", mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        return parse_faults(value) if isinstance(value, str) else value

    def share(self, kind: Fault) -> float:
        """How often a fault strikes; 0 when it is off."""
        return self.rates.get(kind, self.rate) if kind in self.kinds else 0.0


class Pace(Noun):
    """How long something takes: a lognormal distribution given by its middle and its slow end, in seconds."""

    median: float = Field(default=0.0, ge=0, description="Half are faster.")
    p95: float = Field(default=0.0, ge=0, description="One in twenty is slower; at least the median counts.")


class SimLlmSettings(Noun):
    """The simulated providers' door: who may come in, how fast, and how answers go wrong."""

    keys: frozenset[str] = Field(
        default=frozenset({"sim-key"}), description="The API keys that are let in; empty: any key, but never none."
    )
    seed: int = Field(default=0, description="Seed of speed and ids.")
    latency: Pace = Field(default=Pace(), description="How long an answer takes.")
    decision_latency: Pace = Field(default=Pace(), description="How long a decision takes.")
    batch_seconds: float = Field(
        default=0.0, ge=0, description="Half of all batches are done after so many seconds; 24 h is the end."
    )
    requests_per_minute: int | None = Field(default=None, ge=1, description="Limit of each model.")
    tokens_per_minute: int | None = Field(default=None, ge=1, description="Limit of each model.")
    burst_seconds: float = Field(
        default=10.0, gt=0, description="A limit may be spent ahead by so many seconds' worth."
    )
    cache_floor: int = Field(default=1024, ge=1, description="Shortest prefix that is cached, in tokens.")
    thinking_scale: float = Field(
        default=1.0, ge=0, description="Scales the tokens that a model spends on thinking where it is not off."
    )
    keep_requests: int = Field(default=2000, ge=0, description="So many received requests are kept; 0: none.")
    faults: FaultSettings = Field(default=FaultSettings(), description="Misbehaviour, off by default.")


def parse_faults(text: str) -> frozenset[Fault]:
    """The faults named in a comma-separated list; `all` means every one. Raises BadInput."""
    return parse_kinds(text, Fault)
