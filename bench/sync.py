"""Syncing simulated conversations, against a bare asyncio/httpx loop that makes the same requests.

Usage: python bench/sync.py [CONVERSATIONS ...]      (default: 2000 10000)
The simulator runs in a process of its own. Each size is read three times by a fresh process: by the bare loop
(no checks, no pace, nothing kept), by the Intercom source alone, and by `earshot sync` into a new embedded
database. Printed: wall seconds, CPU milliseconds per conversation of the client process alone, requests against
the least possible, and peak memory. Bounds: sync within 1.5 x the bare loop, requests within 1.02 x the least.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from earshot.connectors.intercom.settings import IntercomSettings
from earshot.connectors.intercom.source import IntercomSource
from earshot.sim.intercom.server import serve
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.sample.workspace import generate

TOKEN, CONCURRENCY, PAGE = "sim-token", 15, 150
MOST_TIMES, MOST_REQUESTS = 1.5, 1.02
EVER = 3650


@dataclass(frozen=True)
class Measured:
    """What one reading cost: wall and CPU seconds, peak megabytes, and the requests that the server counted."""

    wall: float
    cpu: float
    megabytes: float
    requests: int
    conversations: int


def main(sizes: list[int]) -> int:
    worst = 0
    for size in sizes:
        with simulator(size) as address:
            measured(address, [sys.executable, __file__, "--bare", address])  # the simulator warms up
            bare = measured(address, [sys.executable, __file__, "--bare", address])
            source = measured(address, [sys.executable, __file__, "--source", address])
            synced = sync(address)
        least = bare.requests
        print(f"{size:,} conversations, at least {least:,} requests")
        for name, found in (("bare loop", bare), ("source alone", source), ("earshot sync", synced)):
            print(line(name, found, bare))
        bad = synced.wall > MOST_TIMES * bare.wall or synced.requests > MOST_REQUESTS * least
        worst |= int(bad or min(source.conversations, synced.conversations) < size)
    return worst


def line(name: str, found: Measured, bare: Measured) -> str:
    return (
        f"  {name:13} {found.wall:7.2f} s ({found.wall / bare.wall:4.2f} x)"
        f"   CPU {1000 * found.cpu / max(1, found.conversations):5.2f} ms each ({found.cpu / bare.cpu:4.2f} x)"
        f"   requests {found.requests:,} ({found.requests / bare.requests:5.3f} x)   peak {found.megabytes:4.0f} MB"
    )


@contextmanager
def simulator(size: int) -> Iterator[str]:
    """A simulator of so many conversations in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(size), str(port)])
    try:
        for _ in range(600):
            try:
                httpx.get(f"{address}/me", headers={"Authorization": f"Bearer {TOKEN}"})
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def measured(address: str, command: list[str], **environment: str) -> Measured:
    """Run a command to its end; it prints how many conversations it read, or its completeness statement."""
    before = requests(address)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("EARSHOT_", "DATABASE_URL"))}
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(command, env={**clean, **environment}, stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{said}")
    told = json.loads(said)
    return Measured(
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        megabytes=usage.ru_maxrss / 1024,
        requests=requests(address) - before,
        conversations=told["seen"] if isinstance(told, dict) else told,
    )


def sync(address: str) -> Measured:
    """`earshot sync` into a new embedded database, which another command has started before."""
    folder = Path(tempfile.mkdtemp(prefix="earshot-sync-"))
    environment = {
        "EARSHOT_DATA_DIR": str(folder),
        "EARSHOT_INTERCOM__BASE_URL": address,
        "INTERCOM_ACCESS_TOKEN": TOKEN,
    }
    try:
        earshot = [sys.executable, "-m", "earshot"]
        subprocess.run([*earshot, "actions", "list"], env={**os.environ, **environment}, check=True, stdout=-3)
        command = [*earshot, "sync", "--since", f"{EVER}d", "--json"]
        return measured(address, command, **environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def requests(address: str) -> int:
    """How many requests the simulator has answered."""
    return int(httpx.get(f"{address}/_sim/stats").json()["total_requests"])


async def bare(address: str) -> int:
    """The least that any client must ask: pages, conversations, each contact and each company once."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Intercom-Version": "2.16"}
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
    gate = asyncio.Semaphore(CONCURRENCY)
    asked: dict[str, asyncio.Task[Any]] = {}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60, limits=limits) as http:

        async def get(path: str) -> Any:
            async with gate:
                return (await http.get(path)).json()

        async def once(path: str) -> Any:
            if path not in asked:
                asked[path] = asyncio.create_task(get(path))
            return await asked[path]

        async def read(key: str) -> None:
            talk = await get(f"/conversations/{key}?display_as=plaintext")
            people = (talk.get("contacts") or {}).get("contacts") or []
            if not people:
                return
            contact = await once(f"/contacts/{people[0]['id']}")
            firms = (contact.get("companies") or {}).get("data") or []
            if firms and not talk.get("company"):
                await once(f"/companies/{firms[0]['id']}")

        await get("/me")
        count = 0
        async for keys in pages(http):
            await asyncio.gather(*(read(key) for key in keys))
            count += len(keys)
        return count


async def pages(http: httpx.AsyncClient) -> AsyncIterator[list[str]]:
    since = int((datetime.now(UTC) - timedelta(days=EVER)).timestamp())
    query = {"operator": "AND", "value": [{"field": "updated_at", "operator": ">", "value": since}]}
    cursor: dict[str, str] = {}
    while True:
        body = {
            "query": query,
            "sort": {"field": "updated_at", "order": "ascending"},
            "pagination": {"per_page": PAGE, **cursor},
        }
        data = (await http.post("/conversations/search", json=body)).json()
        yield [row["id"] for row in data["conversations"]]
        following = data["pages"].get("next")
        if not following:
            return
        cursor = {"starting_after": following["starting_after"]}


async def source(address: str) -> int:
    """The Intercom source alone, a page at a time."""
    settings = IntercomSettings(base_url=address, concurrency=CONCURRENCY)
    reader = IntercomSource(settings, TOKEN)
    gate = asyncio.Semaphore(CONCURRENCY)
    count = 0

    async def fetch(key: str) -> None:
        async with gate:
            await reader.fetch(key)

    async for page in reader.changed(datetime.now(UTC) - timedelta(days=EVER), None):
        await asyncio.gather(*(fetch(sighting.external_id) for sighting in page.sightings))
        count += len(page.sightings)
    await reader.close()
    return count


def play(role: str, *arguments: str) -> None:
    if role == "--serve":
        size, port = map(int, arguments)
        workspace = generate(conversations=size, now=datetime.now(UTC))
        settings = SimSettings(token=TOKEN, rate_per_minute=600_000_000)
        asyncio.run(serve(IntercomSim(workspace, settings=settings), port=port))
        return
    print(asyncio.run({"--bare": bare, "--source": source}[role](*arguments)))


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].startswith("--"):
        play(*sys.argv[1:])
        sys.exit(0)
    sys.exit(main([int(value) for value in sys.argv[1:]] or [2_000, 10_000]))
