"""An insight: a reading and where it came from. Unread: a conversation nobody could read, and why."""

from datetime import datetime
from enum import StrEnum

from earshot.domain.call import Tier
from earshot.domain.customer import Segment
from earshot.domain.model import Noun
from earshot.domain.reading import PartialLabels, Reading


class Stage(StrEnum):
    """How much of a reading there is: closed labels only, or everything."""

    LABELS = "labels"
    FULL = "full"


class Provenance(Noun):
    """Which reader made a reading, at what cost. `cost_usd` is None when the price is unknown, never 0.

    Tokens, cost and latency are the sums over all calls that the reading took. `provisional` marks the reading of
    a stand-in, to be replaced when the chosen reader answers again; `shortened` that not the whole text was read.
    """

    classifier: str
    model: str
    prompt_version: str | None = None
    prompt_hash: str | None = None
    tier: Tier | None = None
    provisional: bool = False
    shortened: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    latency_ms: int | None = None


class Insight(Noun):
    """A reading of one version of a conversation (its `content_hash`).

    `injection` says that the text tries to instruct its reader; `dropped_quotes` counts quotes that a model gave
    and that are not in the conversation. `corrected` names the fields whose values a person set.
    """

    conversation_id: str
    stage: Stage = Stage.FULL
    reading: Reading
    provenance: Provenance
    customer_segment: Segment | None = None
    content_hash: str
    classified_at: datetime
    conversation_at: datetime
    times_known: bool = True
    injection: bool = False
    dropped_quotes: int = 0
    corrected: tuple[str, ...] = ()


class FirstLabels(Noun):
    """An insight of stage `labels`: the closed fields that are known before, or instead of, a full reading."""

    conversation_id: str
    labels: PartialLabels
    provenance: Provenance
    customer_segment: Segment | None = None
    content_hash: str
    classified_at: datetime
    conversation_at: datetime
    times_known: bool = True
    corrected: tuple[str, ...] = ()


class Unread(Noun):
    """A conversation without a reading: it goes to the review queue and is never given a default label."""

    conversation_id: str
    content_hash: str
    reason: str
    attempted_at: datetime
