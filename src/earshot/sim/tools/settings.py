"""How a simulated tool behaves: its token, its speed and its faults. Light: imports no server."""

from enum import StrEnum

from pydantic import Field, field_validator

from earshot.domain.model import Noun
from earshot.sim.scripts import parse_kinds


class ToolFault(StrEnum):
    """The ways in which a simulated tool can misbehave.

    Nothing is stored by `429`, `401`, `5xx`, `html` (a proxy's page, 502), `reset` (cut before the deed), `hang`.
    The deed is done by `late-5xx`, `late-hang` and `lost` (cut after the deed), and by `garbage` (a broken body)
    and `huge` (2 MB), which keep the status.
    """

    TOO_MANY = "429"
    UNAUTHORIZED = "401"
    SERVER_ERROR = "5xx"
    HTML = "html"
    RESET = "reset"
    HANG = "hang"
    LATE_ERROR = "late-5xx"
    LATE_HANG = "late-hang"
    LOST = "lost"
    GARBAGE = "garbage"
    HUGE = "huge"


DONE_ALL_THE_SAME = frozenset(
    {ToolFault.LATE_ERROR, ToolFault.LATE_HANG, ToolFault.LOST, ToolFault.GARBAGE, ToolFault.HUGE}
)
"""Faults of the answer only: what was asked for was done."""


class ToolFaultSettings(Noun):
    """Which faults are on and how often they strike; every draw is seeded."""

    kinds: frozenset[ToolFault] = Field(default=frozenset(), description="The faults that are switched on.")
    seed: int = Field(default=0, description="Seed of every draw.")
    rate: float = Field(default=0.05, ge=0.0, le=1.0, description="Share of requests struck by each fault.")
    rates: dict[ToolFault, float] = Field(
        default_factory=dict[ToolFault, float], description="Shares that differ from `rate`, by fault."
    )
    streak: int = Field(
        default=3, ge=1, description="Most faults in a row for one same request; the next attempt passes."
    )
    retry_after: float = Field(default=1.0, ge=0, description="Seconds that a 429 asks to wait.")
    hang_seconds: float = Field(default=600.0, ge=0, description="How long a hanging request is kept open.")

    @field_validator("kinds", mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        return parse_kinds(value, ToolFault) if isinstance(value, str) else value

    def share(self, kind: ToolFault) -> float:
        """How often a fault strikes; 0 when it is off."""
        return self.rates.get(kind, self.rate) if kind in self.kinds else 0.0


class ToolSimSettings(Noun):
    """The simulated tool's door: who may come in, how fast, and how answers go wrong."""

    token: str = Field(
        default="sim-token", description="The only secret that is let in; empty: any secret, but never none."
    )
    seed: int = Field(default=0, description="Seed of the ids that it gives.")
    latency_seconds: float = Field(default=0.0, ge=0, description="How long every answer takes.")
    keep_requests: int = Field(default=2000, ge=0, description="So many received requests are kept; 0: none.")
    faults: ToolFaultSettings = Field(default=ToolFaultSettings(), description="Misbehaviour, off by default.")
