"""Two workers against one: the same backlog, a simulated provider that is the bottleneck of neither.

Usage: python bench/workers.py [--quick] [--conversations 20000] [--concurrency 48] [--latency 0.8]
Workers, provider and PostgreSQL are processes of their own on this machine. Printed: seconds from the first job
to the last saved reading with one worker and with two (bound: ratio 0.6), then the same with two of which one is
killed with -9 in the middle (nothing lost; what was paid twice was in flight and is in the ledger as lost), then
three workers at a limit of requests a minute (bound: 5 % over it). Exits 1 when a bound is missed.
--quick: 2,000 conversations. --only: one of the three.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.backlogs import Outcomes, backlog
from tests.processes import Postgres

MOST_RATIO, MOST_OVER = 0.6, 0.05
PER_MINUTE = 1_200
LEASE = "5"


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--conversations", type=int, default=20_000)
    asked.add_argument("--concurrency", type=int, default=48)
    asked.add_argument("--latency", type=float, default=0.8)
    asked.add_argument("--only", choices=("ratio", "kill", "limit"), default=None)
    options = asked.parse_args()
    if options.quick:
        options.conversations = 2_000
    folder = Path(tempfile.mkdtemp(prefix="earshot-workers-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        return asyncio.run(go(folder, options))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def go(folder: Path, options: argparse.Namespace) -> int:
    print(f"{options.conversations:,} conversations, {options.concurrency} calls at once, {os.cpu_count()} cores")
    async with Postgres.started(folder / "postgres", settings=["synchronous_commit = on"]) as postgres:
        wrong = 0
        if options.only in (None, "ratio"):
            wrong += await ratio(folder, postgres, options)
        if options.only in (None, "kill"):
            wrong += await kill(folder, postgres, options)
        if options.only in (None, "limit"):
            wrong += await limit(folder, postgres)
    return int(wrong > 0)


async def ratio(folder: Path, postgres: Postgres, options: argparse.Namespace) -> int:
    one = await timed(folder, postgres, options, workers=1)
    two = await timed(folder, postgres, options, workers=2)
    print(f"one worker {one:.1f} s, two {two:.1f} s: ratio {two / one:.2f} (bound {MOST_RATIO})", flush=True)
    return int(two / one > MOST_RATIO)


async def timed(folder: Path, postgres: Postgres, options: argparse.Namespace, *, workers: int) -> float:
    async with backlog(
        folder, postgres, size=options.conversations, latency=options.latency, **calls(options)
    ) as it:
        for _ in range(workers):
            await it.worker()
        await it.begin(workers)
        seconds = await it.down_to(0, within=3600)
        return seconds if sound(await it.outcomes(), options.conversations, what=f"{workers} worker(s)") else 1e9


async def kill(folder: Path, postgres: Postgres, options: argparse.Namespace) -> int:
    more = {**calls(options), "EARSHOT_WORKERS__LEASE_SECONDS": LEASE}
    async with backlog(folder, postgres, size=options.conversations, latency=options.latency, **more) as it:
        first, _ = await it.worker(), await it.worker()
        await it.begin(2)
        await it.down_to(options.conversations * 6 // 10, within=3600)
        first.kill()
        seconds = await it.down_to(0, within=3600)
        found = await it.outcomes()
    print(f"one of two killed at 40 %: the other ended after {seconds:.1f} s more", flush=True)
    return int(not sound(found, options.conversations, what="killed", in_flight=options.concurrency))


async def limit(folder: Path, postgres: Postgres) -> int:
    size = 2 * PER_MINUTE
    more = {"EARSHOT_LLM__REQUESTS_PER_MINUTE": str(PER_MINUTE), "EARSHOT_LLM__CONCURRENCY": "48"}
    async with backlog(folder, postgres, size=size, latency=0.8, **more) as it:
        for _ in range(3):
            await it.worker()
        await it.begin(3)
        await it.down_to(0, within=600)
        found = await it.outcomes()
    busiest = most_in_a_minute(found.starts)
    used = (len(found.starts) - 1) / (found.starts[-1] - found.starts[0]).total_seconds() * 60
    print(
        f"three workers at {PER_MINUTE} a minute: most in any minute {busiest}, on average {used:.0f}", flush=True
    )
    return int(busiest > PER_MINUTE * (1 + MOST_OVER) or used < PER_MINUTE * (1 - MOST_OVER))


def most_in_a_minute(starts: list[datetime]) -> int:
    """The most calls that began within any 60 seconds."""
    most = first = 0
    for last, moment in enumerate(starts):
        while moment - starts[first] >= timedelta(seconds=60):
            first += 1
        most = max(most, last - first + 1)
    return most


def sound(found: Outcomes, size: int, *, what: str, in_flight: int = 0) -> bool:
    """Whether everything was read, and nothing paid twice but what was in flight and is known as lost."""
    good = found.read == size and found.twice == found.known and found.charged - size <= 2 * in_flight
    twice = f"{found.twice} paid twice ({found.known} known to be lost)"
    print(
        f"  {what}: {found.read:,} read, {found.charged:,} paid, {twice}{'' if good else '  NOT SOUND'}", flush=True
    )
    return good


def calls(options: argparse.Namespace) -> dict[str, str]:
    return {
        "EARSHOT_LLM__CONCURRENCY": str(options.concurrency),
        "EARSHOT_LLM__REQUESTS_PER_MINUTE": "60000",
    }


if __name__ == "__main__":
    sys.exit(main())
