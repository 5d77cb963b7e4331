"""Judging a mention: which cell it joins, by what was said, by people's pins, and by the score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earshot.domain.grouping import Decider, Mention, Rank
from earshot.group.cell import Cell, Spot
from earshot.group.held import Held, Near, cell_id
from earshot.group.likeness.score import reasons
from earshot.group.orders import Pin, Word, is_pin

_UNSAID = Word(same=True, decided_by=Decider.SCORE)

_REASON_LIMIT = 300

_KEPT = 5
"""How many candidates are remembered of a judgement."""

Said = Mapping[str, Word]
"""What somebody said, by cell."""

_Option = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """Where a mention goes, and what else was near."""

    spot: Spot
    near: Near = ()


def judge(held: Held, mention: Mention) -> Judged:
    """Where the mention goes, by what ranks before it alone.

    A pin of a person comes first, then the likeliest cell that is likely enough and that nobody denied. When
    somebody said that it is the matter of an earlier mention it goes there instead; but when no score says where it
    lies it founds a cell all the same, and that cell joins the other's theme.
    """
    said = said_of(held, mention)
    options = _options(held, mention, said=said)
    near = tuple((cell, probability) for probability, cell in options[:_KEPT])
    natural = options[0] if options and options[0][0] >= held.bounds.join else None
    pin = _pinned(held, mention, natural=natural)
    if pin is not None:
        return Judged(Spot(pin.cell, decided_by=Decider.PERSON, reason=pin.reason), near)
    agreed = {name: word for name, word in said.items() if word.same}
    if natural is None:
        word = min(agreed.values(), default=_UNSAID, key=_person_first)
        return Judged(_spot((None, _own_cell(held, mention)), options, word=word), near)
    if agreed and natural[1] not in agreed:
        natural = 1.0, min(agreed, key=lambda cell: (held.cells[cell].first, cell))
    word = agreed.get(natural[1]) or _UNSAID._replace(reason=_reason(held, mention, cell=natural[1]))
    return Judged(_spot(natural, options, word=word), near)


def said_of(held: Held, mention: Mention) -> dict[str, Word]:
    """What was said about it and earlier mentions, by their cells; a person's word first, then a no."""
    said: dict[str, Word] = {}
    for digest, word in held.orders.verdicts.get(mention.digest, {}).items():
        for other in held.digests.get(digest, ()):
            if other in held.spots and held.ranks[other] < mention.rank:
                cell = held.spots[other].cell
                if cell not in said or _stronger(word, said[cell]):
                    said[cell] = word
    return said


def contradicted(held: Held, mention: Mention) -> bool:
    """Whether the place of a mention is not what was said of it, or rests on a word that is there no more."""
    spot, said = held.spots[mention.id], said_of(held, mention)
    agreed = {cell for cell, word in said.items() if word.same}
    if spot.cell in said and spot.cell not in agreed:
        return True
    if spot.decided_by is Decider.SCORE:
        return bool(agreed - {spot.cell})
    return spot.cell not in agreed and not (spot.probability is None and agreed)


def _options(held: Held, mention: Mention, *, said: Said) -> list[_Option]:
    """What it may join, the likeliest first; equally likely ones by age. What somebody denied is no option."""
    scored: list[tuple[float, Rank, str]] = []
    sketch, rank = held.sketches[mention.id], mention.rank
    for cell in held.candidates(sketch, rank):
        if cell.id in said and not said[cell.id].same:
            continue
        if not held.orders.takes(cell.id, mention.said_at):
            continue
        probability = held.probability(sketch, cell, before=rank)
        if probability >= held.bounds.keep:
            scored.append((-probability, cell.first, cell.id))
    return [(-minus, name) for minus, _, name in sorted(scored)]


def _pinned(held: Held, mention: Mention, *, natural: _Option | None) -> Pin | None:
    old = held.spots.get(mention.id)
    for pin in reversed(held.orders.pins.get(mention.conversation_id, ())):
        if old is not None and old.cell == pin.cell:
            return pin
        home = _home(held, mention, natural=natural)
        if held.theme_of(held.cells.get(home) or Cell(home, held.bounds.core)) == pin.out_of:
            return pin
    return None


def _home(held: Held, mention: Mention, *, natural: _Option | None) -> str:
    """The cell that it is taken out of: where the score puts it, or where it is once places are settled."""
    old = held.spots.get(mention.id)
    if old is not None and (held.settled or natural is None):
        return old.cell
    return natural[1] if natural is not None else cell_id(mention)


def _own_cell(held: Held, mention: Mention) -> str:
    """The cell that it founds: the one it heads already, or a new one."""
    old = held.spots.get(mention.id)
    if old is not None and held.cells[old.cell].first == mention.rank and not is_pin(old.cell):
        return old.cell
    again = 0
    while (name := cell_id(mention, again)) in held.cells:
        again += 1
    return name


def _reason(held: Held, mention: Mention, *, cell: str) -> str:
    before = held.cells[cell].core_before(mention.rank)
    said = reasons(held.sketches[mention.id], held.cells[cell].profile(before, held.sketches))
    return "; ".join(said)[:_REASON_LIMIT]


def _spot(chosen: tuple[float | None, str], options: Sequence[_Option], *, word: Word) -> Spot:
    probability, cell = chosen
    runner, runner_up = next((option for option in options if option[1] != cell), (None, None))
    return Spot(cell, probability, runner_up, runner, word.decided_by, word.reason)


def _stronger(one: Word, other: Word) -> bool:
    if (one.decided_by is Decider.PERSON) != (other.decided_by is Decider.PERSON):
        return one.decided_by is Decider.PERSON
    return not one.same and other.same


def _person_first(word: Word) -> tuple[bool, str, str]:
    return word.decided_by is not Decider.PERSON, word.decided_by, word.reason
