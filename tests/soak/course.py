"""The course of a soak: begin, rough, calm, rest, judge."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from earshot.ports.clock import SystemClock
from tests.soak.actor import Actor
from tests.soak.chaos import Chaos
from tests.soak.memory import Memory
from tests.soak.stage import RULES, Crew, Scale, Stage, set_up
from tests.soak.truth import PRESENT, Verdict, judge, rows, table

Say = Callable[[str], None]
_AT_REST: tuple[tuple[str, ...], ...] = (
    ("sync",),
    ("run", "--yes", "--format", "json", "--out", "report.json"),
    ("run", "--yes", "--format", "json", "--out", "report.json"),
    ("actions", "deliver"),
)


FULL = Scale()


@dataclass(frozen=True)
class Course:
    """How long and how rough. `calm`: the share of the time, at the end, in which nothing is killed."""

    seconds: float = 3600.0
    seed: int = 1
    rate: float = 2.0
    kill_every: float = 20.0
    command_every: float = 25.0
    calm: float = 0.3
    scale: Scale = FULL
    warm_seconds: float = 180.0
    growth_mb: float = 40.0
    """Megabytes an hour that a process may seem to grow; it must also have grown by `growth_least`."""
    growth_least: float = 25.0


async def soak(folder: Path, course: Course, *, say: Say) -> bool:
    """Play a course to its end; whether everything was as it must be."""
    async with set_up(folder, seed=course.seed, scale=course.scale) as stage:
        await begin(stage, say)
        faults, memory = await _play(stage, course, say=say)
        verdicts = await end(stage, say=say)
        good = table(verdicts, say)
        good &= _flat(memory, course, say)
        faults += stage.crew.deaths
        for fault in faults:
            say(f"FAULT  {fault}")
        say("all as it must be" if good and not faults else "NOT as it must be")
        return good and not faults


async def begin(stage: Stage, say: Say) -> None:
    """The first run by a person, who agrees to the cost and switches the rules on."""
    await ran(stage, "run", "--since", "400d", "--yes", "--format", "json", "--out", "report.json")
    for rule in RULES:
        await ran(stage, "rules", "on", rule, "--yes")
    say(f"begun with {len(stage.intercom.shelf)} conversations")


async def ran(stage: Stage, *arguments: str) -> str:
    """A command that must end well; what it said."""
    code, told = await stage.processes.run(*arguments)
    assert code == 0, f"earshot {' '.join(arguments)} ended with {code}: {told}"
    return told


async def _play(stage: Stage, course: Course, *, say: Say) -> tuple[list[str], Memory]:
    chaos, memory = Chaos(stage, seed=course.seed), Memory(stage.crew)
    over, calm = asyncio.Event(), asyncio.Event()
    actor = Actor(stage.intercom, stage.texts, seed=course.seed)
    async with manned(stage.crew):
        tasks = [
            asyncio.create_task(actor.live(per_second=course.rate, stop=over)),
            asyncio.create_task(chaos.rage(every=course.kill_every, stop=calm)),
            asyncio.create_task(chaos.command(every=course.command_every, stop=over)),
            asyncio.create_task(memory.watch(over)),
            asyncio.create_task(_report(actor, chaos, stage, stop=over, say=say)),
        ]
        await _first_end(tasks, course.seconds * (1 - course.calm))
        calm.set()
        say("calm: nothing is killed any more")
        await _first_end(tasks[:1] + tasks[2:], course.seconds * course.calm)
        over.set()
        await asyncio.gather(*tasks)
        await stage.postbox.calm()
        say(f"the workspace rests: {dict(actor.done.most_common())}")
        say(f"webhooks: {dict(stage.postbox.tally)}, answers {dict(stage.postbox.statuses)}")
        say(f"killed and run: {dict(chaos.done.most_common())}; starts {dict(stage.crew.starts)}")
    return chaos.faults, memory


async def _first_end(tasks: list[asyncio.Task[None]], seconds: float) -> None:
    """Wait so long; raise at once what any of them raises."""
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()


async def _report(actor: Actor, chaos: Chaos, stage: Stage, *, stop: asyncio.Event, say: Say) -> None:
    clock = SystemClock()
    began = clock.monotonic()
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), 30)
        except TimeoutError:
            say(
                f"{clock.monotonic() - began:6.0f} s  {actor.done.total():6} changes  "
                f"{stage.postbox.tally['acknowledged']:6} webhooks taken  {chaos.done.total():4} blows and runs  "
                f"{len(chaos.faults)} faults"
            )


@asynccontextmanager
async def manned(crew: Crew) -> AsyncGenerator[None]:
    """All posts manned within the block; at its end SIGTERM, which must end well."""
    stop = asyncio.Event()
    keeping = asyncio.create_task(crew.keep(stop))
    try:
        await asyncio.wait([keeping, asyncio.create_task(crew.ready())], return_when=asyncio.FIRST_COMPLETED)
        if keeping.done():
            keeping.result()
        yield
    finally:
        stop.set()
        await keeping
        crew.deaths += await crew.dismiss()


async def end(stage: Stage, *, say: Say) -> list[Verdict]:
    """Let everything that waits be done, without new schedules; then compare."""
    stage.processes.environment["EARSHOT_SCHEDULE__ENABLED"] = "false"
    faults: list[str] = []
    async with manned(stage.crew):
        for arguments in _AT_REST:
            stage.llm.finish_batches()
            code, told = await stage.processes.run(*arguments)
            if code:
                faults.append(f"earshot {' '.join(arguments)}: {code} {' '.join(told[-400:].split())}")
        rest = await at_rest(stage.database_url, within=180)
        say(f"at rest: {rest}")
    oracle = await stage.postgres.create("oracle")
    fresh = await stage.processes.start(
        "sync", "--since", "400d", environment={"DATABASE_URL": oracle, "EARSHOT_LLM__PROVIDER": ""}
    )
    if await fresh.ended(within=600):
        faults.append(f"the fresh sync failed: {fresh.text[-400:]}")
    verdicts = await judge(stage, oracle_url=oracle, untold=stage.postbox.untold)
    return [Verdict("commands at rest end well", len(_AT_REST), tuple(faults)), *verdicts]


async def at_rest(url: str, *, within: float) -> bool:
    """Wait until no job and no webhook waits; whether that came."""
    unsettled = "select 1 from live_turn where settled_version < version"
    for _ in range(int(within * 2)):
        if not await rows(url, PRESENT) and not await rows(url, unsettled):
            return True
        await asyncio.sleep(0.5)
    return False


def _flat(memory: Memory, course: Course, say: Say) -> bool:
    """Memory of processes that lived through the calm end: flat within the bound."""
    for name, size in memory.most().items():
        say(f"memory: {name} at most {size:.0f} MB")
    good = True
    least = course.seconds * course.calm * 0.5
    for name, (first, last, hourly) in memory.slopes(warm=course.warm_seconds, least=least).items():
        flat = hourly <= course.growth_mb or last - first <= course.growth_least
        good &= flat
        say(f"memory: {name} {first:.0f} -> {last:.0f} MB, {hourly:+.1f} MB/h {'flat' if flat else 'GROWS'}")
    return good
