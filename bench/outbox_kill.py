"""kill -9 at random moments of `earshot actions deliver`: every thing is made once, and nothing is lost.

Usage: python bench/outbox_kill.py [--kills 100] [--seed 1]
All simulated tools answer slowly enough that a process is killed while it waits for them. Each process works on
one shared outbox with short leases, so that later ones take over what the dead held. At the end undisturbed
processes finish the rest. Exits 1 when anything was lost or made twice. Slack and mail cannot be asked whether
something arrived: there "may have been sent" counts what was not sent again.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.contract.tools.case import order
from tests.flow.vendors import OPEN, PatientClock, Vendor, Watched, seed

from earshot.app import build
from earshot.domain.delivery import Delivery, DeliveryState, Op, Thing
from earshot.pipeline.earshot import Earshot
from earshot.settings import Secrets, load_settings
from earshot.sim.tools.server import running
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.toolbox import Toolbox

THINGS = {
    "jira": Thing.TICKET,
    "linear": Thing.TICKET,
    "productboard": Thing.FEEDBACK,
    "slack": Thing.MESSAGE,
    "pagerduty": Thing.PAGE,
    "hubspot": Thing.TASK,
    "email": Thing.MAIL,
    "webhook:sim": Thing.EVENT,
}
CHILD = """
import sys
import earshot.app, earshot.cli.actions, earshot.store, earshot.connectors.jira.tool, earshot.connectors.email.tool
from earshot.cli import main
print("ready", flush=True)
sys.exit(main(["actions", "deliver", "--patience", "15", "--json"]))
"""
LATENCY = 0.15
"""Seconds that a simulated tool takes for an answer."""
LONGEST = 1.5
"""Seconds that a process lives at most before it is killed."""
PIECE = 2
"""New things at each destination before each kill."""
MOST_RUNS = 60


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="earshot-outbox-kill-") as folder:
        return asyncio.run(go(Path(folder), kills=options.kills, number=options.seed))


async def go(folder: Path, *, kills: int, number: int) -> int:
    toolbox = Toolbox(ToolSimSettings(token="sim-token", latency_seconds=LATENCY, keep_requests=0))
    async with running(toolbox.apps) as url, toolbox.smtp.running("127.0.0.1", 0) as smtp:
        (folder / "earshot.toml").write_text(toolbox.sections(url) + "\n[act]\nlease_seconds = 10\n")
        env = environment(folder, toolbox.environment(smtp))
        settings = load_settings(env)
        secrets = Secrets.load(env, also=settings.secret_names)
        async with await build(settings, secrets=secrets) as earshot:
            things = await rough(earshot, env, kills=kills, dice=random.Random(number))
            await finish(earshot, env)
            return await judged(earshot, toolbox, things)


def environment(folder: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("EARSHOT_", "DATABASE_URL"))}
    places = {"EARSHOT_DATA_DIR": str(folder / "data"), "EARSHOT_CONFIG": str(folder / "earshot.toml")}
    return {**clean, **places, **secrets}


async def rough(earshot: Earshot, env: dict[str, str], *, kills: int, dice: random.Random) -> int:
    """Seed, start, kill; how many things there are at each destination."""
    things = killed = 0
    clock = PatientClock(earshot.parts.clock.now())
    tools = earshot.parts.make_tools()
    found = {
        name: Vendor(cast("Any", None), Watched(name, tools[name], clock), order(thing))
        for name, thing in THINGS.items()
    }
    while killed < kills:
        await seed(earshot.parts.store, found, first=things, count=PIECE, now=earshot.parts.clock.now())
        things += PIECE
        killed += await kill(env, after=dice.uniform(0.0, LONGEST))
        if killed % 10 == 0:
            print(f"{killed:4} killed, {things} things at each of {len(THINGS)} destinations", flush=True)
    return things


async def kill(env: dict[str, str], *, after: float) -> bool:
    process = await child(env)
    try:
        await asyncio.wait_for(process.wait(), after)
    except TimeoutError:
        process.send_signal(signal.SIGKILL)
        await process.communicate()
        return True
    await process.communicate()
    return False


async def child(env: dict[str, str]) -> asyncio.subprocess.Process:
    """A process whose libraries are loaded and that begins to deliver now."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, env=env, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    if await process.stdout.readline() != b"ready\n":
        sys.exit(f"the process did not begin: {await process.communicate()}")
    return process


async def finish(earshot: Earshot, env: dict[str, str]) -> None:
    for number in range(1, MOST_RUNS):
        process = await child(env)
        told, problems = await process.communicate()
        async with earshot.parts.store.unit() as unit:
            left = await unit.outbox.deliveries(states=OPEN, limit=1)
        if not left:
            print(f"{number} undisturbed processes finished the rest")
            return
        if process.returncode:
            print(told.decode(), problems.decode())
        await asyncio.sleep(2)
    sys.exit("the work never ends")


async def judged(earshot: Earshot, toolbox: Toolbox, things: int) -> int:
    async with earshot.parts.store.unit() as unit:
        rows = await unit.outbox.deliveries(limit=1_000_000)
    good = True
    for name in THINGS:
        tally = toolbox.tallies[name.partition(":")[0]]
        own = [row for row in rows if row.destination == name and (row.op is Op.CREATE or row.thing is Thing.EVENT)]
        unsure, doubled = sum(map(is_unsure, own)), sum(tally.duplicates.values())
        made = tally.objects - doubled
        undone = sum(row.state is not DeliveryState.DONE for row in own)
        lost = max(0, len(own) - unsure - made) + undone
        good = good and not lost and not doubled
        print(
            f"{name:14} things {things:4}  made {made:5}  lost {lost}  twice {doubled}  may have been sent {unsure}"
        )
    print("nothing lost, nothing twice" if good else "NOT good")
    return 0 if good else 1


def is_unsure(row: Delivery) -> bool:
    return row.note == "may have been sent"


if __name__ == "__main__":
    sys.exit(main())
