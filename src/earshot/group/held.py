"""What a grouping holds in memory: mentions, their sketches and places, the cells, and the index of their cores."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice

from earshot.domain.grouping import Mention, Rank
from earshot.group.cell import Cell, Spot
from earshot.group.index import Index
from earshot.group.likeness.packing import Packed, packed, unpacked
from earshot.group.likeness.score import same_matter
from earshot.group.likeness.sketch import Sketch
from earshot.group.orders import Orders

LEXICAL, REPLY, DENSE = 0.05, 0.12, 0.45
"""Whoever reaches none of these likenesses is no candidate: such pairs practically never tell the same matter."""

MOST = 12
"""So many cells are compared in earnest, those that are roughly the likest."""

_MENTIONS = 64
"""So many core mentions, the likest, lead to these cells."""

AT_HAND = 500
"""So many sketches are held ready (some 6 MB); a grouping of a large workspace holds as many as it has centres."""

_START, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

Near = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How sure a join must be, from where on candidates are worth remembering, and how big cores are."""

    join: float
    keep: float
    core: int


def cell_id(mention: Mention, again: int = 0) -> str:
    """The id of the cell that a mention founds: always the same one."""
    text = f"{mention.conversation_id}\x1f{mention.position}" + (f"\x1f{again}" if again else "")
    return "c" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def moment_of(rank: Rank) -> int:
    """The time of a rank in microseconds."""
    return (rank[0] - _START) // _MICROSECOND


def _no_theme(_cell: Cell) -> str | None:
    return None


class Sketches(dict[int, Sketch]):
    """Sketches by mention, made when first asked for; those of cores are kept, others may be dropped.

    As a mapping it holds some of the latest, AT_HAND at most; earlier ones are packed.
    """

    def __init__(self, mentions: Mapping[int, Mention], make: Callable[[Mention], Sketch]) -> None:
        super().__init__()
        self._mentions, self._make = mentions, make
        self._packed: dict[int, Packed] = {}

    def __missing__(self, number: int) -> Sketch:
        at_rest = self._packed.get(number)
        sketch = self._make(self._mentions[number]) if at_rest is None else unpacked(at_rest)
        if len(self) >= AT_HAND:
            self._put_away([*islice(self, AT_HAND // 2 + 1)])
        self[number] = sketch
        return sketch

    def _put_away(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            sketch = self.pop(number)
            if number not in self._packed:
                self._packed[number] = packed(sketch)

    def drop(self, number: int) -> None:
        """Forget a sketch; it is made again when it is asked for."""
        self.pop(number, None)
        self._packed.pop(number, None)


@dataclass
class Held:
    """Mentions by id, cells by id, mentions by digest. `near`: the candidates of those judged in this run.

    `sketch` makes a sketch of a mention, `theme_of` says which theme a cell belonged to before (for people's pins),
    `common` terms find no candidates. `settled`: what has its place keeps it, whatever comes. `unindexed`: cores of
    loaded cells are not in the index yet. They are put in when it is asked: that takes long, and a merge asks not.
    """

    bounds: Bounds
    sketch: Callable[[Mention], Sketch]
    orders: Orders = field(default_factory=Orders)
    theme_of: Callable[[Cell], str | None] = _no_theme
    common: frozenset[str] = frozenset()
    settled: bool = False
    mentions: dict[int, Mention] = field(default_factory=dict[int, Mention])
    ranks: dict[int, Rank] = field(default_factory=dict[int, Rank])
    spots: dict[int, Spot] = field(default_factory=dict[int, Spot])
    cells: dict[str, Cell] = field(default_factory=dict[str, Cell])
    near: dict[int, Near] = field(default_factory=dict[int, Near])
    digests: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    sketches: "Sketches" = field(init=False)
    unindexed: bool = field(default=False, init=False)
    _cores: Index = field(init=False)

    def __post_init__(self) -> None:
        self.sketches = Sketches(self.mentions, self.sketch)
        self._cores = self.new_index()

    @property
    def cores(self) -> Index:
        """The index of the cells' cores."""
        if self.unindexed:
            self.unindexed = False
            for cell in self.cells.values():
                for mention in cell.core:
                    self.index(mention, self._cores)
        return self._cores

    def new_index(self) -> Index:
        """An empty index with this grouping's bounds."""
        return Index(lexical=LEXICAL, reply=REPLY, dense=DENSE, common=self.common)

    def index(self, number: int, index: Index) -> None:
        """Put a mention into an index."""
        index.add(number, self.sketches[number], moment=moment_of(self.ranks[number]))

    def know(self, mention: Mention) -> None:
        """Take a mention in, without a place."""
        self.mentions[mention.id] = mention
        self.ranks[mention.id] = mention.rank
        self.digests[mention.digest].append(mention.id)

    def cell(self, name: str) -> Cell:
        """The cell of that id; a new one where there is none."""
        cell = self.cells.get(name)
        if cell is None:
            cell = self.cells[name] = Cell(name, self.bounds.core)
        return cell

    def rename(self, old: str, new: str) -> None:
        """Give a cell another id."""
        cell = self.cells.pop(old)
        cell.id = new
        self.cells[new] = cell
        for _, mention in cell.members:
            self.spots[mention] = self.spots[mention].in_cell(new)

    def candidates(self, sketch: Sketch, before: Rank) -> list[Cell]:
        """The cells with a core mention before that rank which resembles the sketch; the likest, roughly."""
        moment = moment_of(before)
        unless = [mention for mention in self.cores.at(moment) if self.ranks[mention] >= before]
        rough: dict[str, float] = {}
        for mention, likeness in self.cores.near(sketch, until=moment, unless=unless).best(_MENTIONS):
            name = self.spots[mention].cell
            rough[name] = max(rough.get(name, 0.0), likeness)
        cells = [self.cells[name] for name in rough]
        if len(cells) > MOST:
            cells.sort(key=lambda cell: (-rough[cell.id], cell.first))
        return cells[:MOST]

    def probability(self, sketch: Sketch, cell: Cell, *, before: Rank) -> float:
        """The probability that the sketch tells the matter of the cell as it was before that rank."""
        return same_matter(sketch, cell.profile(cell.core_before(before), self.sketches))

    def founder(self, cell: str) -> Mention:
        """The earliest mention of a cell."""
        return self.mentions[self.cells[cell].members[0][1]]
