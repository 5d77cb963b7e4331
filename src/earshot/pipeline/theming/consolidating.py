"""Use case: everything grouped from scratch, in memory, and compared with what is stored. Nothing moves."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from earshot.domain.grouping import EditKind, Partition, Proposal
from earshot.domain.model import Noun
from earshot.domain.run import Run
from earshot.group.regroup import Given, Regroup
from earshot.pipeline.locks import LINE
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.comparing import adjusted_rand, counterparts
from earshot.pipeline.theming.regroup import ALL, embeddings

KIND = "consolidate"
"""What such a run is called among the runs; its `classified` counts the mentions that there were."""
DAILY = timedelta(hours=20)
"""No grouping consolidates again before this has passed."""
FEWEST, GROWTH = 50, 0.05
"""Mentions that must have come since the last time: so many, and this share of those there were."""


class Consolidated(Noun):
    """What a grouping from scratch found: its themes beside the stored ones, and the merges it proposes.

    `agreement` is the adjusted Rand index of the two, 1 for equal, over what people left to the program.
    """

    mentions: int
    themes: int
    fresh: int
    agreement: float
    proposals: tuple[Proposal, ...] = ()


async def consolidate(parts: Parts) -> Consolidated:
    """Group everything from scratch with the weights that words have by now, compare, and keep what it proposes."""
    async with parts.store.exclusive(LINE):
        return await _consolidate(parts)


async def consolidate_when_due(parts: Parts, *, mentions: int, placed: int) -> Consolidated | None:
    """The part of a grouping: once a day at most, and when enough came in since the last time.

    `mentions` is how many there are by now, `placed` how many of them are new. The first grouping was from scratch.
    """
    now = parts.clock.now()
    async with parts.store.unit() as unit:
        last = await unit.runs.latest(KIND, only_ok=True)
    base = last.classified if last is not None else mentions - placed
    fresh = last is not None and now - last.started_at < DAILY
    if not placed or not base or fresh or mentions - base < max(FEWEST, GROWTH * base):
        return None
    parts.progress.say("Checking the themes from scratch; nothing moves by itself.")
    return await _consolidate(parts)


async def _consolidate(parts: Parts) -> Consolidated:
    run = Run(id=parts.ids.new(), kind=KIND, started_at=parts.clock.now())
    async with parts.store.unit() as unit:
        state = await unit.themes.partition()
        mentions = [one for one in await unit.themes.mentions(ALL) if one.id in state.placements]
        given = Given(
            stored=Partition(),
            settings=parts.group,
            verdicts=await unit.themes.verdicts(),
            embeddings=await embeddings(parts, unit, mentions=mentions),
        )
        fresh = Regroup(mentions, given).themes()
        stored = {one.id: state.cells[state.placements[one.id].cell_id] for one in mentions}
        await unit.themes.propose(_proposed(stored, fresh, now=run.started_at))
        kept = tuple(await unit.themes.proposals())
        await unit.runs.start(run)
        ended = {"classified": len(mentions), "ok": True, "ended_at": parts.clock.now()}
        await unit.runs.finish(run.model_copy(update=ended))
        await unit.commit()
    free = _free(state, stored)
    return Consolidated(
        mentions=len(stored),
        themes=len(set(stored.values())),
        fresh=len(set(fresh.values())),
        agreement=adjusted_rand([stored[n] for n in free], [fresh[n] for n in free]),
        proposals=kept,
    )


def _proposed(stored: Mapping[int, str], fresh: Mapping[int, str], *, now: datetime) -> list[Proposal]:
    return [
        Proposal(one_id=one, other_id=other, probability=share, reason=reason, proposed_at=now)
        for one, other, share, reason in counterparts(stored, fresh)
    ]


def _free(state: Partition, stored: Mapping[int, str]) -> list[int]:
    """Mentions in themes that no person merged, split or moved."""
    edits = [edit for edit in state.edits if edit.kind is not EditKind.RENAME]
    touched = {one for edit in edits for one in (edit.theme_id, edit.into_id)}
    return [number for number, theme in stored.items() if theme not in touched]
