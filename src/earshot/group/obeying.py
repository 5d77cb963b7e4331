"""What people and verdicts demand of themes, applied to the cells: which are one, which stay apart."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from earshot.domain.grouping import Decider, Rank
from earshot.group.held import Held
from earshot.group.identity import Births, founded
from earshot.group.likeness.score import same_matter
from earshot.group.likeness.sketch import Sketch
from earshot.group.orders import Pair, pair
from earshot.group.unions import Unions

_PERSON = 1_000
"""A person's word counts more than so many of a model's."""
_LARGE = 3
"""Groups of so many texts are made one by a model only where two pairs of texts, with none in common, agree: a text
may tell two matters, and a single word about it would make one theme of both."""
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Agreed:
    """Two cells that were said to tell one matter, and the texts of which it was said, in that order.

    `moved`: the first text would lie in the first cell, had it not been said to belong to the other; that moved it
    alone, and only bears out what is said of others.
    """

    one: str
    other: str
    texts: tuple[Pair, ...]
    by_person: bool = False
    moved: bool = False


def obey(unions: Unions, held: Held, *, before: Mapping[str, str], births: Births) -> list[Agreed]:
    """Keep apart and put together what people demanded; `before` is the stored theme of each cell.

    Gives back which cells verdicts about their mentions would make one (see `unite_agreed`).
    """
    yes, no = _judged_pairs(held)
    places = _Places(held, before=before, births=births)
    for one, other in no:
        unions.forbid([one], [other])
    for one, other in sorted(held.orders.apart):
        unions.forbid(places.cells_of(one), places.cells_of(other))
    for theme, into in sorted(held.orders.together.items()):
        unions.unite([*places.heads_of(theme)[:1], *places.heads_of(into)[:1]])
    for cell, pin in sorted(held.orders.by_cell.items()):
        if cell in held.cells:
            unions.unite([cell, *places.heads_of(pin.into)])
    return yes


def unite_agreed(unions: Unions, held: Held, *, agreed: Sequence[Agreed]) -> list[Agreed]:
    """Make one what was said to be one, the likest first; what is still to be confirmed is given back."""
    likest = sorted(agreed, key=lambda two: (-_alike(held, two), two.one, two.other))
    waiting = [two for two in likest if not two.moved]
    about: defaultdict[str, list[Agreed]] = defaultdict(list)
    for two in likest:
        about[two.one].append(two)
        about[two.other].append(two)
    changed = True
    while changed:
        changed, left = False, list[Agreed]()
        for two in waiting:
            if unions.is_settled(two.one, two.other):
                continue
            if two.by_person or _small(unions, held, two=two) or _confirmed(unions, about, two=two):
                unions.unite([two.one, two.other])
                changed = True
            else:
                left.append(two)
        waiting = left
    return waiting


def _alike(held: Held, two: Agreed) -> float:
    return round(same_matter(_centre(held, two.one), _centre(held, two.other)), _DIGITS)


def _small(unions: Unions, held: Held, *, two: Agreed) -> bool:
    """Whether one of the groups had so few texts when the pair was complete that one word about them is enough.

    What ranks later does not count: a group that grows must not fall out of its theme.
    """
    judged = {number for texts in two.texts for digest in texts for number in held.digests[digest]}
    latest = max(held.ranks[number] for number in judged)
    return held.bounds.core < _LARGE or any(
        len(_texts(unions, held, cell=cell, until=latest)) < _LARGE for cell in (two.one, two.other)
    )


def _texts(unions: Unions, held: Held, *, cell: str, until: Rank) -> set[str]:
    """The different texts of a cell's group that do not rank behind that."""
    members = (member for name in unions.with_(cell) for member in held.cells[name].members)
    return {held.mentions[number].digest for rank, number in members if rank <= until}


def _confirmed(unions: Unions, about: Mapping[str, Sequence[Agreed]], *, two: Agreed) -> bool:
    """Whether two pairs of texts with none in common say it of the same two groups; `about`: by cell."""
    others = {*unions.with_(two.other)}
    said = [(cell, word) for cell in unions.with_(two.one) for word in about.get(cell, ())]
    texts = [pair_ for cell, word in said if cell == word.one and word.other in others for pair_ in word.texts]
    texts += [(b, a) for cell, word in said if cell == word.other and word.one in others for a, b in word.texts]
    return any(a != c and b != d for (a, b), (c, d) in combinations(texts, 2))


def keep_together(unions: Unions, held: Held, *, before: Mapping[str, str]) -> None:
    """What was one theme stays one, but for what must not, where that is not to be found out again."""
    for cells in _by_theme(held, before).values():
        unions.unite(cells)


def part(held: Held, themes: Sequence[str], *, before: Mapping[str, str], births: Births) -> dict[str, str]:
    """`before`, as if what holds the heads of these themes had never been one: its cells go to the likest head."""
    heads = {births.of(cell): cell for cell in held.cells if births.of(cell) in themes}
    places = {before.get(cell) for cell in heads.values()}
    if len(heads) < len(themes) or len(places) != 1:
        return dict(before)
    ordered = sorted(heads.values(), key=lambda name: (held.cells[name].first, name))
    (place,) = places
    return {cell: _likest(held, cell, heads=ordered) if theme == place else theme for cell, theme in before.items()}


def _likest(held: Held, cell: str, *, heads: Sequence[str]) -> str:
    """The head that a cell resembles most, the earliest of equals."""
    if cell in heads or cell not in held.cells:
        return cell
    centre = _centre(held, cell)
    return max(heads, key=lambda head: same_matter(centre, _centre(held, head)))


def _centre(held: Held, cell: str) -> Sketch:
    return held.cells[cell].profile(held.cells[cell].core, held.sketches)


def _by_theme(held: Held, before: Mapping[str, str]) -> dict[str, list[str]]:
    """The cells of each theme, the earliest first."""
    held_by: defaultdict[str, list[str]] = defaultdict(list)
    for cell, theme in before.items():
        if cell in held.cells:
            held_by[theme].append(cell)
    return {theme: sorted(held_by[theme], key=lambda n: (held.cells[n].first, n)) for theme in sorted(held_by)}


class _Places:
    """Where themes of before lie now."""

    def __init__(self, held: Held, *, before: Mapping[str, str], births: Births) -> None:
        self._held = held
        self._heads: defaultdict[str, list[str]] = defaultdict(list)
        self._cells: defaultdict[str, set[str]] = defaultdict(set)
        for name in held.cells:
            birth = births.of(name)
            self._heads[birth].append(name)
            self._cells[birth].add(name)
            if name in before:
                self._cells[before[name]].add(name)

    def heads_of(self, theme: str) -> list[str]:
        """The cells that head a theme, or failing that its earliest one, or the one that took in its founder."""
        return sorted(self._heads.get(theme, ())) or self.cells_of(theme)[:1] or self._with_founder(theme)

    def cells_of(self, theme: str) -> list[str]:
        """The cells of a theme, the earliest first."""
        return sorted(self._cells.get(theme, ()), key=lambda name: (self._held.cells[name].first, name))

    def _with_founder(self, theme: str) -> list[str]:
        founders = (number for number, mention in self._held.mentions.items() if founded(mention) == theme)
        return [self._held.spots[number].cell for number in founders][:1]


def _judged_pairs(held: Held) -> tuple[list[Agreed], list[Pair]]:
    """Pairs of cells that verdicts about their mentions make one, and those that they keep apart, in order.

    More yes than no makes one; otherwise a no keeps apart.
    """
    tally: defaultdict[Pair, int] = defaultdict(int)
    texts: defaultdict[Pair, list[Pair]] = defaultdict(list)
    for digest, others in sorted(held.orders.verdicts.items()):
        here = _cells_with(held, digest)
        for other, word in sorted(others.items()) if here else ():
            if digest < other:
                weight = _PERSON if word.decided_by is Decider.PERSON else 1
                there = _cells_with(held, other)
                for two in {pair(one, another) for one in here for another in there if one != another}:
                    tally[two] += weight if word.same else -weight
                    if word.same:
                        texts[two].append((digest, other) if two[0] in here else (other, digest))
    yes = [
        Agreed(*two, texts=tuple(texts[two]), by_person=sum_ >= _PERSON // 2)
        for two, sum_ in sorted(tally.items())
        if sum_ > 0
    ]
    yes += _moved(held)
    return yes, [two for two, sum_ in sorted(tally.items()) if sum_ <= 0]


def _moved(held: Held) -> Iterable[Agreed]:
    """What a model's words say of the cells that single mentions were taken out of."""
    for number, spot in sorted(held.spots.items()):
        sure = spot.runner_up_probability is not None and spot.runner_up_probability >= held.bounds.join
        if spot.decided_by is Decider.MODEL and sure and spot.runner_up in held.cells:
            own = held.mentions[number].digest
            words = sorted(held.orders.verdicts.get(own, {}).items())
            texts = tuple(
                (own, other) for other, word in words if word.same and spot.cell in _cells_with(held, other)
            )
            if texts:
                yield Agreed(spot.runner_up, spot.cell, texts=texts, moved=True)


def _cells_with(held: Held, digest: str) -> set[str]:
    return {held.spots[mention].cell for mention in held.digests.get(digest, ()) if mention in held.spots}
