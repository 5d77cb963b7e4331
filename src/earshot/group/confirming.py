"""Asking again, about others, before a word of a model makes one theme of two large groups."""

from collections.abc import Collection, Iterable, Sequence

from earshot.domain.grouping import Doubt, Mention
from earshot.group.doubting import candidate, doubt_about, speaks
from earshot.group.held import Held
from earshot.group.likeness.score import same_matter
from earshot.group.obeying import Agreed
from earshot.group.unions import Unions


def doubts_to_confirm(held: Held, unions: Unions, *, unconfirmed: Iterable[Agreed]) -> tuple[Doubt, ...]:
    """For each two groups that one word would join, a question about two mentions of which nothing was said."""
    found: dict[frozenset[str], Doubt] = {}
    for two in unconfirmed:
        groups = frozenset({unions.with_(two.one)[0], unions.with_(two.other)[0]})
        if groups not in found and not unions.is_settled(two.one, two.other):
            doubt = _doubt(held, unions, two=two)
            if doubt is not None:
                found[groups] = doubt
    return tuple(found.values())


def _doubt(held: Held, unions: Unions, *, two: Agreed) -> Doubt | None:
    one = _witness(held, unions.with_(two.one), without={a for a, _ in two.texts})
    other = _witness(held, unions.with_(two.other), without={b for _, b in two.texts})
    if one is None or other is None or other.digest in held.orders.verdicts.get(one.digest, {}):
        return None
    known, new = sorted((one, other), key=lambda mention: mention.rank)
    likeness = same_matter(held.sketches[known.id], held.sketches[new.id])
    return doubt_about(new, [candidate(held.spots[known.id].cell, known, probability=likeness)])


def _witness(held: Held, cells: Sequence[str], *, without: Collection[str]) -> Mention | None:
    """The earliest mention of a centre of these cells that may be shown and is none of these texts."""
    cores = sorted((held.ranks[number], number) for cell in cells for number in held.cells[cell].core)
    mentions = (held.mentions[number] for _, number in cores)
    return next((one for one in mentions if one.digest not in without and speaks(one)), None)
