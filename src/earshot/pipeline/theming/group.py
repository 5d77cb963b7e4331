"""Use case: give every new mention its theme, so that frequencies count; all at once, or one in real time."""

from collections.abc import Sequence
from datetime import datetime

from earshot.domain.run import Run
from earshot.pipeline.clashes import clash_safe
from earshot.pipeline.embedding.embed import embed_missing
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.consolidating import consolidate_when_due
from earshot.pipeline.theming.naming import name_themes
from earshot.pipeline.theming.placing import place
from earshot.pipeline.theming.regroup import ALL, Grouped, regroup_some
from earshot.pipeline.theming.settling import adjudicate
from earshot.ports.progress import Silent, Step

KIND = "group"
"""What a grouping is called among the runs."""
BATCH = 20_000
"""New mentions per transaction; the daily run of a large workspace fits in one."""


async def group(parts: Parts) -> int:
    """Place all mentions without a theme, obey what was deleted, edited and judged; how many were placed.

    Idempotent, and safe to kill: every batch is one transaction, and the next run goes on where this one ended.
    """
    async with parts.store.unit() as unit:
        waiting = await unit.themes.count_unplaced()
    step = parts.progress.step("Grouping into themes", waiting)
    await _embed(parts)
    placed, mentions = await _batches(parts, step=step)
    step.done()
    await adjudicate(parts)
    await name_themes(parts)
    await consolidate_when_due(parts, mentions=mentions, placed=placed)
    return placed


async def group_new(parts: Parts) -> int:
    """Only place what has no place yet: for real time, which asks no model and leaves names to the batch."""
    placed, _ = await _batches(parts, step=Silent().step(""))
    return placed


async def place_one(parts: Parts, conversation_id: str) -> list[str]:
    """Place what a conversation mentions among likely candidates; the themes of all its mentions, in order.

    For real time: candidates come from the store's index, so the place may be another one than a grouping finds.
    The next `group` leaves it where it is, as long as nothing before it changes.
    """
    async with parts.store.unit() as unit:
        themes = await place(parts, unit, conversation_id=conversation_id)
        await unit.commit()
    return themes


async def place_some(parts: Parts, conversation_ids: Sequence[str]) -> None:
    """The same for several, each in a transaction of its own."""
    for conversation_id in conversation_ids:
        await place_one(parts, conversation_id)


async def _batches(parts: Parts, *, step: Step) -> tuple[int, int]:
    """Place everything that waits; how many mentions were placed, and how many there are."""
    placed, since = 0, await _last(parts)
    while True:
        done = await clash_safe(lambda: _batch(parts, since))
        placed += done.placed
        step.advance(done.placed)
        if not done.left:
            return placed, done.mentions


async def _last(parts: Parts) -> datetime | None:
    """When the last grouping began."""
    async with parts.store.unit() as unit:
        last = await unit.runs.latest(KIND, only_ok=True)
    return last.started_at if last is not None else None


async def _batch(parts: Parts, since: datetime | None) -> Grouped:
    """One transaction; the last one of a grouping notes when it began."""
    run = Run(id=parts.ids.new(), kind=KIND, started_at=parts.clock.now(), ok=True)
    async with parts.store.unit() as unit:
        done = await regroup_some(parts, unit, most=BATCH, since=since)
        if not done.left and done.compared:
            await unit.runs.start(run.model_copy(update={"ended_at": parts.clock.now(), "classified": done.placed}))
        await unit.commit()
    return done


async def _embed(parts: Parts) -> None:
    """Make and keep the vectors that are missing, of what was placed before too."""
    if parts.make_embedder is None:
        return
    async with parts.store.unit() as unit:
        every = await unit.themes.mentions(ALL)
    await embed_missing(parts, every)
