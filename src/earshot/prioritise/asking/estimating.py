"""RICE by a language model (the guide's template 4): impact and effort only; the rest is reckoned from data."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from earshot.domain.conversation import Conversation
from earshot.domain.rice import Estimate, Factor, Source
from earshot.ports.model import Answer, Form, Request
from earshot.prioritise.asking.evidence import Subject, lines
from earshot.text.asking.forms import TEXT, WHOLE, FilledForm, Unfilled, closed, filled, one_of
from earshot.text.asking.task import Judged, judged, make_task
from earshot.text.asking.told import data, words
from earshot.text.tokens import estimate_tokens

REASON_LIMIT = 300
"""Longest reason that is kept, in characters."""
MOST_WEEKS = 52
"""A larger effort is no estimate of one item."""

_PACKAGE = "earshot.prioritise.asking"
_MOST_TOKENS = 400


class Impact(StrEnum):
    """The guide's scale in words, because models use words more evenly than numbers."""

    MINIMAL = "MINIMAL"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    MASSIVE = "MASSIVE"


VALUES = {Impact.MINIMAL: 0.25, Impact.LOW: 0.5, Impact.MEDIUM: 1.0, Impact.HIGH: 2.0, Impact.MASSIVE: 3.0}
"""What each word counts as."""


class _EstimateForm(FilledForm):
    impact_reason: str
    impact: Impact
    effort_reason: str
    effort_weeks: int


@dataclass(frozen=True, slots=True)
class EstimateQuestion:
    """One theme as it is estimated. `tokens` estimates the input."""

    request: Request
    tokens: int

    def understand(self, answer: Answer) -> Judged[tuple[Estimate, ...]]:
        """Impact and effort, in that order."""
        return judged(answer, _decode)


class Estimator:
    """Writes requests for estimates. `product` says in a sentence what is sold; `masking` hides personal data."""

    def __init__(self, *, product: str = "", masking: bool = True) -> None:
        self._masking = masking
        schema = closed(impact_reason=TEXT, impact=one_of(Impact), effort_reason=TEXT, effort_weeks=WHOLE)
        self.task = make_task(
            _PACKAGE,
            "estimate",
            form=Form(name="estimate", json_schema=schema),
            max_tokens=_MOST_TOKENS,
            product=product,
        )

    def question(self, subject: Subject, *, people: Sequence[Conversation] = ()) -> EstimateQuestion:
        """The request about one theme."""
        content = data(lines(subject), people=people, masking=self._masking)
        return EstimateQuestion(self.task.request(content), self.task.tokens + estimate_tokens(content))


def _decode(text: str) -> tuple[Estimate, ...]:
    form = filled(text, _EstimateForm)
    if not 1 <= form.effort_weeks <= MOST_WEEKS:
        raise Unfilled("effort_weeks: out of range")
    return (
        _estimate(Factor.IMPACT, VALUES[form.impact], reason=form.impact_reason),
        _estimate(Factor.EFFORT, float(form.effort_weeks), reason=form.effort_reason),
    )


def _estimate(factor: Factor, value: float, *, reason: str) -> Estimate:
    return Estimate(factor=factor, value=value, source=Source.MODEL, reason=words(reason, limit=REASON_LIMIT))
