"""Insights and findings as rows and back. Rows that other programs wrote are brought into the nouns' bounds."""

import json
from collections.abc import Mapping
from typing import Any

from earshot.domain.insight import Insight
from earshot.domain.reading import SUMMARY_LIMIT, Finding, Reading, score_in_band
from earshot.domain.reading import Sentiment as Feeling
from earshot.store.cleaning import clean, clean_or_none
from earshot.store.provenance_rows import ORIGIN, origin_from, origin_values
from earshot.store.sql import Stage

READ = Stage(
    "read_insight",
    {
        "conversation_id": "varchar(255)",
        "issue_type": "text",
        "priority": "text",
        "sentiment": "text",
        "sentiment_score": "float8",
        "churn_risk": "text",
        "summary": "text",
        "affected_feature": "text",
        "customer_segment": "text",
        "confidence": "float8",
        "created_at": "timestamptz",
        "stage": "text",
        "recommended_action": "text",
        "category": "text",
        "content_hash": "text",
        "conversation_at": "timestamptz",
        "times_known": "boolean",
        "injection": "boolean",
        "dropped_quotes": "integer",
    }
    | ORIGIN,
)

FOUND = Stage(
    "read_finding",
    {
        "conversation_id": "varchar(255)",
        "position": "integer",
        "issue_type": "text",
        "summary": "text",
        "affected_feature": "text",
        "quote": "text",
        "message_id": "text",
        "start_at": "integer",
        "end_at": "integer",
    },
)


def insight_row(insight: Insight) -> tuple[Any, ...]:
    """The values of `READ`, in order."""
    reading = insight.reading
    return (
        insight.conversation_id,
        reading.issue_type.value,
        reading.priority.value,
        reading.sentiment.value,
        reading.sentiment_score,
        reading.churn_risk.value,
        clean(reading.summary),
        clean_or_none(reading.affected_feature),
        insight.customer_segment.value if insight.customer_segment else None,
        reading.confidence,
        insight.classified_at,
        insight.stage.value,
        reading.recommended_action.value,
        clean_or_none(reading.category),
        insight.content_hash,
        insight.conversation_at,
        insight.times_known,
        insight.injection,
        insight.dropped_quotes,
        *origin_values(insight.provenance),
    )


def finding_rows(insight: Insight) -> list[tuple[Any, ...]]:
    """The values of `FOUND`, in order, one row a finding."""
    return [
        (
            insight.conversation_id,
            position,
            finding.issue_type.value,
            clean(finding.summary),
            clean_or_none(finding.affected_feature),
            clean_or_none(finding.quote),
            clean_or_none(finding.message_id),
            finding.start,
            finding.end,
        )
        for position, finding in enumerate(insight.reading.findings)
    ]


def insight_from(row: Mapping[str, Any] | Any) -> Insight:
    """The insight of a row of conversation_insights with its findings as a JSON list."""
    return Insight(
        conversation_id=row["conversation_id"],
        stage=row["stage"],
        reading=_reading(row),
        provenance=origin_from(row),
        customer_segment=row["customer_segment"],
        content_hash=row["content_hash"] or "",
        classified_at=row["created_at"],
        conversation_at=row["conversation_at"],
        times_known=row["times_known"],
        injection=row["injection"],
        dropped_quotes=row["dropped_quotes"],
        corrected=tuple(row["corrected"] or ()),
    )


def _reading(row: Mapping[str, Any] | Any) -> Reading:
    sentiment = Feeling(row["sentiment"])
    return Reading(
        issue_type=row["issue_type"],
        priority=row["priority"],
        sentiment=sentiment,
        sentiment_score=score_in_band(sentiment, row["sentiment_score"]),
        churn_risk=row["churn_risk"],
        confidence=row["confidence"] or 0.0,
        summary=_bounded(row["summary"]),
        affected_feature=row["affected_feature"],
        category=row["category"],
        recommended_action=row["recommended_action"],
        findings=_findings(row),
    )


def _findings(row: Mapping[str, Any] | Any) -> tuple[Finding, ...]:
    stored: list[dict[str, Any]] = json.loads(row["findings"] or "[]")
    if not stored:
        summary = _bounded(row["summary"])
        return (Finding(issue_type=row["issue_type"], summary=summary, affected_feature=row["affected_feature"]),)
    stored[0]["issue_type"] = row["issue_type"]
    return tuple(Finding.model_validate(one) for one in stored)


def _bounded(summary: str) -> str:
    return summary[:SUMMARY_LIMIT].strip() or "(no summary)"
