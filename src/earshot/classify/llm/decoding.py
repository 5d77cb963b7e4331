"""From a model's answer to a reading. The answer is untrusted: enums, bounded text, quotes that are checked.

Reasons name fields and faults, never words of the answer: those may be a customer's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from earshot.classify.llm.lines import category_line, six_lines
from earshot.classify.llm.quotes import Place, find
from earshot.classify.llm.schema import CONFIDENCE, Certainty
from earshot.classify.llm.taxonomy import Taxonomy
from earshot.classify.llm.undecodable import Undecodable
from earshot.classify.local.reader import recommended
from earshot.domain.conversation import Conversation
from earshot.domain.reading import (
    SENTIMENT_BANDS,
    SUMMARY_LIMIT,
    ChurnRisk,
    Finding,
    IssueType,
    PartialLabels,
    Priority,
    Reading,
    RecommendedAction,
    Sentiment,
    score_in_band,
)  # fmt: skip
from earshot.ports.model import Answer
from earshot.text.asking.forms import LONGEST_ANSWER, FilledForm, Unfilled, filled
from earshot.text.personal import Masked
from earshot.text.untrusted import inert

MOST_FINDINGS = 3
LINES_CONFIDENCE = 0.7
"""Template 2 asks for no confidence; this is what its readings count as."""

_LONGEST_FEATURE = 60
_NOTHING = {"", "null", "none", "n/a", "na", "unknown", "-"}
_FLAG = "contains_instructions"
_YES = "YES"


@dataclass(frozen=True, slots=True)
class Source:
    """What an answer is checked against."""

    conversation: Conversation
    masked: Masked
    taxonomy: Taxonomy


@dataclass(frozen=True, slots=True)
class Decoded:
    """What an answer says: a reading or labels, the model's own flag, and how many quotes were not true."""

    reading: Reading | None = None
    labels: PartialLabels | None = None
    flagged: bool = False
    dropped_quotes: int = 0


Decoder = Callable[[Answer, Source], Decoded]
"""Reads one kind of answer; raises Undecodable."""


class _FindingForm(FilledForm):
    """A finding as template 3 gives it."""

    summary: str
    issue_type: IssueType
    affected_feature: str | None
    quote: str | None
    message: int | None


class _ReadingForm(FilledForm):
    """The form of template 3 as it is filled in."""

    findings: list[_FindingForm]
    category: str | None = None
    priority: Priority
    sentiment: Sentiment
    sentiment_score: float
    churn_risk: ChurnRisk
    recommended_action: RecommendedAction
    confidence: Certainty
    contains_instructions: bool


def from_form(answer: Answer, source: Source) -> Decoded:
    """Template 3: JSON by the form."""
    form = _parsed(answer.text)
    issue_type, category = _matter(form, source.taxonomy)
    findings, dropped = _findings(form, source, issue_type=issue_type)
    reading = Reading(
        issue_type=issue_type,
        priority=form.priority,
        sentiment=form.sentiment,
        sentiment_score=score_in_band(form.sentiment, form.sentiment_score),
        churn_risk=form.churn_risk,
        confidence=CONFIDENCE[form.confidence],
        summary=findings[0].summary,
        affected_feature=findings[0].affected_feature,
        category=category,
        recommended_action=form.recommended_action,
        findings=findings,
    )
    return Decoded(reading=reading, flagged=form.contains_instructions, dropped_quotes=dropped)


def from_lines(answer: Answer, source: Source) -> Decoded:
    """Template 2: the six lines. They hold no quote and no action; the action follows from the labels."""
    given = six_lines(answer.text[:LONGEST_ANSWER], issue_types=source.taxonomy.options)
    issue_type = source.taxonomy.issue_type(given.issue_type) or IssueType.OTHER
    summary = _text(given.summary, source, limit=SUMMARY_LIMIT)
    if not summary:
        raise Undecodable("SUMMARY: empty")
    feature = _feature(given.affected_feature, source)
    low, high = SENTIMENT_BANDS[given.sentiment]
    reading = Reading(
        issue_type=issue_type,
        priority=given.priority,
        sentiment=given.sentiment,
        sentiment_score=score_in_band(given.sentiment, (low + high) / 2),
        churn_risk=given.churn_risk,
        confidence=LINES_CONFIDENCE,
        summary=summary,
        affected_feature=feature,
        category=source.taxonomy.category(given.issue_type),
        recommended_action=recommended(issue_type, given.priority, churn=given.churn_risk),
        findings=(Finding(issue_type=issue_type, summary=summary, affected_feature=feature),),
    )
    return Decoded(reading=reading)


def from_category(answer: Answer, source: Source) -> Decoded:
    """Template 1: one category."""
    option = category_line(answer.text[:LONGEST_ANSWER], options=source.taxonomy.options)
    issue_type = source.taxonomy.issue_type(option)
    return Decoded(labels=None if issue_type is None else PartialLabels(issue_type=issue_type))


def from_choices(answer: Answer, source: Source) -> Decoded:
    """A decision endpoint: the probability of each option, by question."""
    chances = {name: _chances(name, answer.choices, taxonomy=source.taxonomy) for name in _FIELDS}
    best = {name: max(options, key=lambda o: options[o]) for name, options in chances.items()}
    labels = PartialLabels(
        issue_type=IssueType(best["issue_type"]),
        priority=Priority(best["priority"]),
        sentiment=Sentiment(best["sentiment"]),
        churn_risk=ChurnRisk(best["churn_risk"]),
        confidence=round(min(chances["issue_type"][best["issue_type"]], 1.0), 4),
        probabilities=chances,
    )
    flag = answer.choices.get(_FLAG, {}).get(_YES, 0.0)
    return Decoded(labels=labels, flagged=flag > 0.5)


_FIELDS = {"issue_type": IssueType, "priority": Priority, "sentiment": Sentiment, "churn_risk": ChurnRisk}


def _chances(name: str, choices: dict[str, dict[str, float]], *, taxonomy: Taxonomy) -> dict[str, float]:
    """The chances of one field's options; an extra category adds to the issue type that it counts as."""
    merged: dict[str, float] = {}
    for option, chance in choices.get(name, {}).items():
        known = taxonomy.issue_type(option) if name == "issue_type" else option
        if known is None or known not in _FIELDS[name].__members__:
            raise Undecodable(f"{name}: unknown option")
        if not 0.0 <= chance <= 1.0 + 1e-6:
            raise Undecodable(f"{name}: not a probability")
        merged[str(known)] = merged.get(str(known), 0.0) + chance
    if not merged:
        raise Undecodable(f"{name}: not answered")
    return merged


def _parsed(text: str) -> _ReadingForm:
    try:
        return filled(text, _ReadingForm)
    except Unfilled as error:
        raise Undecodable(str(error)) from None


def _matter(form: _ReadingForm, taxonomy: Taxonomy) -> tuple[IssueType, str | None]:
    """The conversation's issue type and extra category; a category decides what it counts as."""
    if not form.findings:
        raise Undecodable("findings: empty")
    if form.category is None:
        return form.findings[0].issue_type, None
    counted = taxonomy.categories.get(form.category)
    if counted is None:
        raise Undecodable("category: unknown option")
    return counted.counts_as, counted.name


def _findings(form: _ReadingForm, source: Source, *, issue_type: IssueType) -> tuple[tuple[Finding, ...], int]:
    """The findings with quotes that are true, and how many quotes were not."""
    found: list[Finding] = []
    dropped = 0
    for place, given in enumerate(form.findings[:MOST_FINDINGS]):
        summary = _text(given.summary, source, limit=SUMMARY_LIMIT)
        if not summary and place == 0:
            raise Undecodable("findings.0.summary: empty")
        if summary:
            proof = _proof(given, source)
            dropped += bool(given.quote and given.quote.strip()) and proof is None
            kind = issue_type if place == 0 else given.issue_type
            found.append(_finding(kind, summary, feature=_feature(given.affected_feature, source), proof=proof))
    return tuple(found), dropped


def _proof(given: _FindingForm, source: Source) -> Place | None:
    if not given.quote:
        return None
    return find(source.conversation, source.masked.restore(given.quote), number=given.message)


def _finding(kind: IssueType, summary: str, *, feature: str | None, proof: Place | None) -> Finding:
    return Finding(
        issue_type=kind,
        summary=summary,
        affected_feature=feature,
        quote=proof.quote if proof else None,
        message_id=proof.message_id if proof else None,
        start=proof.start if proof else None,
        end=proof.end if proof else None,
    )


def _feature(given: str | None, source: Source) -> str | None:
    """The product area, None where the answer names none."""
    text = _text(given or "", source, limit=_LONGEST_FEATURE)
    if text.casefold() in _NOTHING:
        return None
    return source.taxonomy.area(text)


def _text(given: str, source: Source, *, limit: int) -> str:
    """One line with its personal data back, without invisible characters, cut at a word to the limit."""
    line = " ".join(inert(source.masked.restore(given)).split())
    if len(line) <= limit:
        return line
    cut = line.rfind(" ", limit // 2, limit - 1)
    return line[: cut if cut > 0 else limit - 1].rstrip(" ,;:") + "…"
