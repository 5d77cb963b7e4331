"""RICE: reach × impact × confidence / effort, reckoned by code and told so that a person can check it by hand."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from earshot.domain.backlog import Evidence, ItemType
from earshot.domain.rice import Estimate, Factor, Rice, RiceScore, Source
from earshot.prioritise.confidence import CONFIDENCE_WORDS, confidence
from earshot.prioritise.effort import effort, size
from earshot.prioritise.estimates import admitted, chosen
from earshot.prioritise.impact import IMPACT_WORDS, impact
from earshot.prioritise.reach import Reach, reach
from earshot.prioritise.settings import PrioritiseSettings
from earshot.text.escape import clip
from earshot.text.wording import number, weeks

REASONING_LIMIT = 500
WITHOUT_WEIGHT = "Without the enterprise weight"
"""How the line begins that tells the score without it."""
_REASON_IN_SHORT = 150
_SAID_BY = {Source.PERSON: "set by a person", Source.MODEL: "estimated by the model"}


def rice(
    evidence: Evidence,
    settings: PrioritiseSettings,
    *,
    item_type: ItemType,
    area: str | None = None,
    now: datetime,
    estimates: Sequence[Estimate] = (),
) -> Rice:
    """The score of a matter from its evidence; `estimates` are a model's and people's values and go first.

    `evidence` is counted over the window, its `segments` in accounts, with the quotes already chosen. Of one
    factor and source the last estimate counts. In the result the four that count come first, then those overruled.
    """
    reached = reach(evidence, settings, now=now)
    formulas = (
        Estimate(factor=Factor.REACH, value=reached.weighed, source=Source.DATA, reason=reached.told),
        impact(evidence),
        confidence(evidence, settings),
        effort(item_type, area, settings=settings),
    )
    others, notes = _admitted(estimates)
    winners, overruled = zip(*(chosen(formula, others) for formula in formulas), strict=True)
    score = _scored(winners)
    lines = [_line(winner, beside) for winner, beside in zip(winners, overruled, strict=True)]
    lines += [*notes, _sum(score), *_without_weight(score, winners[0], reach=reached)]
    return Rice(score=score, estimates=(*winners, *(e for some in overruled for e in some)), lines=tuple(lines))


def score_of(reach: float, impact: float, *, confidence: float, effort_weeks: float) -> float:
    """(reach × impact × confidence) / effort, reckoned exactly, rounded half-even to two decimals."""
    exact = Fraction(str(reach)) * Fraction(str(impact)) * Fraction(str(confidence)) / Fraction(str(effort_weeks))
    return float(round(exact, 2))


def _admitted(estimates: Sequence[Estimate]) -> tuple[list[Estimate], list[str]]:
    looked_at = [admitted(e) for e in estimates if e.source in _SAID_BY]
    return [e for e, _ in looked_at if e is not None], list(dict.fromkeys(line for _, line in looked_at if line))


def _scored(winners: Sequence[Estimate]) -> RiceScore:
    reach, impact, confidence, weeks_ = (e.value for e in winners)
    short = " ".join(f"{_named(e)}{_by(e)}: {clip(e.reason, _REASON_IN_SHORT)}" for e in winners)
    return RiceScore(
        reach=round(reach),
        impact=impact,
        confidence=confidence,
        effort_weeks=weeks_,
        rice_score=score_of(reach, impact, confidence=confidence, effort_weeks=weeks_),
        reasoning=clip(short, REASONING_LIMIT),
    )


def _named(estimate: Estimate) -> str:
    value = estimate.value
    match estimate.factor:
        case Factor.REACH:
            return f"Reach {number(value)}"
        case Factor.IMPACT:
            return f"Impact {number(value)} ({IMPACT_WORDS[value]})"
        case Factor.CONFIDENCE:
            return f"Confidence {number(value)} ({CONFIDENCE_WORDS[value]})"
        case Factor.EFFORT:
            return f"Effort {weeks(value)} ({size(value)})"


def _by(estimate: Estimate) -> str:
    said = _SAID_BY.get(estimate.source)
    return f", {said}" if said else ""


def _line(winner: Estimate, overruled: Sequence[Estimate]) -> str:
    line = f"{_named(winner)}{_by(winner)}: {winner.reason or 'no reason given'}"
    for other in overruled:
        who = {Source.MODEL: "The model said", Source.FORMULA: "The formula gives", Source.DATA: "Counted:"}
        line += (
            f"{'' if line.endswith(('.', '…')) else '.'} {who[other.source]} {number(other.value)}: {other.reason}"
        )
    return line


def _sum(score: RiceScore) -> str:
    factors = " × ".join(number(value) for value in (score.reach, score.impact, score.confidence))
    return f"Score {score.rice_score:,.2f} = {factors} / {number(score.effort_weeks)}."


def _without_weight(score: RiceScore, reached: Estimate, *, reach: Reach) -> list[str]:
    if reached.source is not Source.DATA or reach.plain == reach.weighed:
        return []
    plain = score_of(reach.plain, score.impact, confidence=score.confidence, effort_weeks=score.effort_weeks)
    return [f"{WITHOUT_WEIGHT}: reach {number(reach.plain)}, score {plain:,.2f}."]
