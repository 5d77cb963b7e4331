"""Average linkage: groups join where their members are alike on average, the likest first."""

import heapq
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from earshot.domain.grouping import Rank

_DIGITS = 6
"""Averages are rounded before they are compared, since sums of floats depend on their order."""

Alike = Mapping[str, Mapping[str, float]]
"""The probability that two cells tell one matter, both ways; a pair that is not there is not alike at all."""


class Group(NamedTuple):
    """A group as linkage sees it: its cells, when it began, and whether it may join its likes."""

    cells: Collection[str]
    first: Rank
    closed: bool = False


class Linkage:
    """Joins groups by their mean probability, weighed by `sizes` of cells; two closed groups never join.

    `unite` joins two groups by name and gives the name of the one that stays, or None where that is forbidden.
    """

    def __init__(
        self,
        groups: Mapping[str, Group],
        sizes: Mapping[str, int],
        *,
        join: float,
        unite: Callable[[str, str], str | None],
    ) -> None:
        self._join, self._unite = join, unite
        self._firsts = {name: group.first for name, group in groups.items()}
        self._closed = {name for name, group in groups.items() if group.closed}
        self._sizes = sizes
        self._weights = {name: sum(sizes[cell] for cell in group.cells) for name, group in groups.items()}
        self._of = {cell: name for name, group in groups.items() for cell in group.cells}
        self._sums: dict[str, dict[str, float]] = {name: {} for name in groups}
        self._queue: list[tuple[float, Rank, Rank, str, str]] = []

    def run(self, alike: Alike) -> None:
        """Join the likest two groups as long as any are alike enough."""
        self._add_up(alike)
        while self._queue:
            minus, _, _, one, other = heapq.heappop(self._queue)
            if other in self._sums.get(one, {}) and self._mean(one, other) == -minus:
                self._merge(one, other)

    def _add_up(self, alike: Alike) -> None:
        for one, others in sorted(alike.items()):
            here, sums = self._of[one], self._sums[self._of[one]]
            for other, probability in sorted(others.items()):
                there = self._of[other]
                if here != there:
                    sums[there] = sums.get(there, 0.0) + probability * self._sizes[one] * self._sizes[other]
        for one, sums in self._sums.items():
            for other in sums:
                if one < other:
                    self._propose(one, other)

    def _mean(self, one: str, other: str) -> float:
        one, other = sorted((one, other))
        return round(self._sums[one][other] / (self._weights[one] * self._weights[other]), _DIGITS)

    def _propose(self, one: str, other: str) -> None:
        if one in self._closed and other in self._closed:
            return
        mean = self._mean(one, other)
        if mean >= self._join:
            old, young = sorted((one, other), key=lambda name: (self._firsts[name], name))
            heapq.heappush(self._queue, (-mean, self._firsts[old], self._firsts[young], old, young))

    def _merge(self, one: str, other: str) -> None:
        into = self._unite(one, other)
        if into is None:
            del self._sums[one][other], self._sums[other][one]
            return
        gone = other if into == one else one
        self._weights[into] += self._weights.pop(gone)
        if gone in self._closed:
            self._closed.add(into)
        for name, amount in self._sums.pop(gone).items():
            del self._sums[name][gone]
            if name != into:
                self._sums[into][name] = self._sums[name][into] = self._sums[into].get(name, 0.0) + amount
        for name in self._sums[into]:
            self._propose(into, name)
