"""Use case: act: plan what is due, deliver it, and wait for what falls due soon."""

import asyncio

from earshot.pipeline.acting.delivering import Worker
from earshot.pipeline.acting.planning import Planner
from earshot.pipeline.acting.tally import Acted, Tally
from earshot.pipeline.acting.warning import warn
from earshot.pipeline.parts import Parts

_FRUITLESS = 3
"""Naps after which nothing came although it was said to be due: another process is at it."""


async def act(
    parts: Parts,
    *,
    settled: bool = False,
    patience: float = 0.0,
    stop: asyncio.Event | None = None,
    brief: bool = False,
) -> Acted:
    """Plan and deliver until nothing falls due within `patience` seconds; longer waits are left to the next round.

    `settled` says that a batch is in completely, so that nothing waits for more of the same. Safe to cancel and to
    kill: what was leased is looked up later. With `stop` set, what is under way is finished and the rest left.
    `brief`: a few actions, the urgent ones first, are planned and what is due sent; another round does the rest.
    """
    tally = Tally()
    planner = Planner(parts)
    worker = Worker(parts, planner.tools, tally=tally, stop=stop)
    fruitless, told = 0, False
    try:
        while fruitless < _FRUITLESS:
            planned, more = await planner.plan_due(settled=settled)
            tally.plan(planned)
            begun = await worker.deliver()
            if brief:
                break
            if more and not worker.stopped:
                continue
            warned = await warn(planner, settled=settled) if planned or begun or not told else []
            told = True
            tally.plan(warned)
            fruitless = 0 if planned or begun or warned else fruitless + 1
            if not warned and not await worker.nap(longest=patience):
                break
    finally:
        await worker.finish()
    waiting = 0 if brief else await worker.waiting()
    return tally.acted(waiting=waiting)
