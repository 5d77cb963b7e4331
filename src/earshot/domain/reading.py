"""What a reader makes of one conversation: labels, findings and the words that prove them."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from earshot.domain.model import Noun

SUMMARY_LIMIT = 200
"""Longest summary in characters (the guide's models)."""


class IssueType(StrEnum):
    """The kind of matter a customer raises; a finding has exactly one."""

    PRODUCT_BUG = "PRODUCT_BUG"
    ACCOUNT_ACCESS = "ACCOUNT_ACCESS"
    BILLING = "BILLING"
    FEATURE_REQUEST = "FEATURE_REQUEST"
    UX_FRICTION = "UX_FRICTION"
    USAGE_QUESTION = "USAGE_QUESTION"
    OTHER = "OTHER"


class Priority(StrEnum):
    """How urgent the matter is for the customer."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Sentiment(StrEnum):
    """The customer's expressed feeling over the conversation."""

    VERY_NEGATIVE = "VERY_NEGATIVE"
    NEGATIVE = "NEGATIVE"
    NEUTRAL = "NEUTRAL"
    POSITIVE = "POSITIVE"
    VERY_POSITIVE = "VERY_POSITIVE"


class ChurnRisk(StrEnum):
    """How likely the customer is to leave, as far as the words say."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class RecommendedAction(StrEnum):
    """What the reader would do next."""

    ESCALATE = "ESCALATE"
    CREATE_TICKET = "CREATE_TICKET"
    ADD_TO_BACKLOG = "ADD_TO_BACKLOG"
    ROUTINE = "ROUTINE"


SENTIMENT_BANDS: dict[Sentiment, tuple[float, float]] = {
    Sentiment.VERY_NEGATIVE: (-1.0, -0.7),
    Sentiment.NEGATIVE: (-0.69, -0.2),
    Sentiment.NEUTRAL: (-0.19, 0.19),
    Sentiment.POSITIVE: (0.2, 0.69),
    Sentiment.VERY_POSITIVE: (0.7, 1.0),
}
"""The band of scores that each sentiment covers, both ends included."""


def score_in_band(sentiment: Sentiment, score: float) -> float:
    """The score nearest to `score` that lies in its sentiment's band, rounded to two places."""
    low, high = SENTIMENT_BANDS[sentiment]
    return round(min(max(score, low), high), 2)


class Labels(Noun):
    """The closed fields: what even a one-word prompt can give. `confidence` is calibrated, 0 to 1."""

    issue_type: IssueType
    priority: Priority
    sentiment: Sentiment
    sentiment_score: float = Field(ge=-1.0, le=1.0)
    churn_risk: ChurnRisk
    confidence: float = Field(ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _score_lies_in_its_band(self) -> Self:
        if score_in_band(self.sentiment, self.sentiment_score) != round(self.sentiment_score, 2):
            raise ValueError(f"score {self.sentiment_score} lies outside the band of {self.sentiment}")
        return self


class PartialLabels(Noun):
    """What a one-word prompt or a decision endpoint knows; a field it was not asked for is None, never a default.

    `probabilities` gives the chance of each option by field, where the model tells it.
    """

    issue_type: IssueType
    priority: Priority | None = None
    sentiment: Sentiment | None = None
    churn_risk: ChurnRisk | None = None
    confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    probabilities: dict[str, dict[str, float]] = {}


class Finding(Noun):
    """One matter raised in a conversation, with the words that prove it.

    `quote` equals `message.text[start:end]` of the message `message_id`, character for character.
    """

    issue_type: IssueType
    summary: str = Field(min_length=1, max_length=SUMMARY_LIMIT)
    affected_feature: str | None = Field(default=None, max_length=100)
    quote: str | None = None
    message_id: str | None = None
    start: int | None = None
    end: int | None = None


class Reading(Labels):
    """Labels plus free text. The first finding is the conversation's own matter.

    `category` is the extra category of the settings' taxonomy that fits best, if any.
    """

    summary: str = Field(min_length=1, max_length=SUMMARY_LIMIT)
    affected_feature: str | None = Field(default=None, max_length=100)
    category: str | None = Field(default=None, max_length=50)
    recommended_action: RecommendedAction
    findings: tuple[Finding, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _first_finding_is_the_matter(self) -> Self:
        if self.findings[0].issue_type is not self.issue_type:
            raise ValueError("the first finding must carry the conversation's issue type")
        return self
