"""Orders: what people and remembered verdicts demand of the partition, before any score is asked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from earshot.domain.grouping import Decider, Edit, EditKind, Verdict

Pair = tuple[str, str]


class Word(NamedTuple):
    """Whether two texts tell the same matter, who said so, and why."""

    same: bool
    decided_by: Decider
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pin:
    """What a conversation's mention of one theme belongs to instead, by a person's split or move."""

    cell: str
    out_of: str
    into: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Orders:
    """Verdicts by digest, pins by conversation, themes that are one or must stay two.

    `together` leads from a theme to the one it goes into, already followed to the end.
    """

    verdicts: Mapping[str, Mapping[str, Word]] = field(default_factory=dict[str, dict[str, Word]])
    pins: Mapping[str, Sequence[Pin]] = field(default_factory=dict[str, list[Pin]])
    together: Mapping[str, str] = field(default_factory=dict[str, str])
    apart: frozenset[Pair] = frozenset()
    opened: Mapping[str, datetime] = field(default_factory=dict[str, datetime])

    def takes(self, cell: str, said_at: datetime) -> bool:
        """Whether a score may put what was said then into a cell.

        What a person split off takes in only what was said after that, what a person moved takes in nothing: taking
        out a theme's earliest mentions must not drag the others along.
        """
        return not is_pin(cell) or (cell in self.opened and said_at > self.opened[cell])

    @property
    def by_cell(self) -> dict[str, Pin]:
        """Pins by the cell that holds what they pinned."""
        return {pin.cell: pin for pins in self.pins.values() for pin in pins}


def pair(one: str, other: str) -> Pair:
    """Two ids in order."""
    return (one, other) if one <= other else (other, one)


def orders_of(edits: Sequence[Edit], verdicts: Iterable[Verdict]) -> Orders:
    """What is in force. Where a model and a person disagree the person is right; otherwise the later word is."""
    said: defaultdict[str, dict[str, Word]] = defaultdict(dict)
    apart: set[Pair] = set()
    for verdict in sorted(verdicts, key=_weight):
        two, word = pair(verdict.one, verdict.other), Word(verdict.same, verdict.decided_by, verdict.reason)
        (apart.discard if verdict.same else apart.add)(two)
        said[verdict.one][verdict.other] = said[verdict.other][verdict.one] = word
    into: dict[str, str] = {}
    pins: defaultdict[str, list[Pin]] = defaultdict(list)
    for edit in sorted((one for one in edits if one.undone_at is None), key=lambda one: (one.made_at, one.id)):
        if edit.into_id is None or edit.into_id == edit.theme_id:
            continue
        if edit.kind is EditKind.MERGE:
            into[edit.theme_id] = edit.into_id
            into.pop(edit.into_id, None)
            apart.discard(pair(edit.theme_id, edit.into_id))
        else:
            apart.add(pair(edit.theme_id, edit.into_id))
            for conversation in edit.conversations:
                pins[conversation].append(Pin(pin_cell(edit.id), edit.theme_id, edit.into_id, edit.reason))
    opened = {
        pin_cell(edit.id): edit.made_at for edit in edits if edit.kind is EditKind.SPLIT and edit.undone_at is None
    }
    return Orders(dict(said), dict(pins), {one: _end(one, into) for one in into}, frozenset(apart), opened)


def pin_cell(edit_id: str) -> str:
    """The id of the cell that holds what an edit pinned."""
    return f"e{edit_id}"


def is_pin(cell: str) -> bool:
    """Whether a cell holds what an edit pinned."""
    return cell.startswith("e")


def _weight(verdict: Verdict) -> tuple[bool, object, str, str]:
    return verdict.decided_by is Decider.PERSON, verdict.decided_at, verdict.one, verdict.other


def _end(one: str, into: Mapping[str, str]) -> str:
    seen = {one}
    while one in into and into[one] not in seen:
        one = into[one]
        seen.add(one)
    return one
