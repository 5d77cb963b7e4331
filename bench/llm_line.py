"""The daily batch with a language model: fetch, read, store, rule and report, against simulators.

Usage: python bench/llm_line.py [CONVERSATIONS]      (default: 6000)
The simulated Intercom and the simulated provider (latency median 700 ms, p95 2 s, 8,000 requests a minute) run in
processes of their own, and so does `earshot run`. Printed: wall seconds (bound: 60 for 6,000), the share of the
provider's limit that reading used between its first and its last call (bound: 90 %), and CPU seconds by process:
where they come near to cores x wall seconds, this machine is the limit and not the provider.
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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from earshot.sim.intercom.server import serve as serve_intercom
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.llm.server import serve as serve_llm
from earshot.sim.llm.settings import Pace, SimLlmSettings
from earshot.sim.llm.simulator import LlmSim
from earshot.sim.sample.workspace import generate

TOKEN, KEY, EVER = "sim-token", "sim-key", 3650
PER_MINUTE, MEDIAN, P95 = 8_000, 0.7, 2.0
MOST_SECONDS, LEAST_SHARE = 60.0, 0.9
CACHE = Path(tempfile.gettempdir()) / "earshot-bench-pycache"


@dataclass(frozen=True)
class Ended:
    """A command that ended: what it printed, wall and CPU seconds, peak megabytes."""

    told: Any
    wall: float
    cpu: float
    megabytes: float


def main(size: int) -> int:
    folder = Path(tempfile.mkdtemp(prefix="earshot-llm-line-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        intercom, desk = stack.enter_context(simulator("--intercom", str(size)))
        provider, model = stack.enter_context(simulator("--llm"))
        environment = surroundings(folder, intercom, provider)
        run([sys.executable, "-m", "earshot", "actions", "list"], environment)  # the database is made
        run(
            [
                sys.executable,
                "-c",
                "import earshot.classify.composing, earshot.llm.anthropic_company, earshot.llm.openai_company",
            ],
            environment,
        )
        database = cpu_of(postgres(folder))
        command = [sys.executable, "-m", "earshot", "run", "--since", f"{EVER}d", "--yes", "--profile", "--json"]
        before = {name: cpu_of([pid]) for name, pid in (("intercom", desk), ("provider", model))}
        done = run([*command, "--out", str(folder / "report.html")], environment)
        after = {name: cpu_of([pid]) for name, pid in (("intercom", desk), ("provider", model))}
        database = cpu_of(postgres(folder)) - database
        calls = exported(environment)
    return told(size, done, calls=calls, others={k: after[k] - before[k] for k in after} | {"postgres": database})


def told(size: int, done: Ended, *, calls: list[dict[str, Any]], others: dict[str, float]) -> int:
    started = sorted(datetime.fromisoformat(call["created_at"]) for call in calls)
    span = (started[-1] - started[0]).total_seconds()
    share = (len(started) - 1) / span * 60 / PER_MINUTE
    read = done.told["run"]["classified"]
    outcomes: dict[str, int] = {}
    for call in calls:
        outcomes[call["outcome"]] = outcomes.get(call["outcome"], 0) + 1
    print(f"{size:,} conversations, {read:,} read, calls {outcomes}")
    print(
        f"wall            {done.wall:7.1f} s  (bound {MOST_SECONDS:.0f} s for 6,000)   peak {done.megabytes:.0f} MB"
    )
    print(f"reading         {span:7.1f} s  {share:6.1%} of the provider's limit (bound {LEAST_SHARE:.0%})")
    print(f"stages          {done.told['seconds']}")
    print(f"CPU earshot     {done.cpu:7.1f} s  {1000 * done.cpu / max(1, read):5.2f} ms each")
    for name, seconds in others.items():
        print(f"CPU {name:11} {seconds:7.1f} s  {1000 * seconds / max(1, read):5.2f} ms each")
    total = done.cpu + sum(others.values())
    print(
        f"CPU in all      {total:7.1f} s on {os.cpu_count()} cores: at least {total / (os.cpu_count() or 1):.1f} s"
    )
    return int(done.wall > MOST_SECONDS * size / 6000 or share < LEAST_SHARE)


def surroundings(folder: Path, intercom: str, provider: str) -> dict[str, str]:
    ours = ("EARSHOT_", "DATABASE_URL", "PYTHONDONTWRITEBYTECODE")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return {
        **clean,
        "PYTHONPYCACHEPREFIX": str(CACHE),  # as installed: compiled once, by the command that makes the database
        "EARSHOT_DATA_DIR": str(folder),
        "EARSHOT_INTERCOM__BASE_URL": intercom,
        "INTERCOM_ACCESS_TOKEN": TOKEN,
        "EARSHOT_LLM__PROVIDER": os.environ.get("BENCH_PROVIDER", "openai"),
        "EARSHOT_LLM__REQUESTS_PER_MINUTE": str(PER_MINUTE),
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": f"{provider}/v1",
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": provider,
    }


def run(command: list[str], environment: dict[str, str]) -> Ended:
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(command, env=environment, stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{said}")
    told = json.loads(said) if said.lstrip().startswith("{") else None
    return Ended(told, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def exported(environment: dict[str, str]) -> list[dict[str, Any]]:
    """The ledger, as exported."""
    command = [sys.executable, "-m", "earshot", "export", "llm-calls"]
    lines = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


def postgres(folder: Path) -> list[int]:
    """The processes of the embedded database of a folder."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = status.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in line and b"postgres" in line:
            found.append(int(status.parent.name))
    return found


def cpu_of(pids: list[int]) -> float:
    """CPU seconds of processes and of their children, those that ended included."""
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in map(int, children):
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    return total


@contextmanager
def simulator(*role: str) -> Iterator[tuple[str, int]]:
    """A simulator in a process of its own: its address and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, __file__, *role, str(port)])
    try:
        for _ in range(600):
            try:
                httpx2.get(f"{address}/_sim/stats")
                break
            except httpx2.TransportError:
                time.sleep(0.2)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def play(role: str, *arguments: str) -> None:
    if role == "--intercom":
        size, port = map(int, arguments)
        workspace = generate(conversations=size, now=datetime.now(UTC))
        settings = SimSettings(token=TOKEN, rate_per_minute=600_000_000)
        asyncio.run(serve_intercom(IntercomSim(workspace, settings=settings), port=port))
        return
    pace = Pace(median=MEDIAN, p95=P95)
    settings = SimLlmSettings(latency=pace, requests_per_minute=PER_MINUTE, keep_requests=0)
    asyncio.run(serve_llm(LlmSim(settings=settings), port=int(arguments[0])))


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].startswith("--"):
        play(*sys.argv[1:])
        sys.exit(0)
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 6_000))
