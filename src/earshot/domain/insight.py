"""An insight: a reading and where it came from. Unread: a conversation nobody could read, and why."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.customer import Segment
from earshot.domain.model import Noun
from earshot.domain.reading import Reading


class Stage(StrEnum):
    """How much of a reading there is: closed labels only, or everything."""

    LABELS = "labels"
    FULL = "full"


class Provenance(Noun):
    """Which reader made a reading, at what cost. `cost_usd` is None when the price is unknown, never 0."""

    classifier: str
    model: str
    prompt_version: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    latency_ms: int | None = None


class Insight(Noun):
    """A reading of one version of a conversation (its `content_hash`)."""

    conversation_id: str
    stage: Stage = Stage.FULL
    reading: Reading
    provenance: Provenance
    customer_segment: Segment | None = None
    content_hash: str
    classified_at: datetime
    conversation_at: datetime
    times_known: bool = True


class Unread(Noun):
    """A conversation without a reading: it goes to the review queue and is never given a default label."""

    conversation_id: str
    content_hash: str
    reason: str
    attempted_at: datetime
