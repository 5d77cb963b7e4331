"""Impact by formula: how bad it is for those who speak, brought onto the guide's five steps."""

from collections.abc import Mapping
from fractions import Fraction

from earshot.domain.backlog import Evidence
from earshot.domain.reading import ChurnRisk, Priority
from earshot.domain.rice import IMPACTS, Estimate, Factor, Source
from earshot.text.wording import listed, number

IMPACT_WORDS: Mapping[float, str] = {0.25: "minimal", 0.5: "low", 1.0: "medium", 2.0: "high", 3.0: "massive"}
"""The guide's word for each step."""
PRIORITY_IMPACT: Mapping[Priority, Fraction] = {
    Priority.CRITICAL: Fraction(3),
    Priority.HIGH: Fraction(2),
    Priority.MEDIUM: Fraction(1),
    Priority.LOW: Fraction(1, 2),
}
"""What a conversation of that priority stands for on the impact scale."""
IMAGINED = 2
"""So many medium conversations are added, so that one loud voice does not decide."""
_UNHAPPY, _CONTENT = -0.5, 0.2
_MOOD = Fraction(1, 4)


def impact(evidence: Evidence) -> Estimate:
    """The mean over conversations, raised by churn risk and bad mood, on the nearest step (the lower at a tie)."""
    mean, told = _mean(evidence.priorities)
    churn, churn_told = _churn(evidence.churn_risks)
    mood, mood_told = _mood(evidence.avg_sentiment)
    total = mean + churn + mood
    value = nearest(total)
    reason = "".join((told, churn_told, mood_told))
    if churn or mood:
        reason += f", together {number(total)}"
    return Estimate(factor=Factor.IMPACT, value=value, source=Source.FORMULA, reason=f"{reason}; nearest step.")


def nearest(value: Fraction) -> float:
    """The step of the impact scale nearest to a value, the lower of two."""
    return min(IMPACTS, key=lambda step: (abs(Fraction(step) - value), step))


def _mean(priorities: Mapping[str, int]) -> tuple[Fraction, str]:
    counts = {p: max(0, priorities.get(p, 0)) for p in PRIORITY_IMPACT}
    known = sum(counts.values())
    if known == 0:
        return Fraction(1), "no priority is known, taken as medium = 1"
    points = sum((count * PRIORITY_IMPACT[p] for p, count in counts.items()), Fraction(IMAGINED))
    mean = points / (known + IMAGINED)
    said = listed([f"{count} {p.lower()} × {number(PRIORITY_IMPACT[p])}" for p, count in counts.items() if count])
    return mean, f"{said}, and {IMAGINED} imagined medium ones × 1: mean {number(mean)}"


def _churn(risks: Mapping[str, int]) -> tuple[Fraction, str]:
    """Up to a whole step up where all may leave, half of it for medium risk."""
    known = sum(max(0, risks.get(risk, 0)) for risk in ChurnRisk)
    if known == 0:
        return Fraction(0), ""
    high, medium = (max(0, risks.get(risk, 0)) for risk in (ChurnRisk.HIGH, ChurnRisk.MEDIUM))
    added = (high + Fraction(medium, 2)) / (known + IMAGINED)
    told = f", churn risk high in {high} and medium in {medium} of {known}: +{number(added)}" if added else ""
    return added, told


def _mood(score: float | None) -> tuple[Fraction, str]:
    if score is None or _UNHAPPY < score < _CONTENT:
        return Fraction(0), ""
    if score <= _UNHAPPY:
        return _MOOD, f", sentiment {number(score)}: +{number(_MOOD)}"
    if score >= _CONTENT:
        return -_MOOD, f", sentiment {number(score)}: −{number(_MOOD)}"
    return Fraction(0), ""
