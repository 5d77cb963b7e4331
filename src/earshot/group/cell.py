"""Cells: mentions of one matter round a centre that is made of the earliest of them and then stands still."""

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from earshot.domain.grouping import Decider, Rank
from earshot.group.likeness.sketch import Sketch, merged


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a mention lies and why. `probability` is None for the founder of a cell; runner-up: the next best."""

    cell: str
    probability: float | None = None
    runner_up: str | None = None
    runner_up_probability: float | None = None
    decided_by: Decider = Decider.SCORE
    reason: str = ""

    def in_cell(self, cell: str) -> "Spot":
        """The same in another cell."""
        return replace(self, cell=cell)


@dataclass(slots=True)
class Cell:
    """Mentions by rank. Its centre at any rank is made of the first `size` mentions before that rank."""

    id: str
    size: int
    members: list[tuple[Rank, int]] = field(default_factory=list[tuple[Rank, int]])
    _profile: tuple[tuple[int, ...], Sketch] | None = None

    def put(self, rank: Rank, mention: int) -> None:
        """Take a mention in."""
        insort(self.members, (rank, mention))

    def take(self, rank: Rank, mention: int) -> None:
        """Take a mention out."""
        at = bisect_left(self.members, (rank, mention))
        if at < len(self.members) and self.members[at] == (rank, mention):
            del self.members[at]

    @property
    def first(self) -> Rank:
        """The rank of its earliest mention."""
        return self.members[0][0]

    @property
    def core(self) -> list[int]:
        """The mentions that make up its centre."""
        return [mention for _, mention in self.members[: self.size]]

    def core_before(self, rank: Rank) -> list[int]:
        """The mentions that made up its centre for whatever ranks so."""
        end = bisect_left(self.members, (rank, -1))
        return [mention for _, mention in self.members[: min(self.size, end)]]

    def profile(self, core: list[int], sketches: Mapping[int, Sketch]) -> Sketch:
        """The centre that these of its mentions make up."""
        if len(core) == 1:
            return sketches[core[0]]
        key = tuple(core)
        if self._profile is None or self._profile[0] != key:
            self._profile = key, merged(sketches[mention] for mention in core)
        return self._profile[1]
