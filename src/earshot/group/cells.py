"""Level one: every mention, in canonical order, joins the cell it resembles best or founds one.

A mention is judged only by what ranks before it. So newer mentions never change what is, and after any other change
(something came late, left, or was judged by somebody) only those are looked at again whose candidates changed, in
order; the outcome is the one of starting afresh. Once places are settled nobody is looked at again but who came and
whom people or verdicts concern.
"""

import heapq
from collections.abc import Collection, Iterable

from earshot.domain.grouping import Decider, Mention, Rank
from earshot.group.cell import Cell, Spot
from earshot.group.held import Held
from earshot.group.index import Index
from earshot.group.judging import judge


class Cells:
    """Keeps the cells of what is held exact through every change."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self._everyone: Index | None = None
        self._latest: Rank | None = None
        self._queue: list[tuple[Rank, int]] = []
        self._waiting: set[int] = set()
        self._reached: dict[int, list[int]] = {}

    def load(self, mention: Mention, spot: Spot) -> None:
        """Take in a mention that has its place already."""
        self.held.know(mention)
        self.held.cell(spot.cell).put(mention.rank, mention.id)
        self.held.spots[mention.id] = spot
        self._latest = mention.rank if self._latest is None else max(self._latest, mention.rank)
        self.held.unindexed = True

    def repair(self, holes: Collection[str]) -> None:
        """These cells lost core mentions: who is in them, or near what is left of the core, is looked at again.

        So is whoever went where somebody said: that depends on whether any score had found a cell for it.
        """
        if self.held.settled:
            return
        for name in holes:
            cell = self.held.cells.get(name)
            for _, mention in cell.members if cell is not None else ():
                self._wait(mention)
            for mention in cell.core if cell is not None else ():
                self._look_again(mention, self.held.ranks[mention])
        for mention, spot in self.held.spots.items() if holes else ():
            if spot.decided_by is not Decider.SCORE:
                self._wait(mention)

    def arrange(self, come: Iterable[Mention], doubted: Iterable[int]) -> None:
        """Place what came, look again at what is doubted, and at whatever follows from it."""
        for mention in come:
            self.held.know(mention)
            self._wait(mention.id)
        for number in doubted:
            self._wait(number)
        while self._queue:
            _, number = heapq.heappop(self._queue)
            self._waiting.discard(number)
            self._place(self.held.mentions[number])
        self._reached = {}

    def _wait(self, number: int) -> None:
        if number not in self._waiting:
            self._waiting.add(number)
            heapq.heappush(self._queue, (self.held.ranks[number], number))

    def _place(self, mention: Mention) -> None:
        judged = judge(self.held, mention)
        old = self.held.spots.get(mention.id)
        self.held.near[mention.id] = judged.near
        if old is not None and old.cell == judged.spot.cell:
            self.held.spots[mention.id] = judged.spot
            return
        if old is not None:
            self._take(mention, old)
        self._put(mention, judged.spot)

    def _put(self, mention: Mention, spot: Spot) -> None:
        cell = self.held.cell(spot.cell)
        before = cell.core
        cell.put(mention.rank, mention.id)
        self.held.spots[mention.id] = spot
        self._moved(mention, cell, before=before)
        if self._latest is None or mention.rank > self._latest:
            self._latest = mention.rank
        if self._everyone is not None:
            self.held.index(mention.id, self._everyone)
        elif mention.id not in cell.core:
            self.held.sketches.drop(mention.id)

    def _take(self, mention: Mention, spot: Spot) -> None:
        cell = self.held.cells[spot.cell]
        before = cell.core
        cell.take(mention.rank, mention.id)
        self._moved(mention, cell, before=before)
        if before[0] == mention.id and not self.held.settled:
            for _, member in cell.members:
                self._wait(member)
        if not cell.members:
            del self.held.cells[spot.cell]

    def _moved(self, by: Mention, cell: Cell, *, before: list[int]) -> None:
        """A mention went in or out: whom that concerns is looked at again."""
        self._judged_by_somebody(by)
        after = cell.core
        if after == before:
            return
        for mention in before:
            if mention not in after:
                self.held.cores.remove(mention)
        for mention in after:
            self.held.index(mention, self.held.cores)
        if self._latest is not None and by.rank < self._latest and not self.held.settled:
            for mention in {*before, *after}:
                self._look_again(mention, by.rank)

    def _judged_by_somebody(self, by: Mention) -> None:
        for digest in self.held.orders.verdicts.get(by.digest, ()):
            for other in self.held.digests.get(digest, ()):
                if other in self.held.spots and self.held.ranks[other] > by.rank:
                    self._wait(other)

    def _look_again(self, core: int, after: Rank) -> None:
        """Whoever ranks later and may have this core mention among its candidates."""
        reached = self._reached.get(core)
        if reached is None:
            reached = self._reached[core] = self._placed().near(self.held.sketches[core], wide=True).keys()
        for other in reached:
            if other in self.held.spots and self.held.ranks[other] > after:
                self._wait(other)

    def _placed(self) -> Index:
        if self._everyone is None:
            self._everyone = self.held.new_index()
            for number in self.held.spots:
                self.held.index(number, self._everyone)
        return self._everyone
