"""The rows of `earshot export backlog` under the names of the guide's models, its Jira example. Null: unknown."""

from datetime import date

from pydantic import Field

from earshot.domain.backlog import TITLE_LIMIT, ItemStatus, ItemType, Urgency
from earshot.domain.customer import Segment
from earshot.domain.grouping import Decider
from earshot.domain.model import Noun
from earshot.domain.reading import SUMMARY_LIMIT, ChurnRisk, IssueType, Priority, Sentiment
from earshot.domain.rice import RiceScore
from earshot.domain.rows import Moment


class ClassificationRow(Noun):
    """The guide's ConversationClassification for a whole theme: the commonest of each field, means of numbers."""

    conversation_id: str
    issue_type: IssueType
    priority: Priority | None
    sentiment: Sentiment | None
    sentiment_score: float | None = Field(ge=-1, le=1)
    churn_risk: ChurnRisk | None
    summary: str = Field(max_length=SUMMARY_LIMIT)
    confidence: float | None = Field(ge=0, le=1)


class ProductInsightRow(Noun):
    """The guide's ProductInsight. `conversation_id` is the newest one; `customer_mrr` that of all customers."""

    conversation_id: str
    classification: ClassificationRow
    affected_feature: str | None
    customer_segment: Segment | None
    customer_plan: str | None
    customer_mrr: float | None
    frequency: int = Field(description="Distinct conversations.")
    customers: int = Field(description="Distinct customer accounts.")
    first_seen: Moment
    last_seen: Moment
    evidence_urls: list[str]
    representative_quotes: list[str] = Field(max_length=3)


class BacklogRow(Noun):
    """`earshot export backlog`: the guide's BacklogItem, with Earshot's own fields after it."""

    title: str = Field(max_length=TITLE_LIMIT)
    description: str
    issue_type: ItemType
    priority: Urgency
    labels: list[str]
    components: list[str]
    rice_score: RiceScore | None
    customer_evidence: ProductInsightRow
    acceptance_criteria: list[str]
    estimated_story_points: int | None = Field(ge=1, le=21)
    id: str
    theme_id: str
    status: ItemStatus
    drafted_by: Decider
    edited: list[str]
    rice_lines: list[str]
    created_at: Moment
    updated_at: Moment


class JiraFields(Noun):
    """The custom fields of the guide's Jira example."""

    rice_score: float | None
    customer_evidence_count: int
    first_reported: date
    estimated_mrr_impact: float | None


class JiraRow(Noun):
    """A backlog item as the guide's Jira example has it. `description` is Markdown."""

    project: str
    issuetype: ItemType
    summary: str
    description: str
    priority: str
    labels: list[str]
    components: list[str]
    customfields: JiraFields
