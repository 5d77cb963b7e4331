"""Use case: what a run does after its rules: act on everything that is in, and read back where tickets stand."""

import asyncio

from earshot.pipeline.acting.acting import act
from earshot.pipeline.acting.following import follow_up
from earshot.pipeline.acting.tally import Acted
from earshot.pipeline.backlog.tracking import keep_in_step
from earshot.pipeline.parts import Parts

RUN_PATIENCE = 10.0
"""Seconds that a run waits for the next try before it leaves it to the next run."""
BEFORE_REPORT = 60.0
"""Seconds for which a run acts, the urgent first, before it reports; the rest follows the report."""


async def act_on(parts: Parts, *, within: float | None = None) -> Acted:
    """Plan and deliver what a batch led to, then let links and the backlog follow their tickets.

    After `within` seconds nothing new is begun, and the result says that it was cut short.
    """
    stop = asyncio.Event()
    timer = None if within is None else asyncio.get_running_loop().call_later(within, stop.set)
    try:
        acted = await act(parts, settled=True, patience=RUN_PATIENCE, stop=stop)
    finally:
        if timer is not None:
            timer.cancel()
    followed = await follow_up(parts)
    await keep_in_step(parts)
    update = {"problems": (*acted.problems, *followed.problems), "cut_short": stop.is_set()}
    return acted.model_copy(update=update)
