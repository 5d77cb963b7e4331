"""What an action's words say of a conversation of whose present text only labels are known yet."""

from earshot.domain.conversation import Conversation
from earshot.domain.insight import FirstLabels, Insight, Stage
from earshot.domain.reading import (
    SENTIMENT_BANDS,
    SUMMARY_LIMIT,
    ChurnRisk,
    Finding,
    Priority,
    Reading,
    RecommendedAction,
    Sentiment,
    score_in_band,
)
from earshot.text.clean import one_line

_NO_WORDS = "(being read)"


def first_insight(labels: FirstLabels, conversation: Conversation, *, before: Insight | None) -> Insight:
    """Labels as an insight of stage `labels`, for words only: the summary is the customer's own beginning.

    `before` is what was read of an earlier text; it tells what labels do not. What nobody told is its middle value.
    """
    told, old = labels.labels, before.reading if before else None
    sentiment = told.sentiment or (old.sentiment if old else Sentiment.NEUTRAL)
    summary = _summary(conversation)
    feature = old.affected_feature if old else None
    return Insight(
        conversation_id=labels.conversation_id,
        stage=Stage.LABELS,
        reading=Reading(
            issue_type=told.issue_type,
            priority=told.priority or (old.priority if old else Priority.MEDIUM),
            sentiment=sentiment,
            sentiment_score=score_in_band(sentiment, sum(SENTIMENT_BANDS[sentiment]) / 2),
            churn_risk=told.churn_risk or (old.churn_risk if old else ChurnRisk.LOW),
            confidence=told.confidence or 0.0,
            summary=summary,
            affected_feature=feature,
            recommended_action=old.recommended_action if old else RecommendedAction.ROUTINE,
            findings=(Finding(issue_type=told.issue_type, summary=summary, affected_feature=feature),),
        ),
        provenance=labels.provenance,
        customer_segment=labels.customer_segment,
        content_hash=labels.content_hash,
        classified_at=labels.classified_at,
        conversation_at=labels.conversation_at,
        times_known=labels.times_known,
    )


def _summary(conversation: Conversation) -> str:
    """The title, or the latest words of a customer."""
    said = [message.text for message in conversation.customer_messages if message.text.strip()]
    text = conversation.title or (said[-1] if said else "")
    return one_line(text, limit=SUMMARY_LIMIT) or _NO_WORDS
