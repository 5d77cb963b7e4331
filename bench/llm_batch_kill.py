"""kill -9 at random moments of `earshot classify --batch`: every conversation is read once and paid once.

Usage: python bench/llm_batch_kill.py [--kills 100] [--provider openai] [--conversations 1200] [--seed 1]
A simulated provider runs in a process of its own. Each killed process submits a few conversations and collects
what is ready; its libraries are loaded before the clock starts, so that it is killed at work. At the end
undisturbed runs finish what is left. Prints what was paid and read; exits 1 when anything was read or paid twice
or not at all.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from earshot.app import build
from earshot.domain.call import Call, Mode
from earshot.settings import Secrets, load_settings
from processes import free_port, wait_for

EARSHOT = [sys.executable, "-m", "earshot"]
CHILD = """
import sys
import earshot.app, earshot.classify.llm.prompter, earshot.cli.classify, earshot.llm.models, earshot.store
from earshot.cli import main
print("ready", flush=True)
sys.exit(main(sys.argv[1:]))
"""
PIECE = 20
"""Conversations that one process submits at most."""
MOST_RUNS = 200


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--provider", choices=("openai", "anthropic"), default="openai")
    asked.add_argument("--conversations", type=int, default=1200)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="earshot-batch-kill-"))
    port = free_port()
    server = subprocess.Popen(
        [*EARSHOT, "sim", "llm", "--port", str(port), "--answer", "fill", "--batch-seconds", "1",
         "--latency-median", "0"], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port)
        return go(folder, port, options)
    finally:
        subprocess.run(
            [*EARSHOT, "batches", "list"],
            env=environment(folder, port, options.provider),
            capture_output=True,
            check=False,
        )  # fmt: skip (a command that ends stops the database)
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def go(folder: Path, port: int, options: argparse.Namespace) -> int:
    env = environment(folder, port, options.provider)
    run(["import", str(conversations(folder / "in.jsonl", options.conversations))], env)
    work(env)
    process = child(env)
    began = time.monotonic()
    process.communicate()
    calm = time.monotonic() - began
    rng = random.Random(options.seed)
    killed = begun = 0
    while killed < options.kills and begun < 3 * options.kills:
        begun += 1
        killed += kill(env, rng.uniform(0.0, 1.1 * calm))
    print(
        f"{options.provider}: {killed} of {begun} processes killed at work ({calm:.1f} s undisturbed)", flush=True
    )
    runs = finish(env)
    print(f"{runs} undisturbed runs finished the rest")
    return check(port, env, options.conversations)


def conversations(file: Path, count: int) -> Path:
    texts = ("I was charged twice for order {n}.", "Export {n} fails with an error.", "How do I share board {n}?")
    rows = [
        {"id": f"k{n}", "messages": [{"author": "customer", "text": texts[n % len(texts)].format(n=n)}]}
        for n in range(count)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


def environment(folder: Path, port: int, provider: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("EARSHOT_", "DATABASE_URL"))}
    return {
        **clean,
        "EARSHOT_DATA_DIR": str(folder / "data"),
        "EARSHOT_LLM__PROVIDER": provider,
        "OPENAI_API_KEY": "sim-key",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
        "ANTHROPIC_API_KEY": "sim-key",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
    }


def child(env: dict[str, str], limit: int = PIECE) -> subprocess.Popen[str]:
    """A process whose libraries are loaded and that begins to work now."""
    command = [sys.executable, "-c", CHILD, "classify", "--batch", "--yes", "--json", "--limit", str(limit)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        sys.exit(f"the process did not begin: {process.communicate()[1]}")
    return process


def work(env: dict[str, str], limit: int = PIECE) -> dict[str, Any]:
    told, problems = child(env, limit).communicate()
    try:
        return dict(json.loads(told))
    except ValueError:
        sys.exit(f"an undisturbed run failed: {told} {problems}")


def kill(env: dict[str, str], after: float) -> bool:
    process = child(env)
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    return False


def finish(env: dict[str, str]) -> int:
    for number in range(1, MOST_RUNS):
        done = work(env, 5000)
        submitted = done["submitted"]
        if not submitted["requests"] and not submitted["held"] and not done["collected"]["open"]:
            return number
        time.sleep(2.0)
    sys.exit("the work never ends")


def check(port: int, env: dict[str, str], count: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_sim/invoice") as answer:
        lines = [line for line in json.load(answer)["lines"] if line["custom_id"]]
    calls, read = asyncio.run(stored(env))
    paid = Counter(line["content"] for line in lines)
    booked = {call.id: call.cost_usd or 0.0 for call in calls if call.mode is Mode.BATCH and call.usage}
    invoiced = {line["custom_id"]: float(line["amount"]) for line in lines}
    differing = [key for key in booked.keys() | invoiced.keys()
                 if abs(booked.get(key, -1) - invoiced.get(key, -1)) > 1e-9]  # fmt: skip
    print(f"conversations {count}, read {read}, paid {len(paid)}, paid more than once "
          f"{sum(n > 1 for n in paid.values())}")  # fmt: skip
    print(f"ledger ${sum(booked.values()):.6f}, invoice ${sum(invoiced.values()):.6f}, differ {len(differing)}")
    good = len(paid) == len(lines) == read == count and not differing
    print("read once, paid once" if good else "NOT read once and paid once")
    return 0 if good else 1


async def stored(env: dict[str, str]) -> tuple[list[Call], int]:
    earshot = await build(load_settings(env), secrets=Secrets.load(env))
    async with earshot, earshot.parts.store.unit() as unit:
        calls = [call async for group in unit.calls.export() for call in group]
        insights = [one.conversation_id async for group in unit.insights.export() for one in group]
    return calls, len(set(insights))


def run(command: list[str], env: dict[str, str]) -> None:
    done = subprocess.run([*EARSHOT, *command], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"earshot {command[0]} failed: {done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
