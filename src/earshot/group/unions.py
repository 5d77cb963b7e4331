"""Level two: cells that turn out to be one matter share a theme.

Themes join where their cells resemble each other on average, so that none grows along a chain and one bad pairing
is outvoted. They are joined span by span of time, with the cells as they were at the end of each: what is joined
then stays joined, so that newer findings hardly move older ones, and no order of arrival shows.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from earshot.domain.grouping import Rank
from earshot.group.held import Held
from earshot.group.likeness.score import same_matter
from earshot.group.linkage import Group, Linkage

SPAN = timedelta(days=28)
"""Long enough to see which of several themes a cell belongs to, short enough that little moves before its end."""

SEVERAL = 2
"""A cell of fewer core mentions looks for no others, as its mention did when founding it; others find it."""

FLOOR = 0.2
"""How likely the earliest cells of two themes must tell one matter, at the least, for the themes to join."""

_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Link:
    """Two cells that may be one matter, but not surely enough: a question for somebody."""

    one: str
    other: str
    probability: float


class Unions:
    """Which cells are together; `join` is the mean probability from which."""

    def __init__(self, held: Held, *, join: float) -> None:
        self._held, self._join = held, join
        self._of: dict[str, str] = {name: name for name in held.cells}
        self._groups: dict[str, list[str]] = {name: [name] for name in held.cells}
        self._enemies: defaultdict[str, set[str]] = defaultdict(set)
        self._cores: dict[str, list[int]] = {}
        self._alike: defaultdict[str, dict[str, float]] = defaultdict(dict)

    @property
    def links(self) -> list[Link]:
        """Pairs of cells that were found alike and are apart, the younger first.

        A younger one of a single mention is left out: that mention was asked about when it was judged.
        """
        firsts = {name: (cell.first, name) for name, cell in self._held.cells.items()}
        return [
            Link(one, other, probability)
            for one, others in sorted(self._alike.items())
            if len(self._cores[one]) >= SEVERAL
            for other, probability in sorted(others.items())
            if firsts[other] < firsts[one]
            and probability >= self._held.bounds.keep
            and self._of[one] != self._of[other]
        ]

    def groups(self) -> list[list[str]]:
        """The cells of each theme."""
        return list(self._groups.values())

    def is_settled(self, one: str, other: str) -> bool:
        """Whether two cells share a theme, or must not."""
        return self._of[one] == self._of[other] or self._hostile(self._of[one], self._of[other])

    def with_(self, cell: str) -> Sequence[str]:
        """The cells of the same theme, itself among them."""
        return self._groups[self._of[cell]]

    def forbid(self, ones: Iterable[str], others: Sequence[str]) -> None:
        """These never share a theme with those."""
        for one in ones:
            for other in others:
                self._enemies[one].add(other)
                self._enemies[other].add(one)

    def unite(self, cells: Sequence[str]) -> None:
        """Put the groups of these cells together, but for what is forbidden."""
        for cell in cells[1:]:
            self._unite(self._of[cells[0]], self._of[cell])

    def grow(self) -> None:
        """Join what is alike on average, span by span."""
        for end in self._ends():
            self._compare(self._changed(end), before=end)
            self._link()

    def join_fresh(self, fresh: Collection[str], *, with_old: bool) -> None:
        """The same at once, and only for groups of these cells: the others stay as they are.

        `with_old`: one such cell is enough, so that themes that grew may join; otherwise all must be of these.
        """
        end = max((cell.members[-1][0] for cell in self._held.cells.values()), default=None)
        if end is not None and fresh:
            after = (end[0] + SPAN, "", 0)
            changed = set(self._changed(after))
            self._compare(sorted(changed & set(fresh)), before=after)
            self._link(fresh=fresh, enough=any if with_old else all)

    def _ends(self) -> Iterator[Rank]:
        """The ends of the spans in which a core mention was said."""
        cells = self._held.cells.values()
        for number in sorted(
            {(rank[0] - _START) // SPAN for cell in cells for rank, _ in cell.members[: cell.size]}
        ):
            yield _START + (number + 1) * SPAN, "", 0

    def _changed(self, end: Rank) -> list[str]:
        """The cells whose centres another span changed; they are taken as they are at its end from now on."""
        found: list[str] = []
        for name, cell in self._held.cells.items():
            core = cell.core_before(end) if cell.first < end else []
            if core and core != self._cores.get(name):
                self._cores[name] = core
                found.append(name)
        return sorted(found)

    def _compare(self, cells: Sequence[str], *, before: Rank) -> None:
        held = self._held
        for name in cells:
            for other in self._alike.pop(name, {}):
                del self._alike[other][name]
        for name in cells:
            if len(self._cores[name]) < SEVERAL:
                continue
            centre = held.cells[name].profile(self._cores[name], held.sketches)
            for other in held.candidates(centre, before):
                if other.id != name and other.id not in self._alike[name]:
                    found = same_matter(centre, other.profile(self._cores[other.id], held.sketches))
                    self._alike[name][other.id] = self._alike[other.id][name] = found

    def _link(
        self, fresh: Collection[str] | None = None, *, enough: Callable[[Iterable[bool]], bool] = all
    ) -> None:
        groups: dict[str, Group] = {}
        for name, cells in self._groups.items():
            there = [cell for cell in cells if cell in self._cores]
            if there:
                closed = fresh is not None and not enough(cell in fresh for cell in there)
                groups[name] = Group(there, self._held.cells[name].first, closed)
        sizes = {name: len(core) for name, core in self._cores.items()}
        Linkage(groups, sizes, join=self._join, unite=self._unite_alike).run(self._alike)

    def _unite_alike(self, one: str, other: str) -> str | None:
        """The same for groups whose earliest cells are not plainly two matters, whatever lies between them."""
        heads = (self._held.cells[name].profile(self._cores[name], self._held.sketches) for name in (one, other))
        return self._unite(one, other) if same_matter(*heads) >= FLOOR else None

    def _unite(self, one: str, other: str) -> str | None:
        """Make one group of two, under the name of the older; None where that is forbidden."""
        if one == other:
            return one
        if self._hostile(one, other):
            return None
        into, gone = sorted((one, other), key=lambda name: (self._held.cells[name].first, name))
        moved = self._groups.pop(gone)
        self._groups[into] += moved
        self._of.update(dict.fromkeys(moved, into))
        return into

    def _hostile(self, one: str, other: str) -> bool:
        small, large = (one, other) if len(self._groups[one]) <= len(self._groups[other]) else (other, one)
        return any(
            self._of.get(enemy) == large for name in self._groups[small] for enemy in self._enemies.get(name, ())
        )
