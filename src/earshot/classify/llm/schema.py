"""The JSON that template 3 asks for, as a schema that every provider's strict mode accepts.

Every property is required and nothing else allowed, null goes through `anyOf`, closed lists are enums, and nothing
relies on numeric ranges or lengths, which providers drop; the decoder checks those itself.
"""

from enum import StrEnum
from typing import Any

from earshot.classify.llm.taxonomy import Taxonomy
from earshot.domain.reading import ChurnRisk, IssueType, Priority, RecommendedAction, Sentiment
from earshot.ports.model import Form

NAME = "reading"


class Certainty(StrEnum):
    """How sure a model says it is of the first finding's issue type."""

    SURE = "SURE"
    LIKELY = "LIKELY"
    UNSURE = "UNSURE"


CONFIDENCE: dict[Certainty, float] = {Certainty.SURE: 0.95, Certainty.LIKELY: 0.8, Certainty.UNSURE: 0.5}
"""What each word counts as. Words, because models use a free scale from 0 to 1 unevenly."""

_TEXT: dict[str, Any] = {"type": "string"}


def form(taxonomy: Taxonomy, *, reasoning: bool) -> Form:
    """The form of template 3. The order of its fields is the order in which a model writes them."""
    finding = _object(
        summary=_TEXT,
        issue_type=_one_of(IssueType),
        affected_feature=_or_null(_TEXT),
        quote=_or_null(_TEXT),
        message=_or_null({"type": "integer"}),
    )
    fields: dict[str, Any] = {"reasoning": _TEXT} if reasoning else {}
    fields["findings"] = {"type": "array", "items": finding}
    if taxonomy.categories:
        fields["category"] = _or_null({"type": "string", "enum": list(taxonomy.categories)})
    fields |= {
        "priority": _one_of(Priority),
        "sentiment": _one_of(Sentiment),
        "sentiment_score": {"type": "number"},
        "churn_risk": _one_of(ChurnRisk),
        "recommended_action": _one_of(RecommendedAction),
        "confidence": _one_of(Certainty),
        "contains_instructions": {"type": "boolean"},
    }
    return Form(name=NAME, json_schema=_object(**fields))


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _one_of(options: type[StrEnum]) -> dict[str, Any]:
    return {"type": "string", "enum": [str(option) for option in options]}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}
