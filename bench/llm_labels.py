"""Labels of one conversation at a time, as a webhook asks for them: what we add to the provider's own latency.

Usage: python bench/llm_labels.py [CONVERSATIONS]      (default: 500)
A simulated decision endpoint in a process of its own answers after exactly 200 ms; the database is a real one.
One conversation after the other goes through the composed reader: prompt, booking before the call (durable), call,
understanding, booking after. Printed: median and p99 of what is added to the 200 ms, the provider's SDK and the
network included (bound: p99 30 ms), beside the baseline: the same for a bare HTTP request to the same endpoint.
"""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from earshot.app import build
from earshot.domain.conversation import Conversation
from earshot.ports.reader import Reader
from earshot.settings import Secrets, Settings
from earshot.sim.llm.server import serve
from earshot.sim.llm.settings import Pace, SimLlmSettings
from earshot.sim.llm.simulator import LlmSim

MOST_MS, OWN_SECONDS, KEY, WARM = 30.0, 0.2, "sim-key", 20
TEXTS = (
    "I was charged twice for October, please refund me the second payment as soon as you can.",
    "The export button does nothing since yesterday; I tried two browsers and cleared the cache.",
    "How do I invite a colleague to my workspace? I cannot find the menu anywhere.",
)


def main(count: int) -> int:
    with tempfile.TemporaryDirectory(prefix="earshot-llm-labels-") as folder, simulator() as address:
        added, bare = asyncio.run(measure(Path(folder), address, count=count))
    p99 = percentile(added, 0.99)
    print(f"{count} conversations, one at a time; the provider takes {1000 * OWN_SECONDS:.0f} ms")
    print(f"added by Earshot:  median {percentile(added, 0.5):5.1f} ms, p99 {p99:5.1f} ms (bound {MOST_MS:.0f})")
    print(f"added by bare HTTP: median {percentile(bare, 0.5):4.1f} ms, p99 {percentile(bare, 0.99):5.1f} ms")
    print(f"ratio of the medians, the provider's time included: {ratio(added, bare):.3f}")
    return int(p99 > MOST_MS)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def ratio(added: list[float], bare: list[float]) -> float:
    own = 1000 * OWN_SECONDS
    return (own + percentile(added, 0.5)) / (own + percentile(bare, 0.5))


async def measure(folder: Path, address: str, *, count: int) -> tuple[list[float], list[float]]:
    keys = {"openai": KEY, "openai_base_url": f"{address}/v1"}
    values = {"database": {"data_dir": folder}, "llm": {"provider": "openai"}, "classify": {"tier": "labels"}}
    async with await build(Settings.fixed(values), secrets=Secrets.model_validate({"llm": keys})) as earshot:
        file = folder / "texts.jsonl"
        rows = [
            {"id": f"c{n}", "messages": [{"author": "customer", "text": f"{TEXTS[n % len(TEXTS)]} Case {n}."}]}
            for n in range(count + WARM)
        ]
        file.write_text("\n".join(map(json.dumps, rows)))
        await earshot.import_file(file)
        async with earshot.parts.store.unit() as unit:
            conversations = await unit.conversations.pending(count + WARM)
        added = await through(earshot.parts.make_reader("llm"), conversations)
    return added, await bare_calls(address, count)


async def through(reader: Reader, conversations: list[Conversation]) -> list[float]:
    """Milliseconds beyond the provider's own, by conversation; the first ones warm up and do not count."""
    added: list[float] = []
    for conversation in conversations:
        began = time.perf_counter()
        (read,) = await reader.read([conversation])
        added.append(1000 * (time.perf_counter() - began - OWN_SECONDS))
        if read.labels is None or read.provenance.provisional:
            sys.exit(f"no labels: {read.failure}")
    return added[WARM:]


async def bare_calls(address: str, count: int) -> list[float]:
    question = {
        "type": "choice",
        "name": "kind",
        "instructions": "Which?",
        "choices": [{"value": "A"}, {"value": "B"}],
    }
    body = {"model": "gpt-6-luna", "input": TEXTS[0], "questions": [question]}
    added: list[float] = []
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}) as http:
        for _ in range(count):
            began = time.perf_counter()
            (await http.post(f"{address}/v1/decisions", json=body)).raise_for_status().json()
            added.append(1000 * (time.perf_counter() - began - OWN_SECONDS))
    return added


@contextmanager
def simulator() -> Iterator[str]:
    """The simulated provider in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(port)])
    try:
        for _ in range(600):
            try:
                httpx2.get(f"{address}/_sim/stats")
                break
            except httpx2.TransportError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def play(port: int) -> None:
    own = Pace(median=OWN_SECONDS, p95=OWN_SECONDS)
    asyncio.run(serve(LlmSim(settings=SimLlmSettings(decision_latency=own, keep_requests=0)), port=port))


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "--serve":
        play(int(sys.argv[2]))
        sys.exit(0)
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
