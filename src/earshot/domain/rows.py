"""The rows that `earshot export` hands out: the public shape of the data, kept stable. Times are ISO 8601, UTC."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import Field, PlainSerializer

from earshot.domain.action import ActionKind, ActionStatus, Subject
from earshot.domain.call import Mode, Purpose, Tier
from earshot.domain.call import Outcome as CallOutcome
from earshot.domain.conversation import Author, State
from earshot.domain.customer import Segment
from earshot.domain.model import Noun
from earshot.domain.reading import ChurnRisk, Finding, IssueType, Priority, RecommendedAction, Sentiment


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_iso, return_type=str)]


class MessageRow(Noun):
    """A message that the customer could see, in order."""

    id: str
    author: Author
    text: str
    created_at: Moment


class CustomerRow(Noun):
    """The customer; null is unknown."""

    id: str
    name: str | None
    email: str | None
    plan: str | None
    mrr: float | None
    segment: Segment | None
    company: str | None


class ConversationRow(Noun):
    """`earshot export conversations`."""

    id: str
    state: State
    created_at: Moment
    updated_at: Moment
    deleted: bool
    title: str | None
    messages: list[MessageRow]
    customer: CustomerRow | None
    tags: list[str]
    url: str | None


class InsightRow(Noun):
    """`earshot export insights`. `cost_usd` is null when the price is unknown, never 0 for that.

    `corrected` names the fields whose values a person set.
    """

    conversation_id: str
    issue_type: IssueType
    priority: Priority
    sentiment: Sentiment
    sentiment_score: float = Field(ge=-1, le=1)
    churn_risk: ChurnRisk
    confidence: float = Field(ge=0, le=1)
    summary: str
    affected_feature: str | None
    customer_segment: Segment | None
    recommended_action: RecommendedAction
    findings: list[Finding]
    classifier: str
    model: str
    prompt_version: str | None
    cost_usd: float | None
    classified_at: Moment
    corrected: list[str] = []


class LabelsRow(Noun):
    """`earshot export labels`: conversations that have labels only; null is a field that was not asked for."""

    conversation_id: str
    issue_type: IssueType
    priority: Priority | None
    sentiment: Sentiment | None
    churn_risk: ChurnRisk | None
    confidence: float | None
    probabilities: dict[str, dict[str, float]]
    customer_segment: Segment | None
    classifier: str
    model: str
    prompt_version: str | None
    cost_usd: float | None
    classified_at: Moment
    corrected: list[str] = []


class CallRow(Noun):
    """`earshot export llm-calls`: one call of a model, under the names of the guide's table.

    `input_tokens` includes cached ones. `cost_usd` null is unknown, never 0; `bound_usd` is the most it can cost.
    """

    id: str
    provider: str
    model: str
    tier: Tier
    purpose: Purpose
    mode: Mode
    conversation_id: str | None
    run_id: str | None
    batch_id: str | None
    input_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: float | None
    bound_usd: float | None
    price_date: date | None
    latency_ms: int | None
    outcome: CallOutcome
    created_at: Moment


class ThemeRow(Noun):
    """`earshot export themes`, with the guide's names where it has them. `frequency` is distinct conversations.

    `conversation_ids` are all of them, newest first; `evidence_urls` those of the quotes.
    """

    id: str
    issue_type: IssueType
    affected_feature: str | None
    title: str
    description: str
    frequency: int
    customers: int
    companies: int
    mrr: float | None
    avg_sentiment: float | None
    customer_segments: list[str]
    first_seen: Moment
    last_seen: Moment
    representative_quotes: list[str]
    evidence_urls: list[str]
    conversation_ids: list[str]


class ActionRow(Noun):
    """`earshot export actions`, with the guide's names `action_type`, `reason`, `status`."""

    key: str
    action_type: ActionKind
    subject: Subject
    subject_id: str
    conversation_id: str
    rule: str
    reason: str
    status: ActionStatus
    dry_run: bool
    created_at: Moment
