"""Mentions for tests, and what storing a regrouping does, in memory."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from earshot.domain.grouping import Decider, Mention, Partition, Placement, Regrouping, Verdict
from earshot.domain.reading import IssueType
from earshot.domain.theme import Lexicon
from earshot.group.regroup import regroup
from earshot.group.settings import GroupSettings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = GroupSettings()
WEIGHED = Lexicon(documents=1_000_000, frequencies={"the": 900_000})
"""Term counts that are never counted afresh, so that probabilities stand still."""


def mention(
    number: int,
    summary: str,
    *,
    at: float | None = None,
    kind: IssueType = IssueType.PRODUCT_BUG,
    conversation: str | None = None,
    position: int = 0,
    area: str | None = None,
    quote: str | None = None,
) -> Mention:
    return Mention(
        id=number,
        conversation_id=conversation or f"c{number}",
        position=position,
        issue_type=kind,
        area=area,
        summary=summary,
        quote=quote,
        said_at=NOW + timedelta(minutes=number if at is None else at),
    )


def verdict(one: Mention, other: Mention, *, same: bool, by: Decider = Decider.MODEL, at: int = 0) -> Verdict:
    return Verdict(
        one=one.digest,
        other=other.digest,
        same=same,
        decided_by=by,
        decided_as="test",
        decided_at=NOW + timedelta(seconds=at),
    )


def stored(partition: Partition, done: Regrouping) -> Partition:
    """The partition after a regrouping was stored."""
    placements = partition.placements | {placed.mention_id: placed for placed in done.placements}
    cells = {cell: theme for cell, theme in (partition.cells | done.cells).items() if cell not in done.gone}
    return partition.model_copy(
        update={
            "placements": placements,
            "cells": cells,
            "heads": partition.heads | {head.id: head for head in done.heads},
            "lexicon": done.lexicon or partition.lexicon,
            "conditions": done.conditions or partition.conditions,
        }
    )


def without(partition: Partition, gone: Iterable[int]) -> Partition:
    """The partition after mentions were deleted with all that was stored about them."""
    lost = set(gone)
    kept = {number: placed for number, placed in partition.placements.items() if number not in lost}
    return partition.model_copy(update={"placements": kept})


def cores(partition: Partition) -> Partition:
    """The partition with the placements of core mentions only."""
    kept = {number: placed for number, placed in partition.placements.items() if placed.core}
    return partition.model_copy(update={"placements": kept})


def afresh(
    mentions: Sequence[Mention],
    partition: Partition | None = None,
    *,
    verdicts: Sequence[Verdict] = (),
    holes: Sequence[str] = (),
    settings: GroupSettings = SETTINGS,
) -> Partition:
    """The partition after grouping these mentions."""
    before = partition or Partition(lexicon=WEIGHED)
    done = regroup(mentions, before, settings=settings, now=NOW, verdicts=verdicts, holes=holes)
    return stored(before, done)


def by_cell(partition: Partition, mentions: Sequence[Mention]) -> set[frozenset[int]]:
    return _parts({one.id: partition.placements[one.id].cell_id for one in mentions})


def by_theme(partition: Partition, mentions: Sequence[Mention]) -> set[frozenset[int]]:
    return _parts(themes(partition, mentions))


def themes(partition: Partition, mentions: Sequence[Mention]) -> dict[int, str]:
    """The theme of each mention."""
    return {one.id: partition.cells[partition.placements[one.id].cell_id] for one in mentions}


def _parts(names: dict[int, str]) -> set[frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, name in names.items():
        found.setdefault(name, set()).add(number)
    return {frozenset(members) for members in found.values()}


def core_placements(partition: Partition) -> dict[int, Placement]:
    return {number: placed for number, placed in partition.placements.items() if placed.core}
