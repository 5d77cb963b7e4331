"""The key figures of a window against the one before: counts, sentiment and churn, and how sure a change is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from earshot.pipeline.pages.overview.spans import Spans
from earshot.ports.pages.accounts import DAYS
from earshot.ports.pages.overview import Group
from earshot.report import words
from earshot.report.change import count_change
from earshot.report.intervals import SMALL_SAMPLE, Z95, mean_interval, mean_z, share_interval
from earshot.report.views import Tone


@dataclass(frozen=True, kw_only=True)
class Key:
    """One figure with the address of its rows, its change in words, and how sure it is."""

    name: str
    title: str
    value: str
    href: str
    change: str = ""
    tone: Tone = Tone.PLAIN
    sure: str = ""
    before_href: str = ""


class Tallies:
    """The groups of one window, to be asked for sums."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = {(one.dimension, one.value): one for one in groups}
        self.kinds = [one for one in groups if one.dimension == "issue_type"]
        self.n = sum(one.n for one in self.kinds)
        self.low = sum(one.low for one in self.kinds)

    def count(self, dimension: str, value: str) -> int:
        """Conversations of one value."""
        found = self._groups.get((dimension, value))
        return found.n if found else 0

    def kind(self, value: str) -> Group | None:
        """One issue type."""
        return self._groups.get(("issue_type", value))

    @property
    def mean(self) -> float | None:
        """The average sentiment score."""
        return sum(one.score for one in self.kinds) / self.n if self.n else None

    @property
    def sd(self) -> float | None:
        """The sample standard deviation of the scores; None below two conversations."""
        if self.n < 2 or self.mean is None:
            return None
        squares = sum(one.squares for one in self.kinds) - self.n * self.mean**2
        return math.sqrt(max(0.0, squares) / (self.n - 1))


def keys(
    spans: Spans, tallies: tuple[Tallies, Tallies], *, comparable: bool, customers: tuple[int, int] | None
) -> tuple[Key, ...]:
    """The five figures a reader looks at first. `tallies`: of the window and of the one before."""
    figures = _Figures(spans, now=tallies[0], before=tallies[1], comparable=comparable)
    return (
        figures.conversations(),
        figures.customers(customers),
        figures.share("Critical", "priority", value="CRITICAL"),
        figures.share("High churn risk", "churn_risk", value="HIGH"),
        figures.sentiment(),
    )


def sentiment_z(now: Tallies, before: Tallies) -> float:
    """The standard score of the change of the average sentiment."""
    if now.mean is None or before.mean is None:
        return 0.0
    return mean_z(now.mean - before.mean, (now.sd, before.sd), ns=(now.n, before.n))


@dataclass(frozen=True, kw_only=True)
class _Change:
    change: str = ""
    tone: Tone = Tone.PLAIN


class _Figures:
    """Makes the figures of two windows."""

    def __init__(self, spans: Spans, *, now: Tallies, before: Tallies, comparable: bool) -> None:
        self._spans = spans
        self._now = now
        self._before = before
        self._comparable = comparable

    def conversations(self) -> Key:
        """How many were read, and how many of them not surely."""
        n, low = self._now.n, self._now.low
        told = self._counted(n, self._before.n, rise=Tone.MARK)
        return Key(
            name="conversations",
            title="Conversations",
            value=words.number(n),
            href=self._spans.conversations(),
            change=told.change,
            sure=f"An exact count. {_share_of(low, n)} were read with low confidence.",
            before_href=self._spans.earlier(),
        )

    def customers(self, counted: tuple[int, int] | None) -> Key:
        """How many companies or people wrote. Accounts are listed over days of their own, which is said."""
        href, listed = "/accounts?kind=&sort=conversations", f"The list shows the last {DAYS} days."
        if counted is None:
            sure = "Not counted over so many conversations; choose a shorter window. " + listed
            return Key(name="customers", title="Customers", value="many", href=href, sure=sure)
        told = self._counted(*counted, rise=Tone.MARK)
        return Key(
            name="customers",
            title="Customers",
            value=words.number(counted[0]),
            href=href,
            change=told.change,
            sure="Companies that wrote; a person without a company counts as one. " + listed,
        )

    def share(self, title: str, dimension: str, *, value: str) -> Key:
        """How many conversations have a value, and what share of all that is."""
        now, before = (one.count(dimension, value) for one in (self._now, self._before))
        told = self._counted(now, before, rise=Tone.BAD)
        interval = share_interval(now, self._now.n)
        sure = ""
        if interval is not None:
            between = f"{words.percent(interval.low)} to {words.percent(interval.high)}"
            sure = f"{words.percent(now / self._now.n)} of conversations (95%: {between}).{_few(self._now.n)}"
        return Key(
            name=dimension,
            title=title,
            value=words.number(now),
            href=self._spans.conversations(**{dimension: value}),
            change=told.change,
            tone=told.tone,
            sure=sure,
            before_href=self._spans.earlier(**{dimension: value}),
        )

    def sentiment(self) -> Key:
        """The average sentiment."""
        now, before = self._now.mean, self._before.mean
        told = _Change()
        if self._comparable and now is not None and before is not None:
            z = sentiment_z(self._now, self._before)
            text = f"{words.signed(now - before, 2)}, was\u00a0{words.score(before)}"
            tone = Tone.PLAIN if abs(z) < Z95 else Tone.GOOD if z > 0 else Tone.BAD
            told = _Change(change=_with_chance(text, sure=abs(z) >= Z95), tone=tone)
        interval = None if now is None else mean_interval(now, self._now.sd, n=self._now.n)
        between = f"95%: {words.score(interval.low)} to {words.score(interval.high)}. " if interval else ""
        return Key(
            name="sentiment",
            title="Average sentiment",
            value=words.score(now),
            href="#sentiment",
            change=told.change,
            tone=told.tone,
            sure=f"{between}From \u22121 to +1.{_few(self._now.n)}",
        )

    def _counted(self, now: int, before: int, *, rise: Tone) -> _Change:
        if not self._comparable:
            return _Change()
        text, tone = count_change(now, before, rise=rise)
        shown = Tone.PLAIN if tone is Tone.MARK else tone
        return _Change(change=_with_chance(text, sure=tone is not Tone.PLAIN or now == before), tone=shown)


def _with_chance(text: str, *, sure: bool) -> str:
    return text if sure else f"{text}: may be chance"


def _share_of(part: int, whole: int) -> str:
    return f"{words.number(part)} ({words.percent(part / whole)})" if whole else "0"


def _few(n: int) -> str:
    return f" Few (n = {n}): read with care." if 0 < n < SMALL_SAMPLE else ""
