"""Use case: what a team looks at once a month: capacity, thresholds, areas, ratings, prompts."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean

from earshot.domain.impact import Born, Reach, Unarea, Version
from earshot.domain.outcome import ItemRating
from earshot.domain.reading import IssueType
from earshot.pipeline.pages.impact import Adopted, adopted, lately
from earshot.pipeline.parts import Parts

MONTHS = 3
STEPS = (3, 5, 8, 10, 15, 20)
"""Thresholds of mentions that are tried."""
_THRESHOLDS = {IssueType.FEATURE_REQUEST: 10, IssueType.UX_FRICTION: 5}
"""What the guide begins with."""
_AREAS, _RATINGS, _VERSIONS = 10, 50, 20


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """How many matters of a kind reached each number of mentions lately, and which number the capacity allows."""

    issue_type: IssueType
    now: int
    steps: tuple[tuple[int, float], ...]
    """(mentions, matters a month)."""
    proposed: int | None
    """None: the capacity is not known, or no step fits."""


@dataclass(frozen=True, kw_only=True)
class Review:
    """Everything the review shows. Rates are a month, over the last three."""

    drafted: float
    pushed: float
    shipped: float
    waiting: int
    thresholds: tuple[Threshold, ...]
    areas: tuple[Unarea, ...]
    known_areas: int
    stars: tuple[tuple[int, int], ...]
    mean_stars: float | None
    ratings: tuple[ItemRating, ...]
    adopted: tuple[Adopted, ...]
    versions: tuple[Version, ...]


async def review(parts: Parts, *, areas: tuple[str, ...]) -> Review:
    """The figures of this moment. `areas` are the product areas of the settings."""
    now = parts.clock.now()
    since = now - timedelta(days=30 * MONTHS)
    async with parts.store.unit() as unit:
        outcomes = unit.pages.outcomes
        journeys = await lately(unit, now=now)
        adoptions = await outcomes.adoptions()
        reached = await outcomes.reached(since=since, kinds=list(_THRESHOLDS), steps=STEPS)
        unknown = await outcomes.unareas(since=since, known=areas, limit=_AREAS)
        ratings = await outcomes.ratings(since=since, limit=_RATINGS)
        versions = await outcomes.versions(since=since, limit=_VERSIONS)
        await unit.commit()
    pushed = sum(one.pushed_at is not None and one.pushed_at >= since for one in journeys) / MONTHS
    stars = Counter(one.stars for one in ratings)
    return Review(
        drafted=sum(one.in_backlog_at >= since for one in journeys) / MONTHS,
        pushed=pushed,
        shipped=sum(one.shipped_at is not None and one.shipped_at >= since for one in journeys) / MONTHS,
        waiting=sum(one.pushed_at is None and one.shipped_at is None for one in journeys),
        thresholds=tuple(threshold(kind, reached, capacity=pushed) for kind in _THRESHOLDS),
        areas=tuple(unknown),
        known_areas=len(areas),
        stars=tuple((number, stars[number]) for number in range(5, 0, -1)),
        mean_stars=fmean(one.stars for one in ratings) if ratings else None,
        ratings=tuple(ratings),
        adopted=tuple(adopted(born, adoptions) for born in Born),
        versions=tuple(versions),
    )


def threshold(kind: IssueType, reached: list[Reach], *, capacity: float) -> Threshold:
    """The lowest number of mentions that no more matters reach a month than became tickets a month lately."""
    counts = {one.mentions: one.matters / MONTHS for one in reached if one.issue_type is kind}
    steps = tuple((step, counts.get(step, 0.0)) for step in STEPS)
    fitting = [step for step, matters in steps if matters <= capacity]
    proposed = fitting[0] if capacity and fitting else None
    return Threshold(issue_type=kind, now=_THRESHOLDS[kind], steps=steps, proposed=proposed)
