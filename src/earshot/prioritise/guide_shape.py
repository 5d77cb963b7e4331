"""Items in the guide's shapes: its BacklogItem as exported, and its Jira example."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from earshot.domain.backlog import BacklogItem, Evidence, Urgency
from earshot.domain.backlog_rows import BacklogRow, ClassificationRow, JiraFields, JiraRow, ProductInsightRow
from earshot.domain.customer import Segment
from earshot.domain.reading import SENTIMENT_BANDS, SUMMARY_LIMIT, ChurnRisk, IssueType, Priority, Sentiment
from earshot.prioritise.markdown import render_markdown
from earshot.text.escape import clip

JIRA_PRIORITIES: Mapping[Urgency, str] = {
    Urgency.P0: "Highest",
    Urgency.P1: "High",
    Urgency.P2: "Medium",
    Urgency.P3: "Low",
}
"""What Jira calls them."""

_Word = TypeVar("_Word", bound=StrEnum)


def backlog_row(item: BacklogItem, issue_type: IssueType, *, area: str | None) -> BacklogRow:
    """The item as `earshot export backlog` writes it; kind and area are its theme's."""
    text = item.text
    return BacklogRow(
        title=text.title,
        description=text.description,
        issue_type=text.issue_type,
        priority=text.priority,
        labels=list(text.labels),
        components=list(text.components),
        rice_score=item.rice.score if item.rice else None,
        customer_evidence=_insight(item, issue_type, area=area),
        acceptance_criteria=list(text.acceptance_criteria),
        estimated_story_points=text.story_points,
        id=item.id,
        theme_id=item.theme_id,
        status=item.status,
        drafted_by=item.drafted_by,
        edited=list(item.edited),
        rice_lines=list(item.rice.lines) if item.rice else [],
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def jira_row(item: BacklogItem, project: str, *, currency: str = "USD") -> JiraRow:
    """The item as the guide's Jira example."""
    return JiraRow(
        project=project,
        issuetype=item.text.issue_type,
        summary=item.text.title,
        description=render_markdown(item, currency=currency),
        priority=JIRA_PRIORITIES[item.text.priority],
        labels=list(item.text.labels),
        components=list(item.text.components),
        customfields=JiraFields(
            rice_score=item.rice.score.rice_score if item.rice else None,
            customer_evidence_count=item.evidence.conversations,
            first_reported=item.evidence.first_seen.date(),
            estimated_mrr_impact=item.evidence.mrr,
        ),
    )


def _insight(item: BacklogItem, issue_type: IssueType, *, area: str | None) -> ProductInsightRow:
    evidence = item.evidence
    newest = _newest(evidence)
    return ProductInsightRow(
        conversation_id=newest,
        classification=_classification(item, issue_type, conversation_id=newest),
        affected_feature=area,
        customer_segment=_commonest(evidence.segments, Segment),
        customer_plan=None,
        customer_mrr=evidence.mrr,
        frequency=evidence.conversations,
        customers=evidence.customers,
        first_seen=evidence.first_seen,
        last_seen=evidence.last_seen,
        evidence_urls=[link.url for link in evidence.links if link.url],
        representative_quotes=[quote.text for quote in evidence.quotes],
    )


def _classification(item: BacklogItem, issue_type: IssueType, *, conversation_id: str) -> ClassificationRow:
    evidence = item.evidence
    score = None if evidence.avg_sentiment is None else round(evidence.avg_sentiment, 2)
    return ClassificationRow(
        conversation_id=conversation_id,
        issue_type=issue_type,
        priority=_commonest(evidence.priorities, Priority),
        sentiment=None if score is None else _sentiment(score),
        sentiment_score=score,
        churn_risk=_commonest(evidence.churn_risks, reversed(ChurnRisk)),
        summary=clip(item.text.title, SUMMARY_LIMIT),
        confidence=None if evidence.confidence is None else round(evidence.confidence, 4),
    )


def _newest(evidence: Evidence) -> str:
    spoken = [*evidence.links, *evidence.quotes]
    return spoken[0].conversation_id if spoken else ""


def _commonest(counts: Mapping[str, int], words: Iterable[_Word]) -> _Word | None:
    """The word with the highest count; the first of equals, which is the graver. None where nothing is known."""
    known = [word for word in words if counts.get(word, 0) > 0]
    return max(known, key=lambda word: counts[word]) if known else None


def _sentiment(score: float) -> Sentiment:
    return next(s for s, (low, high) in SENTIMENT_BANDS.items() if low <= score <= high)
