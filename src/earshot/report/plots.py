"""What a chart of a page shows, before it is drawn: marks over time or over names, how sure each is, its rows.

A plot is drawn by `plotting`; its table and its picture come from the same marks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Literal


class Shape(StrEnum):
    """How marks are drawn: bars and areas are stacked over time, lines run over time with their intervals.

    Over names, the longest first as given: rows are horizontal bars, ranges are points with their intervals.
    """

    BARS = "bars"
    AREAS = "areas"
    LINES = "lines"
    ROWS = "rows"
    RANGES = "ranges"


class Unit(StrEnum):
    """What a value counts; a share is 0 to 1, a score -1 to 1, a rate so many for each of something."""

    COUNT = "count"
    RATE = "rate"
    SHARE = "share"
    SCORE = "score"
    USD = "usd"
    SECONDS = "seconds"


Tone = Literal["accent", "second", "third", "soft", "good", "warn", "bad"]
OVER_TIME: Final = frozenset({Shape.BARS, Shape.AREAS, Shape.LINES})


@dataclass(frozen=True, kw_only=True)
class Series:
    """Marks of one colour. `tone` is the name of a colour, or an issue type for that type's."""

    name: str
    title: str
    tone: str = "accent"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One value: of the span that begins on the day `at`, or of the name `label`; None where nothing is known.

    `low` and `high` are its 95% interval, `n` the rows behind it, `href` the page of ours that lists them.
    """

    at: date | None = None
    label: str = ""
    series: str = ""
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    href: str = ""

    def __post_init__(self) -> None:
        if self.href and (self.href[0] != "/" or self.href[:2] in {"//", "/\\"}):
            raise ValueError("a chart leads to pages of ours only")


@dataclass(frozen=True, kw_only=True)
class Level:
    """A value to compare with: a target, a budget, a bound."""

    value: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A chart. `step` is the span of one mark over time; `what` heads the values, `of` the days or names.

    `description` says in one or two sentences what is to be seen: it is read to those who cannot see it.
    `lowest` and `highest` fix the scale where it has ends.
    """

    title: str
    description: str
    shape: Shape
    marks: tuple[Mark, ...]
    series: tuple[Series, ...] = (Series(name="", title=""),)
    unit: Unit = Unit.COUNT
    step: str = "day"
    what: str = "Conversations"
    of: str = ""
    levels: tuple[Level, ...] = ()
    lowest: float | None = None
    highest: float | None = None

    @property
    def over_time(self) -> bool:
        """Whether marks lie on days."""
        return self.shape in OVER_TIME

    @property
    def head(self) -> str:
        """What the first column of the table is called."""
        return self.of or (
            {"day": "Day", "week": "Week of", "month": "Month of"}[self.step] if self.over_time else ""
        )

    @property
    def lines(self) -> Sequence[tuple[str, Sequence[Mark | None]]]:
        """The table: per day or name one mark of each series, None where there is none; the newest day first."""
        places: dict[str, dict[str, Mark]] = {}
        for mark in self.marks:
            places.setdefault(_place(mark), {})[mark.series] = mark
        names = sorted(places, reverse=True) if self.over_time else list(places)
        return [(name, [places[name].get(one.name) for one in self.series]) for name in names]

    @property
    def has_intervals(self) -> bool:
        """Whether any mark says how sure it is."""
        return any(mark.low is not None for mark in self.marks)

    @property
    def has_rows(self) -> bool:
        """Whether any mark says on how many rows it rests."""
        return any(mark.n is not None for mark in self.marks)


def _place(mark: Mark) -> str:
    return mark.at.isoformat() if mark.at else mark.label


def said(value: float | None, unit: Unit) -> str:
    """A value in words of its unit."""
    if value is None:
        return "–"
    if unit is Unit.USD:
        return f"${value:,.2f}" if value >= 1 or value == 0 else f"${value:.6f}".rstrip("0")
    forms = {Unit.COUNT: ",.0f", Unit.RATE: ",.2f", Unit.SHARE: ".1%", Unit.SCORE: "+.2f", Unit.SECONDS: ",.2f"}
    return format(value, forms[unit]).replace("-", "\u2212") + (" s" if unit is Unit.SECONDS else "")
