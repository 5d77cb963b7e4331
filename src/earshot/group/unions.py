"""Level two: cells that turn out to be one matter share a theme.

A cell is compared with the others whenever it has grown to one of a few sizes, with what there was before that
moment. So newer mentions never part what is joined, and no order of arrival shows. No chains: a cell may join a
theme only when it resembles the theme's head, the earliest of its cells.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from earshot.domain.grouping import Rank
from earshot.group.cell import Cell
from earshot.group.held import Held
from earshot.group.likeness.score import same_matter
from earshot.group.likeness.sketch import Sketch

GROWN = (2, 4, 8, 16)
"""At these sizes a cell is compared with the others."""

FLOOR = 0.2
"""How likely a cell must tell the matter of a theme's head, at the least."""

_MOST = 24
"""So many cells of a theme are compared with another theme's head, the earliest."""


@dataclass(frozen=True, slots=True)
class News:
    """What there was not before: mentions (or not in that cell), and cells. Only it may join what is settled."""

    mentions: frozenset[int]
    cells: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    """Two cells that may be one matter, but not surely enough: a question for somebody."""

    one: str
    other: str
    probability: float


class Unions:
    """Which cells are together; `join` is the probability from which."""

    def __init__(self, held: Held, *, join: float) -> None:
        self._held, self._join = held, join
        self._of: dict[str, str] = {name: name for name in held.cells}
        self._groups: dict[str, list[str]] = {name: [name] for name in held.cells}
        self._enemies: defaultdict[str, set[str]] = defaultdict(set)
        self.links: list[Link] = []

    def groups(self) -> list[list[str]]:
        """The cells of each theme."""
        return list(self._groups.values())

    def forbid(self, ones: Iterable[str], others: Sequence[str]) -> None:
        """These never share a theme with those."""
        for one in ones:
            for other in others:
                self._enemies[one].add(other)
                self._enemies[other].add(one)

    def unite(self, cells: Sequence[str]) -> None:
        """Put the groups of these cells together, but for what is forbidden."""
        for cell in cells[1:]:
            self._unite(cells[0], cell)

    def grow(self, after: Rank | None, *, news: News | None = None) -> None:
        """Compare every cell at each size that it reached after that rank (None: at all), in canonical order.

        With `news`, only comparisons that something new takes part in.
        """
        moments = [
            (cell.members[size - 1][0], name, size)
            for name, cell in self._held.cells.items()
            for size in GROWN
            if size <= min(len(cell.members), cell.size)
        ]
        for rank, name, size in sorted(moments):
            if after is None or rank > after:
                self._compare(self._held.cells[name], rank, size=size, news=news)

    def _compare(self, cell: Cell, rank: Rank, *, size: int, news: News | None) -> None:
        everyone = news is None or cell.id in news.cells or not news.mentions.isdisjoint(cell.core[:size])
        if news is not None and not everyone and not news.cells:
            return
        centre = cell.profile(cell.core[:size], self._held.sketches)
        found: list[tuple[float, Rank, str]] = []
        for other in self._held.candidates(centre, rank):
            if other.id != cell.id and (everyone or (news is not None and other.id in news.cells)):
                probability = self._held.probability(centre, other, before=rank)
                if probability >= self._held.bounds.keep:
                    found.append((-probability, other.first, other.id))
        for minus, _, name in sorted(found):
            if self._of[name] == self._of[cell.id]:
                continue
            fits = -minus >= self._join and self._near_head(cell.id, name, before=rank)
            if not (fits and self._unite(cell.id, name)):
                self.links.append(Link(cell.id, name, -minus))

    def _unite(self, one: str, other: str) -> bool:
        into, gone = self._of[one], self._of[other]
        if into == gone:
            return True
        if self._hostile(into, gone):
            return False
        if self._first(gone) < self._first(into):
            into, gone = gone, into
        moved = self._groups.pop(gone)
        self._groups[into] += moved
        self._of.update(dict.fromkeys(moved, into))
        return True

    def _first(self, name: str) -> Rank:
        return self._held.cells[name].first

    def _near_head(self, one: str, other: str, *, before: Rank) -> bool:
        head, young = self._of[one], self._of[other]
        if self._first(young) < self._first(head):
            head, young = young, head
        centre = self._centre(head, before)
        return all(same_matter(self._centre(name, before), centre) >= FLOOR for name in self._groups[young][:_MOST])

    def _centre(self, name: str, before: Rank) -> Sketch:
        cell = self._held.cells[name]
        return cell.profile(cell.core_before(before) or cell.core[:1], self._held.sketches)

    def _hostile(self, one: str, other: str) -> bool:
        small, large = (one, other) if len(self._groups[one]) <= len(self._groups[other]) else (other, one)
        return any(
            self._of.get(enemy) == large for name in self._groups[small] for enemy in self._enemies.get(name, ())
        )
