"""An item's priority, P0 to P3, by rule from priorities, churn risk and revenue."""

from earshot.domain.backlog import Evidence, ItemType, Urgency
from earshot.domain.reading import ChurnRisk, Priority
from earshot.prioritise.settings import PrioritiseSettings

LEAST_CRITICAL, CRITICAL_SHARE = 2, 1 / 3
"""A bug is P0 from so many critical conversations, when they are this share of all."""
SEVERE_SHARE = 1 / 2
"""P1 where this share is critical or high; P2 where it is at least medium."""
LEAST_LEAVING, LEAVING_SHARE = 2, 1 / 5
"""A step up from so many conversations of high churn risk, when they are this share of all."""
_STEPS = tuple(Urgency)


def urgency(evidence: Evidence, item_type: ItemType, *, settings: PrioritiseSettings) -> Urgency:
    """P0 only for bugs that are critical to several; churn risk or much revenue raise a step, to P1 at most."""
    counts = {p: max(0, evidence.priorities.get(p, 0)) for p in Priority}
    known = sum(counts.values())
    critical, severe = counts[Priority.CRITICAL], counts[Priority.CRITICAL] + counts[Priority.HIGH]
    if item_type is ItemType.BUG and critical >= LEAST_CRITICAL and critical >= CRITICAL_SHARE * known:
        return Urgency.P0
    if known and severe >= SEVERE_SHARE * known:
        return Urgency.P1
    felt = not known or known - counts[Priority.LOW] >= SEVERE_SHARE * known
    base = Urgency.P2 if felt else Urgency.P3
    raised = _leaving(evidence) or _much_revenue(evidence, settings)
    return _STEPS[_STEPS.index(base) - 1] if raised else base


def _leaving(evidence: Evidence) -> bool:
    known = sum(max(0, evidence.churn_risks.get(risk, 0)) for risk in ChurnRisk)
    leaving = evidence.churn_risks.get(ChurnRisk.HIGH, 0)
    return leaving >= LEAST_LEAVING and leaving >= LEAVING_SHARE * known


def _much_revenue(evidence: Evidence, settings: PrioritiseSettings) -> bool:
    return settings.mrr_at_stake is not None and (evidence.mrr or 0.0) >= settings.mrr_at_stake
