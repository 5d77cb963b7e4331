"""A machine that is cut off from the others, and comes back; what must hold afterwards is what a soak must hold."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tests.machines import HOST, Machine, as_their_own, machines
from tests.soak.actor import Actor
from tests.soak.course import Say, begin, end, manned
from tests.soak.stage import Scale, Stage, set_up
from tests.soak.truth import rows, table

WORKERS = 3


@dataclass(frozen=True)
class Cut:
    """How long a machine is cut off, how long all is well before and after, and how many changes come a second."""

    seconds: float = 60.0
    before: float = 15.0
    after: float = 30.0
    rate: float = 2.0
    conversations: int = 150
    seed: int = 1


async def partition(folder: Path, cut: Cut, *, say: Say) -> bool:
    """Three workers on machines of their own; one is cut off while work goes on. Whether everything was right."""
    with machines(WORKERS) as made:
        scale = Scale(conversations=cut.conversations, workers=WORKERS, webhook_faults=0.0, retry_seconds=5.0)
        befores = [machine.before for machine in made]
        async with (
            set_up(folder, seed=cut.seed, scale=scale, host=HOST, machines=befores) as stage,
            as_their_own(made, stage.ports),
        ):
            await begin(stage, say)
            actor, over = Actor(stage.intercom, stage.texts, seed=cut.seed), asyncio.Event()
            async with manned(stage.crew):
                acting = asyncio.create_task(actor.live(per_second=cut.rate, stop=over))
                await asyncio.sleep(cut.before)
                await _cut(stage, made[1], cut.seconds, say=say)
                await asyncio.sleep(cut.after)
                over.set()
                await acting
                await stage.postbox.calm()
            good = table(await end(stage, say=say), say)
            for death in stage.crew.deaths:
                say(f"FAULT  {death}")
            say("all as it must be" if good and not stage.crew.deaths else "NOT as it must be")
            return good and not stage.crew.deaths


async def _cut(stage: Stage, machine: Machine, seconds: float, *, say: Say) -> None:
    """Cut one off; work of the others must go on meanwhile."""
    before = await _settled(stage)
    machine.cut()
    say(f"{machine.name} is cut off, {before} notifications are settled")
    try:
        await asyncio.sleep(seconds)
        after = await _settled(stage)
    finally:
        machine.mend()
    say(f"{machine.name} is back, {after} notifications are settled")
    assert after > before, "the others stood still"


async def _settled(stage: Stage) -> int:
    found = await rows(stage.database_url, "select count(*) as n from live_turn where settled_version = version")
    return int(found[0]["n"])
