"""A soak: webhooks, syncs, runs, batches and reports at once, everything killed at random, then the truth.

Usage: python bench/soak.py [--minutes 60] [--seed 1] [--rate 2] [--workers 2] [--kill-every 20] [--keep]
Simulated Intercom, model providers and tools live in this process; PostgreSQL, `earshot serve` and the workers are
processes of their own and are started again when they die. For the first 70 % of the time they, their children, the
database and commands that work beside them are killed with -9 (now and then SIGTERM, which must end well); in the
rest nothing is killed, and memory must stay flat. Then the workspace comes to rest, a last sync runs, and the
database is compared with the simulators: conversations and their words, deletions, readings, jobs, deliveries,
things at the tools, the invoice. Exits 1 when anything differs. The machine has two cores for all of it.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.soak.course import Course, soak
from tests.soak.stage import Scale

SHORT = 5.0
"""Below so many minutes everything that takes its time takes less."""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--minutes", type=float, default=60.0)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--rate", type=float, default=2.0, help="Changes of the workspace a second.")
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--kill-every", type=float, default=20.0, help="Seconds between blows, on average.")
    asked.add_argument("--keep", action="store_true", help="Keep the folder with all logs.")
    options = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="earshot-soak-"))
    try:
        good = asyncio.run(soak(folder, course(options), say=say))
    finally:
        if options.keep:
            say(f"logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


def course(options: argparse.Namespace) -> Course:
    scale = Scale(workers=options.workers)
    planned = Course(
        seconds=options.minutes * 60,
        seed=options.seed,
        rate=options.rate,
        kill_every=options.kill_every,
        scale=scale,
    )
    if options.minutes >= SHORT:
        return planned
    return replace(
        planned,
        command_every=6.0,
        calm=0.15,
        scale=replace(
            scale, conversations=40, daily="* * * * *", batch_seconds=3.0, latency=0.1, retry_seconds=3.0
        ),
        warm_seconds=3600.0,
    )


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
