"""The chore AUDIT: draw the sample of the week before, once."""

from earshot.pipeline.audits.sampling import draw_week
from earshot.pipeline.parts import Parts
from earshot.pipeline.scheduling.order import Done, Order


async def draw_sample(parts: Parts, order: Order) -> Done:
    """Draw it; the same week drawn again changes nothing."""
    done = await draw_week(parts, order.tick)
    if done is None:
        return Done(ok=True, words="Nothing was read of the week before: there is nothing to label.", idle=True)
    week = f"the week of {done.sample.since:%Y-%m-%d}"
    if not done.new:
        return Done(ok=True, words=f"The sample of {week} was drawn before.", idle=True)
    return Done(ok=True, words=f"{done.members:,} conversations of {week} wait for labels.")
