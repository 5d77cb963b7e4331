"""Clusters by centre: the two most alike are joined until none are alike enough. No chains, no order, no chance."""

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from earshot.domain.reading import IssueType
from earshot.group.terms import Terms

Link = tuple[int, int]

KIND = 0.25
"""What is taken off likeness when no issue type is shared."""

SHRINK = 0.3
"""How much of a cluster's spread is not taken into account (0: plain cosine, large: average pair)."""


@dataclass
class Cluster:
    """Points that share a centre. `total` is the sum of their unit vectors, `square` its squared length.

    `kinds` counts findings by issue type. `anchored` clusters (themes known before) keep their identity and
    never join each other.
    """

    total: Terms
    size: float
    kinds: dict[IssueType, float] = field(default_factory=dict[IssueType, float])
    anchored: bool = False
    points: list[int] = field(default_factory=list[int])
    square: float = 0.0
    version: int = 0

    def __post_init__(self) -> None:
        self.square = sum(weight * weight for weight in self.total.values())


def dot(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The inner product of two sparse vectors."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    total = 0.0
    for term, weight in small.items():
        met = large.get(term)
        if met is not None:
            total += weight * met
    return total


def likeness(one: Cluster, other: Cluster) -> float:
    """How alike two centres are, 0 to 1, rounded so that equal is equal on every machine.

    For two single findings it is their cosine. The more a cluster holds, the more its own spread is taken
    into account, but never wholly: a plain cosine of centres grows with size, and broad themes would swallow
    what merely shares their commonest words. Unlike issue types take a part off, not all: readers err.
    """
    spread = math.sqrt((_spread(one) + SHRINK) * (_spread(other) + SHRINK))
    average = dot(one.total, other.total) / (one.size * other.size)
    apart = 1.0 - _same_kind(one, other)
    return round(average * (1.0 + SHRINK) / spread * (1.0 - KIND * apart), 7)


def _same_kind(one: Cluster, other: Cluster) -> float:
    shared = sum(count * other.kinds.get(kind, 0.0) for kind, count in one.kinds.items())
    lengths = math.sqrt(_squares(one.kinds) * _squares(other.kinds))
    return shared / lengths if lengths else 1.0


def _squares(kinds: Mapping[IssueType, float]) -> float:
    return sum(count * count for count in kinds.values())


def _spread(cluster: Cluster) -> float:
    return cluster.square / cluster.size**2


class Joining:
    """Joins clusters along links, the most alike first; likeness is measured anew whenever a side has grown."""

    def __init__(self, clusters: Sequence[Cluster], *, least: float) -> None:
        self._clusters = list(clusters)
        self._least = least
        self._root = list(range(len(clusters)))
        self._heap: list[tuple[float, Link, tuple[int, int]]] = []
        self._waiting: set[tuple[Link, tuple[int, int]]] = set()

    def join(self, links: Iterable[Link]) -> list[Cluster]:
        """Join what is alike; the surviving clusters, in the order of their first point."""
        self._heap = [(-self._measure(link), link, (0, 0)) for link in sorted(set(links))]
        heapq.heapify(self._heap)
        while self._heap:
            self._step()
        return [self._clusters[i] for i in range(len(self._root)) if self._root[i] == i]

    def _step(self) -> None:
        minus, link, versions = heapq.heappop(self._heap)
        now = self._now(link)
        if now is None:
            return
        if self._versions(now) == versions and now == link:
            if -minus >= self._least:
                self._merge(now)
            return
        if (now, self._versions(now)) not in self._waiting:
            self._waiting.add((now, self._versions(now)))
            heapq.heappush(self._heap, (-self._measure(now), now, self._versions(now)))

    def _now(self, link: Link) -> Link | None:
        one, other = sorted((self._find(link[0]), self._find(link[1])))
        both = self._clusters[one].anchored and self._clusters[other].anchored
        return None if one == other or both else (one, other)

    def _find(self, at: int) -> int:
        while self._root[at] != at:
            self._root[at] = self._root[self._root[at]]
            at = self._root[at]
        return at

    def _versions(self, link: Link) -> tuple[int, int]:
        return self._clusters[link[0]].version, self._clusters[link[1]].version

    def _measure(self, link: Link) -> float:
        return likeness(self._clusters[link[0]], self._clusters[link[1]])

    def _merge(self, link: Link) -> None:
        into, gone = link
        kept, lost = self._clusters[into], self._clusters[gone]
        absorb(kept, lost)
        self._root[gone] = into


def absorb(kept: Cluster, lost: Cluster) -> None:
    """Add one cluster's points to another's."""
    if len(kept.total) < len(lost.total):
        kept.total, lost.total = lost.total, kept.total
    kept.square += lost.square + 2 * dot(kept.total, lost.total)
    for term, weight in lost.total.items():
        kept.total[term] = kept.total.get(term, 0.0) + weight
    kept.size += lost.size
    for kind, count in lost.kinds.items():
        kept.kinds[kind] = kept.kinds.get(kind, 0.0) + count
    kept.points.extend(lost.points)
    kept.anchored = kept.anchored or lost.anchored
    kept.version += 1
