"""The same figures for parts of the labelled set: where does a classifier do badly?

Language is not among the segments: nothing in Earshot tells the language of a conversation reliably.
"""

from collections import defaultdict
from collections.abc import Sequence

from earshot.audit.agreement import FieldScore, Judged, field_score, given_fields
from earshot.domain.conversation import Conversation
from earshot.domain.model import Noun

SEGMENTS = ("customer", "length", "source", "confidence", "issue_type")
"""Ways to part the labelled set. issue_type is what the (first) annotation says."""
UNKNOWN = "unknown"
FEW = 30
"""Below this many conversations a part's figures are marked as resting on few."""
_SHORT, _LONG = 3, 10
_SURE, _UNSURE = 0.8, 0.5


class Part(Noun):
    """One part of the labelled set and how well the classifier does there."""

    segment: str
    value: str
    n: int
    few: bool
    fields: tuple[FieldScore, ...]


def facts(conversation: Conversation | None, *, source: str | None) -> dict[str, str]:
    """What segments need to know of a conversation."""
    if conversation is None:
        return {"source": source or UNKNOWN}
    customer = conversation.customer
    return {
        "customer": str(customer.segment) if customer and customer.segment else UNKNOWN,
        "length": length(len(conversation.messages)),
        "source": source or conversation.source,
    }


def length(messages: int) -> str:
    """How long a conversation is, in words."""
    if messages <= _SHORT:
        return f"short (up to {_SHORT} messages)"
    return f"middling (up to {_LONG})" if messages <= _LONG else f"long (over {_LONG})"


def split(rows: Sequence[Judged], segment: str) -> list[Part]:
    """The figures of each part, the largest part first."""
    parts: defaultdict[str, list[Judged]] = defaultdict(list)
    for row in rows:
        parts[_value(row, segment)].append(row)
    ordered = sorted(parts.items(), key=lambda part: (-len(part[1]), part[0]))
    return [
        Part(
            segment=segment,
            value=value,
            n=len(inside),
            few=len(inside) < FEW,
            fields=tuple(field_score(inside, field) for field in given_fields(inside)),
        )
        for value, inside in ordered
    ]


def _value(row: Judged, segment: str) -> str:
    if segment == "issue_type":
        return row.truths[0].value("issue_type") or UNKNOWN
    if segment == "confidence":
        return _band(row.confidence)
    return row.facts.get(segment, UNKNOWN)


def _band(confidence: float | None) -> str:
    if confidence is None:
        return UNKNOWN
    if confidence >= _SURE:
        return f"sure ({_SURE} and more)"
    return f"fair ({_UNSURE} to {_SURE})" if confidence >= _UNSURE else f"unsure (below {_UNSURE})"
