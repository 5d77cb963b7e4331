"""The chore SWEEP: collect batches, follow tickets, drop what is old, watch the bounds."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from earshot.errors import EarshotError
from earshot.pipeline.acting.following import follow_up
from earshot.pipeline.backlog.tracking import keep_in_step
from earshot.pipeline.batches.flow import collect
from earshot.pipeline.parts import Parts
from earshot.pipeline.rounds import conclude
from earshot.pipeline.scheduling.order import Done, Order
from earshot.pipeline.watching.watching import watch

_PATIENCE = 240.0
"""Seconds for which answers of a batch wait for a run that is at work; then they are left to it."""
Told = tuple[str, tuple[str, ...]]
"""What a part did ("": nothing worth telling), and problems."""


async def sweep(parts: Parts, order: Order) -> Done:
    """All parts in turn; one that fails does not keep the others from their work."""
    told: list[str] = []
    problems: list[str] = []
    for part in (_batches, _tickets, _prune, _watch):
        words, faults = await _tried(parts, order, part=part)
        told += [words] if words else []
        problems += faults
    words = " ".join([*told, *problems])
    return Done(ok=not problems, words=words or "Nothing to do.", idle=not words)


async def _tried(parts: Parts, order: Order, *, part: Callable[[Parts, Order], Awaitable[Told]]) -> Told:
    try:
        return await part(parts, order)
    except EarshotError as error:
        return "", (str(error),)


async def _batches(parts: Parts, _: Order) -> Told:
    if parts.make_llm is None or not await _open_batches(parts):
        return "", ()
    found = await collect(parts, parts.make_llm())
    if not found.read:
        return "", found.problems
    try:
        await asyncio.wait_for(conclude(parts), _PATIENCE)
    except TimeoutError:
        return f"Batches brought {found.read:,} readings; the run at work goes on with them.", found.problems
    return f"Batches brought {found.read:,} readings.", found.problems


async def _open_batches(parts: Parts) -> bool:
    async with parts.store.unit() as unit:
        return bool(await unit.batches.unsettled())


async def _tickets(parts: Parts, _: Order) -> Told:
    followed = await follow_up(parts)
    await keep_in_step(parts)
    changed = len(followed.changed)
    return f"{changed:,} tickets changed." if changed else "", followed.problems


async def _prune(parts: Parts, _: Order) -> Told:
    before = parts.clock.now() - timedelta(days=parts.realtime.keep_days)
    async with parts.store.unit() as unit:
        await unit.jobs.prune(before=before)
        await unit.commit()
    return "", ()


async def _watch(parts: Parts, order: Order) -> Told:
    watched = await watch(parts, order.conditions.watch)
    return " ".join(watched.problems), ()
