"""Weeks of conversations with a known truth, a model with known error rates, and samples drawn from them."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from earshot.audit.agreement import Judged
from earshot.audit.drawing import allocate
from earshot.audit.labels import Label
from earshot.audit.weighting import Drawn, Weighed, weigh
from earshot.domain.reading import IssueType

COMMON, RARE = IssueType.USAGE_QUESTION, IssueType.ACCOUNT_ACCESS
SHARES = {IssueType.USAGE_QUESTION: 0.5, IssueType.BILLING: 0.25, IssueType.PRODUCT_BUG: 0.17,
          IssueType.FEATURE_REQUEST: 0.05, IssueType.ACCOUNT_ACCESS: 0.03}  # fmt: skip
RIGHT = {IssueType.USAGE_QUESTION: 0.88, IssueType.BILLING: 0.9, IssueType.PRODUCT_BUG: 0.8,
         IssueType.FEATURE_REQUEST: 0.5, IssueType.ACCOUNT_ACCESS: 0.3}  # fmt: skip
"""How often the model is right where it says so: badly in rare classes."""
LEVEL = sum(SHARES[kind] * RIGHT[kind] for kind in SHARES)


@dataclass(frozen=True)
class Week:
    """What the model said of each conversation, and what is true."""

    answers: list[IssueType]
    truths: list[IssueType]

    @property
    def populations(self) -> dict[str, int]:
        """Conversations by stratum."""
        return {str(kind): count for kind, count in Counter(self.answers).items()}


def week(chance: np.random.Generator, *, count: int = 500, fall: float = 0.0) -> Week:
    """A week; with a fall the model is right less often, everywhere."""
    kinds = list(SHARES)
    places: list[int] = chance.choice(len(kinds), size=count, p=list(SHARES.values())).tolist()
    answers = [kinds[place] for place in places]
    luck: list[float] = chance.random(count).tolist()
    hits = [luck[i] < RIGHT[kind] - fall for i, kind in enumerate(answers)]
    others = [kinds[(kinds.index(kind) + 1) % len(kinds)] for kind in answers]
    return Week(answers, [answers[i] if hits[i] else others[i] for i in range(count)])


def drawn(chance: np.random.Generator, of: Week, *, size: int = 50, least: int = 2) -> list[Drawn]:
    """A stratified sample of a week, labelled without fault."""
    found: list[Drawn] = []
    for name, count in allocate(of.populations, size, least=least).items():
        inside = [place for place, kind in enumerate(of.answers) if kind == name]
        taken: list[int] = chance.choice(inside, size=count, replace=False).tolist()
        for place in taken:
            truth, guess = Label(issue_type=of.truths[place]), Label(issue_type=of.answers[place])
            found.append(Drawn(row=Judged(id=str(place), truths=(truth,), guess=guess), stratum=name))
    return found


def weighed(chance: np.random.Generator, of: Week, *, size: int = 50, least: int = 2) -> Weighed:
    """The same with weights."""
    return weigh(drawn(chance, of, size=size, least=least), "issue_type", populations=of.populations)
