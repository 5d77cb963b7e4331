"""The order of items by RICE, and in words why one stands above the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from earshot.domain.backlog import BacklogItem
from earshot.domain.rice import RiceScore
from earshot.text.wording import listed, number, weeks


@dataclass(frozen=True, slots=True)
class Ranked:
    """An item, its place from 1, and why it is above the one after it ("" for the last)."""

    rank: int
    item: BacklogItem
    why: str


def ranked(items: Sequence[BacklogItem]) -> list[Ranked]:
    """By score; then by customers, conversations, the older matter, the id. Items without a score come last."""
    ordered = sorted(items, key=_order)
    whys = [_why(one, other) for one, other in pairwise(ordered)]
    return [Ranked(rank, item, why) for rank, (item, why) in enumerate(zip(ordered, [*whys, ""], strict=False), 1)]


def _order(item: BacklogItem) -> tuple[bool, float, int, int, float, str]:
    evidence = item.evidence
    score = item.rice.score.rice_score if item.rice else 0.0
    first = evidence.first_seen.timestamp()
    return item.rice is None, -score, -evidence.customers, -evidence.conversations, first, item.id


def _why(one: BacklogItem, other: BacklogItem) -> str:
    if one.rice is None:
        return f"neither has a score; {_tie(one, other)}"
    if other.rice is None:
        return f"{one.rice.score.rice_score:,.2f} against no score"
    mine, theirs = one.rice.score, other.rice.score
    if mine.rice_score == theirs.rice_score:
        return f"equal score {mine.rice_score:,.2f}; {_tie(one, other)}"
    for_it, against = _differences(mine, theirs)
    told = f"{mine.rice_score:,.2f} against {theirs.rice_score:,.2f}: {listed(for_it)}"
    return f"{told}, though {listed(against)}" if against else told


def _differences(one: RiceScore, other: RiceScore) -> tuple[list[str], list[str]]:
    """What speaks for the first and what against, what weighs most first."""
    weighed = [
        *_factor("reach", one.reach, theirs=other.reach),
        *_factor("impact", one.impact, theirs=other.impact),
        *_factor("confidence", one.confidence, theirs=other.confidence),
        *_effort(one.effort_weeks, other.effort_weeks),
    ]
    weighed.sort(key=lambda entry: -max(entry[0], 1 / entry[0]))
    return [text for times, text in weighed if times > 1], [text for times, text in weighed if times < 1]


def _factor(name: str, mine: float, *, theirs: float) -> Iterator[tuple[Fraction, str]]:
    if mine != theirs:
        more = "higher" if mine > theirs else "lower"
        yield _times(mine, theirs), f"{more} {name}: {number(mine)} against {number(theirs)}"


def _effort(mine: float, theirs: float) -> Iterator[tuple[Fraction, str]]:
    if mine != theirs:
        more = "less" if mine < theirs else "more"
        yield _times(theirs, mine), f"{more} effort: {weeks(mine)} against {weeks(theirs)}"


def _times(one: float, other: float) -> Fraction:
    """How many times as much; nothing counts as a thousandth."""
    least = Fraction(1, 1000)
    return max(Fraction(one), least) / max(Fraction(other), least)


def _tie(one: BacklogItem, other: BacklogItem) -> str:
    mine, theirs = one.evidence, other.evidence
    if mine.customers != theirs.customers:
        return f"more customers: {mine.customers:,} against {theirs.customers:,}"
    if mine.conversations != theirs.conversations:
        return f"more conversations: {mine.conversations:,} against {theirs.conversations:,}"
    if mine.first_seen != theirs.first_seen:
        return f"first raised earlier: {mine.first_seen:%Y-%m-%d %H:%M} against {theirs.first_seen:%Y-%m-%d %H:%M}"
    return "equal in everything, so by id"
