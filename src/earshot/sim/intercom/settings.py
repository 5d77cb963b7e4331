"""How the simulated Intercom behaves: its token, its limits and its faults. Light: imports no server."""

from enum import StrEnum

from pydantic import Field, field_validator

from earshot.domain.model import Noun
from earshot.sim.scripts import parse_kinds


class Fault(StrEnum):
    """The ways in which the simulated Intercom can misbehave."""

    TOO_MANY = "429"
    SERVER_ERROR = "5xx"
    RESET = "reset"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    SLOW = "slow"
    MOVING = "moving"
    SAME_SECOND = "same-second"
    SEARCH_404 = "search-404"
    REPEATED_CURSOR = "repeated-cursor"
    FAILING = "failing"


class FaultSettings(Noun):
    """Which faults are on and how often they strike; every draw is seeded."""

    kinds: frozenset[Fault] = Field(default=frozenset(), description="The faults that are switched on.")
    seed: int = Field(default=0, description="Seed of every draw.")
    rate: float = Field(default=0.02, ge=0.0, le=1.0, description="Share of requests struck by each passing fault.")
    rates: dict[Fault, float] = Field(
        default_factory=dict[Fault, float], description="Shares that differ from `rate`, by fault."
    )
    streak: int = Field(
        default=2, ge=1, description="Most faults in a row for one same request; the next attempt passes."
    )
    burst: int = Field(default=5, ge=1, description="Requests refused in one 429 burst.")
    burst_seconds: int = Field(default=1, ge=1, description="How far ahead a burst puts X-RateLimit-Reset.")
    slow_seconds: float = Field(default=2.0, ge=0.0, description="How long a slow answer takes.")
    moves: int = Field(default=50, ge=0, description="Most conversations that move while being paged.")
    moves_per_page: int = Field(default=3, ge=1, description="Conversations that move after a page.")
    same_second: int = Field(default=400, ge=0, description="Conversations put into one same second.")
    poisoned: tuple[str, ...] = Field(
        default=(), description="Conversations whose appearance makes a search answer 404; drawn when empty."
    )
    failing: tuple[str, ...] = Field(
        default=(), description="Conversations whose retrieval always answers 500; drawn when empty."
    )
    permanent: int = Field(default=2, ge=1, description="How many failing conversations are drawn.")

    @field_validator("kinds", mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        return parse_faults(value) if isinstance(value, str) else value

    def share(self, kind: Fault) -> float:
        """How often a fault strikes; 0 when it is off."""
        return self.rates.get(kind, self.rate) if kind in self.kinds else 0.0


class WebhookFault(StrEnum):
    """What can happen to a webhook on its way: never sent, sent twice, sent after later ones."""

    LOST = "lost"
    TWICE = "twice"
    LATE = "late"


class WebhookSettings(Noun):
    """Where the simulated workspace sends its webhooks; every draw is seeded."""

    url: str = Field(description="The whole address that is posted to.")
    secret: str = Field(description="The app's client secret, which signs.")
    kinds: frozenset[WebhookFault] = Field(default=frozenset(), description="The faults that are switched on.")
    rate: float = Field(default=0.05, ge=0, le=1, description="Share of webhooks struck by each fault.")
    seed: int = Field(default=0, ge=0, description="Seed of every draw.")
    late_seconds: float = Field(default=5.0, ge=0, description="How late a late one is at most.")
    timeout_seconds: float = Field(default=5.0, gt=0, description="How long an answer may take.")
    retry_seconds: float = Field(default=60.0, ge=0, description="The wait before the only other attempt.")


class SimSettings(Noun):
    """The simulated workspace's door: who may come in, how fast, and how answers are cut."""

    token: str = Field(
        default="sim-token", description="The only access token that is let in; empty: any token, but never none."
    )
    rate_per_minute: int = Field(
        default=10_000, ge=6, description="Calls a minute, spent in 10-second windows of a sixth each."
    )
    parts_limit: int = Field(default=500, ge=1, description="Newest parts that a retrieval returns.")
    strict_ranges: bool = Field(
        default=True, description="Whether `>` and `<` exclude the value itself; Intercom's words say both."
    )
    default_ascending: bool = Field(
        default=False, description="Order of searches without `sort`; Intercom documents none."
    )
    app_package_code: str = Field(
        default="earshot-sim-app", description="Name of the app that API writes are attributed to."
    )
    faults: FaultSettings = Field(default=FaultSettings(), description="Misbehaviour, off by default.")


def parse_faults(text: str) -> frozenset[Fault]:
    """The faults named in a comma-separated list; `all` means every one. Raises BadInput."""
    return parse_kinds(text, Fault)
