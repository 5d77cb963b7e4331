"""What became of themes in one grouping, as events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from earshot.domain.grouping import Change, Edit, EditKind, Lineage
from earshot.group.held import Held
from earshot.group.orders import pin_cell


@dataclass(frozen=True, slots=True)
class Turn:
    """The theme of each cell before and after, the edits in force, and when it happened."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    edits: Sequence[Edit]
    now: datetime


def lineage_of(turn: Turn, held: Held) -> tuple[Lineage, ...]:
    """The events, each with the mentions that the theme holds now (or took with it)."""
    counts: dict[str, int] = {}
    for cell, theme in turn.after.items():
        counts[theme] = counts.get(theme, 0) + len(held.cells[cell].members)
    told = [*_arrivals(turn), *_departures(turn), *_moves(turn)]
    sized = (
        event.model_copy(update={"mentions": _mentions(event, turn, held=held, counts=counts)}) for event in told
    )
    return tuple(sorted(sized, key=lambda event: (event.change, event.theme_id, event.other_id or "")))


def _mentions(event: Lineage, turn: Turn, *, held: Held, counts: Mapping[str, int]) -> int:
    if event.change in {Change.JOINED, Change.MERGED}:
        cells = (cell for cell, theme in turn.before.items() if theme == event.theme_id and cell in held.cells)
        return sum(len(held.cells[cell].members) for cell in cells)
    if event.change is Change.MOVED:
        cells = (pin_cell(edit.id) for edit in _of_kind(turn, EditKind.MOVE) if edit.theme_id == event.theme_id)
        return sum(
            len(held.cells[cell].members) for cell in cells if cell in held.cells and cell not in turn.before
        )
    return counts.get(event.theme_id, 0)


def _arrivals(turn: Turn) -> Iterable[Lineage]:
    split = {edit.into_id: edit for edit in _of_kind(turn, EditKind.SPLIT)}
    new = set(turn.after.values()) - set(turn.before.values())
    sources: dict[str, str] = {}
    for cell, theme in sorted(turn.after.items()):
        if theme in new and cell in turn.before:
            sources.setdefault(theme, turn.before[cell])
    for theme in sorted(new):
        edit = split.get(theme)
        if edit is not None:
            yield _by_person(edit, turn, theme=theme, change=Change.SPLIT, other=edit.theme_id)
        else:
            source = sources.get(theme)
            change = Change.SPLIT if source else Change.BORN
            yield Lineage(theme_id=theme, change=change, other_id=source, at=turn.now)


def _departures(turn: Turn) -> Iterable[Lineage]:
    merged = {edit.theme_id: edit for edit in _of_kind(turn, EditKind.MERGE)}
    lost = set(turn.before.values()) - set(turn.after.values())
    into: dict[str, str] = {}
    for cell, theme in sorted(turn.before.items()):
        if theme in lost and cell in turn.after:
            into.setdefault(theme, turn.after[cell])
    for theme in sorted(lost):
        edit, other = merged.get(theme), into.get(theme)
        if other is None:
            yield Lineage(theme_id=theme, change=Change.EMPTIED, at=turn.now)
        elif edit is not None:
            yield _by_person(edit, turn, theme=theme, change=Change.MERGED, other=other)
        else:
            yield Lineage(theme_id=theme, change=Change.JOINED, other_id=other, at=turn.now)


def _moves(turn: Turn) -> Iterable[Lineage]:
    for edit in _of_kind(turn, EditKind.MOVE):
        cell = pin_cell(edit.id)
        if cell in turn.after and cell not in turn.before:
            yield _by_person(edit, turn, theme=edit.theme_id, change=Change.MOVED, other=edit.into_id)


def _of_kind(turn: Turn, kind: EditKind) -> list[Edit]:
    return [edit for edit in turn.edits if edit.kind is kind and edit.undone_at is None]


def _by_person(edit: Edit, turn: Turn, *, theme: str, change: Change, other: str | None) -> Lineage:
    return Lineage(theme_id=theme, change=change, other_id=other, actor=edit.actor, reason=edit.reason, at=turn.now)
