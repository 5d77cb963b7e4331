"""Confidence from the evidence: how much of it there is, how surely it was read, how far it agrees."""

from collections.abc import Mapping
from itertools import pairwise

from earshot.domain.backlog import Evidence
from earshot.domain.reading import Priority
from earshot.domain.rice import Estimate, Factor, Source
from earshot.prioritise.settings import PrioritiseSettings
from earshot.text.wording import counted, listed, number

CONFIDENCE_WORDS: Mapping[float, str] = {0.5: "limited data", 0.8: "good data", 1.0: "strong data"}
"""The guide's word for each step."""
SURE, SOMEWHAT_SURE = 0.7, 0.5
"""Mean confidence of the readings that strong and good data need."""
AGREEING = 0.8
"""Share of the conversations in two neighbouring priorities that strong data needs."""


def confidence(evidence: Evidence, settings: PrioritiseSettings) -> Estimate:
    """1 where everything speaks for it, 0.8 where enough customers said it, otherwise 0.5; with what is missing."""
    for_good, for_strong = _missing_for_good(evidence, settings), _missing_for_strong(evidence, settings)
    value = 0.5 if for_good else 0.8 if for_strong else 1.0
    told = f"{counted(evidence.conversations, 'conversation')} of {counted(evidence.customers, 'customer')}"
    if evidence.confidence is not None:
        told += f", read with confidence {number(evidence.confidence)}"
    missing = for_good or for_strong
    wanted = "0.8 needs" if for_good else "1 needs"
    reason = f"{told}; {wanted} {listed(missing)}." if missing else f"{told}, in agreement, with their own words."
    return Estimate(factor=Factor.CONFIDENCE, value=value, source=Source.FORMULA, reason=reason)


def agreement(priorities: Mapping[str, int]) -> float:
    """The largest share of the conversations that lies in two neighbouring priorities, 0 where none is known."""
    counts = [max(0, priorities.get(priority, 0)) for priority in Priority]
    return max(a + b for a, b in pairwise(counts)) / sum(counts) if sum(counts) else 0.0


def _missing_for_good(evidence: Evidence, settings: PrioritiseSettings) -> list[str]:
    missing = _too_few(evidence, settings.good_conversations, customers=settings.good_customers)
    if evidence.confidence is not None and not evidence.confidence >= SOMEWHAT_SURE:
        missing.append(f"a reading confidence of {SOMEWHAT_SURE}")
    return missing


def _missing_for_strong(evidence: Evidence, settings: PrioritiseSettings) -> list[str]:
    missing = _too_few(evidence, settings.strong_conversations, customers=settings.strong_customers)
    if evidence.confidence is None or not evidence.confidence >= SURE:
        missing.append(f"a reading confidence of {SURE}")
    if agreement(evidence.priorities) < AGREEING:
        missing.append(f"{AGREEING:.0%} of two neighbouring priorities (now {agreement(evidence.priorities):.0%})")
    if not evidence.quotes:
        missing.append("a clear quote")
    return missing


def _too_few(evidence: Evidence, conversations: int, *, customers: int) -> list[str]:
    missing: list[str] = []
    if evidence.conversations < conversations:
        missing.append(counted(conversations, "conversation"))
    if evidence.customers < customers:
        missing.append(counted(customers, "customer"))
    return missing
