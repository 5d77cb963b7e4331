"""The JSON that template 3 asks for, as a schema that every provider's strict mode accepts.

Every property is required and nothing else allowed, null goes through `anyOf`, closed lists are enums, and nothing
relies on numeric ranges or lengths, which providers drop; the decoder checks those itself.
"""

from enum import StrEnum
from typing import Any

from earshot.classify.llm.taxonomy import Taxonomy
from earshot.domain.reading import ChurnRisk, IssueType, Priority, RecommendedAction, Sentiment
from earshot.ports.model import Form
from earshot.text.asking.forms import FLAG, TEXT, WHOLE, closed, one_of, rows

NAME = "reading"


class Certainty(StrEnum):
    """How sure a model says it is of the first finding's issue type."""

    SURE = "SURE"
    LIKELY = "LIKELY"
    UNSURE = "UNSURE"


CONFIDENCE: dict[Certainty, float] = {Certainty.SURE: 0.95, Certainty.LIKELY: 0.8, Certainty.UNSURE: 0.5}
"""What each word counts as. Words, because models use a free scale from 0 to 1 unevenly."""


def form(taxonomy: Taxonomy, *, reasoning: bool) -> Form:
    """The form of template 3. The order of its fields is the order in which a model writes them."""
    finding = closed(
        summary=TEXT,
        issue_type=one_of(IssueType),
        affected_feature=_or_null(TEXT),
        quote=_or_null(TEXT),
        message=_or_null(WHOLE),
    )
    fields: dict[str, Any] = {"reasoning": TEXT} if reasoning else {}
    fields["findings"] = rows(finding)
    if taxonomy.categories:
        fields["category"] = _or_null(one_of(taxonomy.categories))
    fields |= {
        "priority": one_of(Priority),
        "sentiment": one_of(Sentiment),
        "sentiment_score": {"type": "number"},
        "churn_risk": one_of(ChurnRisk),
        "recommended_action": one_of(RecommendedAction),
        "confidence": one_of(Certainty),
        "contains_instructions": FLAG,
    }
    return Form(name=NAME, json_schema=closed(**fields))


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}
