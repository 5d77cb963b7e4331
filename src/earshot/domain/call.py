"""One call of a model: what it was for, what it used, what it cost, how it ended."""

from datetime import date, datetime
from enum import StrEnum

from earshot.domain.model import Noun


class Tier(StrEnum):
    """How strong a model is asked; settings name the model of each tier."""

    LABELS = "labels"
    CHEAP = "cheap"
    MEDIUM = "medium"
    STRONG = "strong"


class Purpose(StrEnum):
    """What a call was made for."""

    CLASSIFY = "classify"
    SUMMARISE = "summarise"
    SAMPLE = "sample"
    AUDIT = "audit"
    CHECK = "check"
    ADJUDICATE = "adjudicate"
    NAME = "name"
    ESTIMATE = "estimate"
    DRAFT = "draft"
    EMBED = "embed"


class Mode(StrEnum):
    """How a call travels: at once, in a provider's batch, or as a file that somebody else answers."""

    ONLINE = "online"
    BATCH = "batch"
    FILE = "file"


class Outcome(StrEnum):
    """How a call ended. STARTED: it is under way, or its process died; TIMEOUT and LOST may have been charged."""

    STARTED = "started"
    OK = "ok"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    INVALID = "invalid"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    TIMEOUT = "timeout"
    LOST = "lost"
    ERROR = "error"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Usage(Noun):
    """Tokens of one call. `input_tokens` includes cached and cache-written ones, `output_tokens` the reasoning."""

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0


class Cost(Noun):
    """US dollars by list price, and the day of the price list that was used."""

    usd: float
    price_date: date


class Call(Noun):
    """One row of the ledger. `usage` None: the provider told none; `cost_usd` None: unknown, never 0 for that.

    `bound_usd` is what the call can cost at most; it stands for the cost where the answer was lost.
    """

    id: str
    provider: str
    model: str
    tier: Tier
    purpose: Purpose = Purpose.CLASSIFY
    mode: Mode = Mode.ONLINE
    conversation_id: str | None = None
    run_id: str | None = None
    batch_id: str | None = None
    started_at: datetime
    outcome: Outcome = Outcome.STARTED
    usage: Usage | None = None
    cost_usd: float | None = None
    price_date: date | None = None
    bound_usd: float | None = None
    latency_ms: int | None = None
