"""What a section shows, before it is HTML, Markdown or a terminal: plain text in a few kinds of block.

Every text in here may hold hostile customer words; each renderer escapes every one of them for its target.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Tone(StrEnum):
    """How a text is meant; a mark is worth noticing, neither good nor bad."""

    PLAIN = "plain"
    MARK = "mark"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A sentence or two; `command` is something to type."""

    text: str
    tone: Tone = Tone.PLAIN
    command: str | None = None


@dataclass(frozen=True, kw_only=True)
class Bullets:
    """Short statements of equal weight; `hrefs` are where they lead, one each, or none at all."""

    items: tuple[str, ...]
    hrefs: tuple[str | None, ...] = ()

    @property
    def linked(self) -> tuple[tuple[str, str | None], ...]:
        """The statements, each with where it leads."""
        return tuple(zip(self.items, self.hrefs or (None,) * len(self.items), strict=True))


@dataclass(frozen=True, kw_only=True)
class KeyFigure:
    """One key number: its change against the window before, what it means and how sure it is.

    `amount` and the numbers beside it are what JSON carries; `where` names the rows behind the number, `href`
    leads to them.
    """

    id: str
    label: str
    value: str
    change: str
    change_tone: Tone
    meaning: str
    certainty: tuple[str, ...]
    anchor: str | None
    where: tuple[tuple[str, str], ...]
    amount: float | None
    previous: float | None
    n: int
    low: float | None = None
    high: float | None = None
    href: str | None = None


@dataclass(frozen=True, kw_only=True)
class KeyFigures:
    """The row of key numbers."""

    items: tuple[KeyFigure, ...]


@dataclass(frozen=True, kw_only=True)
class Link:
    """A conversation by its id, and where to read it (None: no safe address is known)."""

    text: str
    url: str | None


@dataclass(frozen=True, kw_only=True)
class Said:
    """A customer's own words, when they were said, and where."""

    text: str
    when: str
    link: Link


@dataclass(frozen=True, kw_only=True)
class ThemeItem:
    """A ranked theme: `href` leads to it, `rows` to its conversations.

    `bar` and `bar_before` are shares of the most frequent theme, 0 to 1.
    """

    rank: int
    id: str
    title: str
    kind: str
    kind_key: str
    area: str | None
    conversations: str
    change: str
    change_tone: Tone
    customers: str
    mrr: str
    sentiment: str
    sentiment_tone: Tone
    segments: str
    seen: str
    bar: float
    bar_before: float | None
    quotes: tuple[Said, ...]
    more: tuple[Link, ...]
    href: str | None = None
    rows: str | None = None

    @property
    def counted(self) -> str:
        """Its conversations with their noun."""
        return f"{self.conversations} {'conversation' if self.conversations == '1' else 'conversations'}"

    @property
    def raised_by(self) -> str:
        """Its customers with their noun."""
        return f"{self.customers} {'customer' if self.customers == '1' else 'customers'}"


@dataclass(frozen=True, kw_only=True)
class Themes:
    """The ranked themes; the bars share one scale."""

    items: tuple[ThemeItem, ...]


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One conversation in a list: the matter, the words, who said it, and where to read it."""

    summary: str
    quote: str | None
    who: str
    facts: tuple[str, ...]
    tags: tuple[tuple[str, Tone], ...]
    link: Link


@dataclass(frozen=True, kw_only=True)
class Voices:
    """A list of conversations."""

    items: tuple[Voice, ...]


@dataclass(frozen=True, kw_only=True)
class Column:
    """The head of a table column."""

    name: str
    numeric: bool = False


class Cell(NamedTuple):
    """A text in a table, and where it leads."""

    text: str
    href: str | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under heads; the first cell of each row is its head. `folded` tables back a chart."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Conversations of one issue type in one span of days that starts on `day`."""

    day: date
    kind: str
    conversations: int


@dataclass(frozen=True, kw_only=True)
class Point:
    """Average sentiment of one span of days, its 95% interval and its number of conversations."""

    day: date
    average: float
    low: float | None
    high: float | None
    conversations: int


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A drawing and the same numbers as a table. `step` is the span of one mark: day, week or month."""

    id: str
    title: str
    description: str
    step: str
    first: date
    last: date
    table: Table
    bars: tuple[Bar, ...] = ()
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A term, its value, a remark, and where the value leads."""

    term: str
    value: str
    note: str = ""
    href: str | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A list of terms and values."""

    items: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class Task:
    """One decided action in the queue."""

    what: str
    why: str
    about: str
    state: str
    state_tone: Tone
    rule: str
    when: str
    link: Link | None
    href: str | None = None


@dataclass(frozen=True, kw_only=True)
class Tasks:
    """The action queue."""

    items: tuple[Task, ...]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Text to copy as it is."""

    caption: str
    text: str


Block = Paragraph | Bullets | KeyFigures | Themes | Voices | Table | Chart | Facts | Tasks | Listing


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report under one heading. `brief` sections are shown in the terminal too."""

    id: str
    title: str
    lead: str = ""
    blocks: tuple[Block, ...] = ()
    brief: bool = False


@dataclass(frozen=True, kw_only=True)
class Headline:
    """What changed, in one sentence, and what else did."""

    sentence: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """A whole report: its head, its sections, and where it stands in the app."""

    title: str
    workspace: str
    span: str
    timezone: str
    generated: str
    headline: Headline
    warnings: tuple[Paragraph, ...]
    sections: tuple[Section, ...]
    address: str | None = None
