"""Who is who: cells and themes keep their ids whatever happens to them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earshot.domain.grouping import Edit, Mention, Partition
from earshot.group.held import Held, cell_id
from earshot.group.orders import is_pin, pin_cell


@dataclass(frozen=True, slots=True)
class Births:
    """The theme that each cell would head: an ordinary cell its own, a pinning one that which the edit names."""

    pinned: Mapping[str, str]

    def of(self, cell: str) -> str:
        """The id of the theme that the cell heads or once headed."""
        if is_pin(cell):
            return self.pinned.get(cell, f"t{cell}")
        return f"t{cell[1:]}" if cell.startswith("c") else cell


def founded(mention: Mention) -> str:
    """The id of the theme that is born when the mention founds one."""
    return f"t{cell_id(mention)[1:]}"


def births_of(edits: Sequence[Edit]) -> Births:
    """The births under these edits."""
    return Births({pin_cell(edit.id): edit.into_id for edit in edits if edit.into_id})


def carry_cell_ids(held: Held, stored: Partition) -> None:
    """A new cell that took over the mentions of one that is no more goes on under its id."""
    lost: defaultdict[str, list[int]] = defaultdict(list)
    for number, placement in stored.placements.items():
        if placement.cell_id not in held.cells and number in held.mentions and not is_pin(placement.cell_id):
            lost[placement.cell_id].append(number)
    heirs = sorted((min((held.mentions[n].rank, n) for n in numbers), name) for name, numbers in lost.items())
    for (_, number), name in heirs:
        heir = held.spots[number].cell
        if heir not in stored.cells and heir not in lost and not is_pin(heir):
            held.rename(heir, name)


def theme_names(
    groups: Sequence[Sequence[str]], held: Held, *, before: Mapping[str, str], births: Births
) -> dict[str, str]:
    """The theme of every cell.

    A group goes on under the oldest theme that it holds the head of, unless a person merged that into another; a
    group that holds none is a new theme, called after its earliest cell.
    """
    claims = _claims(held, before, births=births)
    together = held.orders.together
    names: dict[str, str] = {}
    for group in groups:
        ordered = sorted(group, key=lambda name: (held.cells[name].first, name))
        claimed = [theme for name in ordered for theme in claims.get(name, ())]
        merged = [together[theme] for theme in claimed if theme in together]
        name = (merged or claimed or [births.of(ordered[0])])[0]
        names.update(dict.fromkeys(ordered, name))
    return names


def _claims(held: Held, before: Mapping[str, str], *, births: Births) -> dict[str, list[str]]:
    """Which cell stands for each theme of before: its head, or the earliest that is left of it."""
    left: defaultdict[str, list[str]] = defaultdict(list)
    for cell, theme in before.items():
        if cell in held.cells:
            left[theme].append(cell)
    claims: defaultdict[str, list[str]] = defaultdict(list)
    for theme, cells in sorted(left.items()):
        stands = min(cells, key=lambda name: (births.of(name) != theme, held.cells[name].first, name))
        claims[stands].append(theme)
    return claims
