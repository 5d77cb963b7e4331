"""Webhooks: how many become durable a second, how soon they are acknowledged, and that none is lost.

Usage: python bench/webhooks.py [--seconds 10] [--rate 500] [--rounds 2]      ratios to the bare endpoint
       python bench/webhooks.py --minutes 10 --rate 1000                      absolute figures over a long time
       python bench/webhooks.py --kills 20 [--rate 200]                       kill -9 of receiver and PostgreSQL
Everything is on this machine: sender, receiver and PostgreSQL (fsync on, a server of its own) share its cores. The
bare endpoint (bench/webhook_bare.py) commits one row for each request under the same server, loop and load.
Throughput is that of a closed loop of 64 connections; acknowledgement times are those of an open loop at --rate.
Bounds: at least 0.7 of the bare endpoint's throughput, p99 at most twice its; no acknowledged notification missing.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from earshot.store import driver

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.processes import Postgres, Processes, Running, free_port

HERE = Path(__file__).resolve().parent
LEAST_THROUGHPUT, MOST_P99 = 0.7, 2.0
DURABLE = ("fsync = on", "full_page_writes = on", "synchronous_commit = on", "max_connections = 50")
Figures = dict[str, Any]


def main(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="earshot-webhooks-") as name:
        Path(name).chmod(0o755)
        return asyncio.run(measure(Path(name), options))


async def measure(folder: Path, options: argparse.Namespace) -> int:
    async with Postgres.started(folder / "pg", listen="127.0.0.1", settings=DURABLE) as postgres:
        if options.kills:
            return await survive(postgres, folder, options)
        if options.minutes:
            return await last(postgres, folder, options)
        return await compare(postgres, folder, options)


async def compare(postgres: Postgres, folder: Path, options: argparse.Namespace) -> int:
    """Bare endpoint and receiver in turn, each alone; the medians of the rounds' ratios."""
    found: dict[str, list[Figures]] = {"bare": [], "ours": []}
    for number in range(options.rounds):
        for who in ("bare", "ours") if number % 2 == 0 else ("ours", "bare"):
            async with endpoint(who, postgres, folder, name=f"{who}{number}") as (url, pid):
                await loaded(url, "--lines", "16", "--seconds", "1", "--run", f"w{number}")
                spent = cpu_seconds(pid)
                full = await loaded(url, "--lines", "64", "--seconds", str(options.seconds), "--run", f"f{number}")
                paced = await loaded(
                    url, "--rate", str(options.rate), "--seconds", str(options.seconds), "--run", f"p{number}"
                )
                each = (cpu_seconds(pid) - spent) / (full["acknowledged"] + paced["acknowledged"])
            found[who].append({"full": full, "paced": paced})
            print(f"{line(f'{who} {number + 1}', full, paced)}   CPU {1000 * each:.2f} ms each", flush=True)
    throughput = ratio(found, lambda one: one["full"]["per_second"])
    p99 = ratio(found, lambda one: one["paced"]["p99"])
    p999 = ratio(found, lambda one: one["paced"]["p999"])
    good = throughput >= LEAST_THROUGHPUT and p99 <= MOST_P99
    print(
        f"throughput {throughput:.2f} x of bare (at least {LEAST_THROUGHPUT}), p99 {p99:.2f} x (at most {MOST_P99})"
        f", p99.9 {p999:.2f} x: {'good' if good else 'OUT OF BOUNDS'}"
    )
    return 0 if good else 1


def ratio(found: dict[str, list[Figures]], of: Any) -> float:
    return statistics.median(of(ours) / of(bare) for ours, bare in zip(found["ours"], found["bare"], strict=True))


def line(name: str, full: Figures, paced: Figures) -> str:
    return (
        f"  {name:8} full {full['per_second']:6.0f}/s (p50 {full['p50']:5.1f}, p99 {full['p99']:5.1f} ms)   paced "
        f"{paced['per_second']:5.0f}/s: {times(paced)}"
    )


def times(paced: Figures) -> str:
    return (
        f"p50 {paced['p50']:5.2f}, p99 {paced['p99']:6.2f}, p99.9 {paced['p999']:6.2f}, most {paced['most']:6.1f}"
        f" ms (sender late p99 {paced['sender_late_p99']:.1f} ms) {paced['statuses']}"
    )


def cpu_seconds(pid: int) -> float:
    """Processor time that a process used until now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def last(postgres: Postgres, folder: Path, options: argparse.Namespace) -> int:
    """The receiver alone for minutes at a rate; each minute's figures."""
    lost = 0
    async with endpoint("ours", postgres, folder, name="long") as (url, _):
        for minute in range(options.minutes):
            paced = await loaded(url, "--rate", str(options.rate), "--seconds", "60", "--run", f"m{minute}")
            lost += paced["given_up"]
            print(f"  minute {minute + 1:2}: {paced['per_second']:6.0f}/s, {times(paced)}", flush=True)
    print(f"refused or unanswered: {lost}")
    return 1 if lost else 0


async def survive(postgres: Postgres, folder: Path, options: argparse.Namespace) -> int:
    """Kill -9 by turns while the sender goes on; then whatever was acknowledged must be there."""
    chance, port, url = random.Random(options.seed), free_port(), await postgres.create("survive")
    seconds, told = options.kills * 2.5 + 2, folder / "acknowledged"
    async with Processes(folder / "ours", environment(url)) as processes:
        receiver = await started(processes, port)
        sender = asyncio.create_task(
            loaded(f"http://127.0.0.1:{port}/webhooks/intercom", "--rate", str(options.rate), "--seconds",
                   str(seconds), "--retry-seconds", "5", "--acknowledged", str(told), "--run", "k")
        )  # fmt: skip
        for number in range(options.kills):
            await asyncio.sleep(chance.uniform(1.0, 3.0))
            if chance.random() < 0.5:
                receiver.kill()
                await receiver.ended()
                receiver = await started(processes, port)
                print(f"  kill {number + 1:2}: the receiver", flush=True)
            else:
                await postgres.restart(signal.SIGKILL)
                print(f"  kill {number + 1:2}: PostgreSQL", flush=True)
        figures = await sender
        assert await receiver.stop() == 0
    acknowledged = set((await asyncio.to_thread(told.read_text)).split())
    missing = acknowledged - await kept(url)
    print(
        f"acknowledged {len(acknowledged):,}, missing in the database {len(missing)}, twice without a 200 (polling "
        f"brings those) {figures['given_up']}, statuses {figures['statuses']}"
    )
    return 1 if missing or not acknowledged else 0


async def kept(url: str) -> set[str]:
    connection = await driver.dial(dsn=url)
    try:
        return {row["id"] for row in await connection.fetch("select id from earshot.inbox")}
    finally:
        await connection.close()


@asynccontextmanager
async def endpoint(who: str, postgres: Postgres, folder: Path, *, name: str) -> AsyncGenerator[tuple[str, int]]:
    """The bare endpoint or the receiver, on a database of its own; its address and process."""
    port = free_port()
    if who == "bare":
        await postgres.execute(f"create database {name}")
        command = [sys.executable, str(HERE / "webhook_bare.py"), str(port), postgres.url(name)]
        bare = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            assert bare.stdout is not None
            await bare.stdout.readline()
            yield f"http://127.0.0.1:{port}/webhooks/intercom", bare.pid
        finally:
            bare.terminate()
            await bare.wait()
        return
    url = await postgres.create(name)
    async with Processes(folder / name, environment(url)) as processes:
        receiver = await started(processes, port)
        yield f"http://127.0.0.1:{port}/webhooks/intercom", receiver.pid
        await receiver.stop()


async def started(processes: Processes, port: int) -> Running:
    return await processes.start("serve", "--port", str(port), ready=r"http://\S+")


def environment(url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "INTERCOM_CLIENT_SECRET": "bench-secret",
        "EARSHOT_WEB__WEBHOOKS_PER_SECOND": "100000",
    }


async def loaded(url: str, *arguments: str) -> Figures:
    """The sender's figures."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "webhook_load.py"), url, *arguments, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode:
        sys.exit("the sender failed")
    figures: Figures = json.loads(told)
    return figures


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=10)
    asked.add_argument("--rate", type=float, default=500)
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--minutes", type=int, default=0)
    asked.add_argument("--kills", type=int, default=0)
    asked.add_argument("--seed", type=int, default=1)
    sys.exit(main(asked.parse_args()))
