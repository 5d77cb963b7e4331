"""Effort by a table of person-weeks, and the story points that follow from it."""

from fractions import Fraction

from earshot.domain.backlog import ItemType
from earshot.domain.rice import Estimate, Factor, Source
from earshot.prioritise.settings import PrioritiseSettings
from earshot.text.escape import clip
from earshot.text.wording import number

FIBONACCI = (1, 2, 3, 5, 8, 13, 21)
"""Story points that are given."""
_AREA_LIMIT = 60


def effort(item_type: ItemType, area: str | None, *, settings: PrioritiseSettings) -> Estimate:
    """Person-weeks of that kind of item, times the factor of its area. A rough guess, and said to be one."""
    base, factor = settings.weeks(item_type), settings.effort_factor(area)
    value = round(base * factor, 2) or 0.01
    told = f"the table's {number(base)} for a {item_type.lower()}"
    if factor != 1:
        told += f" × {number(factor)} for {clip(area or '', _AREA_LIMIT)}"
    return Estimate(
        factor=Factor.EFFORT, value=value, source=Source.FORMULA, reason=f"{told}; nobody estimated it."
    )


def size(weeks: float) -> str:
    """The guide's word for an effort: trivial to 1 week, small to 4, medium to 8, large above."""
    words = ((1, "trivial"), (4, "small"), (8, "medium"))
    return next((word for most, word in words if weeks <= most), "large")


def story_points(weeks: float, settings: PrioritiseSettings) -> int:
    """The Fibonacci number nearest to the weeks' points, the higher of two."""
    points = Fraction(str(weeks)) * Fraction(str(settings.points_per_week))
    return min(FIBONACCI, key=lambda step: (abs(step - points), -step))
