"""A worker process for tests: says which jobs it begins, and ends those whose key does not begin with "slow"."""

import asyncio
import sys
from datetime import timedelta

from earshot.domain.job import JobName, Lane
from earshot.store.address import parse
from earshot.store.jobs.engine import PostgresEngine


def say(line: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def serve(key: str) -> None:
    """One job."""
    say(f"begins {key}")
    if key.startswith("slow"):
        await asyncio.Event().wait()
    say(f"ends {key}")


async def main(url: str) -> None:
    """Serve until killed."""
    engine = PostgresEngine(parse(url, name="worker"), heartbeat=timedelta(seconds=1))
    await engine.serve({JobName.READ: serve}, lane=Lane.BACKGROUND, concurrency=4, stop=asyncio.Event())


asyncio.run(main(sys.argv[1]))
