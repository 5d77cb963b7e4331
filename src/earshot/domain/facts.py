"""What a rule may ask about one insight: typed, prefetched, complete. Names are the rule language's names."""

from datetime import datetime

from earshot.domain.model import Noun


class InsightFacts(Noun):
    """The reading's closed fields; `stage` is labels or full, a segment is "unknown" when not known.

    `injection` says that the text tries to instruct its reader, `classifier` who read it, `category` is the extra
    category of the settings' taxonomy ("" when there is none).
    """

    conversation_id: str
    stage: str
    issue_type: str
    priority: str
    sentiment: str
    sentiment_score: float
    churn_risk: str
    confidence: float
    summary: str
    affected_feature: str
    customer_segment: str
    recommended_action: str
    injection: bool = False
    classifier: str = ""
    category: str = ""


class FindingFacts(Noun):
    """One matter of the conversation."""

    issue_type: str
    summary: str
    affected_feature: str


class CustomerFacts(Noun):
    """The customer; unknown texts are "", unknown numbers -1 (so that `customer.mrr >= 1000` is false)."""

    id: str = ""
    account: str = ""
    company: str = ""
    plan: str = ""
    segment: str = "unknown"
    mrr: float = -1.0
    tenure_months: int = -1
    account_age_days: int = -1
    previous_conversations: int = -1


class ConversationFacts(Noun):
    """The conversation at the source."""

    id: str
    source: str
    state: str
    tags: tuple[str, ...] = ()
    team_id: str = ""
    messages: int = 0
    rating: int = -1


class ThemeFacts(Noun):
    """The first finding's theme. `frequency` is distinct conversations; `trend` is this week minus last week."""

    id: str = ""
    title: str = ""
    frequency: int = 0
    customers: int = 0
    mrr: float = 0.0
    trend: int = 0


class Facts(Noun):
    """Everything a rule sees about one insight. `at` is when the customer wrote; no rule can ask for it.

    `lacking` names what is not known yet, as `insight.summary` or as a whole record (`findings`, `theme`): labels
    come before the reading, and the reading before its theme. A rule that needs it is judged later.
    """

    insight: InsightFacts
    findings: tuple[FindingFacts, ...]
    customer: CustomerFacts
    conversation: ConversationFacts
    theme: ThemeFacts
    at: datetime | None = None
    lacking: tuple[str, ...] = ()
