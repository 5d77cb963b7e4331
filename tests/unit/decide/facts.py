"""Facts to judge, with a calm default."""

from earshot.domain.facts import ConversationFacts, CustomerFacts, Facts, FindingFacts, InsightFacts, ThemeFacts

CALM = InsightFacts(
    conversation_id="c1",
    stage="full",
    issue_type="USAGE_QUESTION",
    priority="LOW",
    sentiment="NEUTRAL",
    sentiment_score=0.0,
    churn_risk="LOW",
    confidence=0.9,
    summary="Where the export lives",
    affected_feature="export",
    customer_segment="smb",
    recommended_action="ROUTINE",
)


def facts(
    *,
    frequency: int = 1,
    theme: str = "t1",
    account: str = "acme",
    tags: tuple[str, ...] = (),
    mrr: float = -1.0,
    **insight: str | float | bool,
) -> Facts:
    told = CALM.model_copy(update=insight)
    return Facts(
        insight=told,
        findings=(FindingFacts(issue_type=told.issue_type, summary=told.summary, affected_feature="export"),),
        customer=CustomerFacts(id="p1", account=account, mrr=mrr),
        conversation=ConversationFacts(id="c1", source="intercom", state="open", tags=tags),
        theme=ThemeFacts(id=theme, title="A title", frequency=frequency),
    )
