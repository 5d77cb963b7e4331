"""Use case: what a run does after its rules: act on everything that is in, and read back where tickets stand."""

from earshot.pipeline.acting.acting import act
from earshot.pipeline.acting.following import follow_up
from earshot.pipeline.acting.tally import Acted
from earshot.pipeline.backlog.tracking import keep_in_step
from earshot.pipeline.parts import Parts

RUN_PATIENCE = 10.0
"""Seconds that a run waits for the next try before it leaves it to the next run."""


async def act_on(parts: Parts) -> Acted:
    """Plan and deliver what a batch led to, then let links and the backlog follow their tickets."""
    acted = await act(parts, settled=True, patience=RUN_PATIENCE)
    followed = await follow_up(parts)
    await keep_in_step(parts)
    return acted.model_copy(update={"problems": (*acted.problems, *followed.problems)})
