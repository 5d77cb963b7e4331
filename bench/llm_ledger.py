"""The ledger against the simulator's invoice, with errors, caching, batches and cancelled calls mixed in.

Usage: python bench/llm_ledger.py [CALLS]      (default: 100000)
Real SDKs, a real database, simulated Anthropic and OpenAI. Every call asks about a text of its own, so that ledger
and invoice can be compared text by text. Bounds: where every answer came, both agree to the micro-dollar; where an
answer was lost, the invoice lies between the known cost and that plus the lost calls' bounds; in all the same. The
baseline is the sum of the invoice itself. Printed: calls by outcome, both sums, the bound, and CPU ms per call.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from earshot.app import build
from earshot.classify.llm.booking import Booked, Books, Patience
from earshot.domain.call import Call, Outcome, Tier
from earshot.domain.conversation import Author, Conversation, Message
from earshot.errors import EarshotError
from earshot.pipeline.batches.flow import submit, wait
from earshot.pipeline.earshot import Earshot
from earshot.pipeline.llm_parts import LlmParts
from earshot.ports.clock import RandomIds, SystemClock
from earshot.ports.model import Answer, Request
from earshot.settings import Secrets, Settings
from earshot.sim.llm.asking import content_hash
from earshot.sim.llm.server import running
from earshot.sim.llm.settings import FaultSettings, SimLlmSettings
from earshot.sim.llm.simulator import LlmSim

FAULTS = {
    "kinds": "429,529,5xx,reset,half,envelope,dribble,refusal,refusal-text,truncated,invalid,out-of-range,"
    "line-error,missing,batch-expired",
    "rate": 0.01,
    "retry_after": 0.01,
    "dribble_seconds": 0.05,
}
CONCURRENCY, CANCELLED, BATCHED = 100, 0.02, 0.1
MICRO = Decimal("0.000001")
STATIC = (
    "Sort the text into one of the categories and say why.\n" + "A category has a meaning; read it well. " * 250
)


EXAMPLE = Conversation(
    source="bench",
    external_id="1",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    messages=(Message(id="1", author=Author.CUSTOMER, text="Hello", created_at=datetime(2026, 1, 1, tzinfo=UTC)),),
)


class Judged:
    """An answer that will do where it is a JSON object."""

    def __init__(self, answer: Answer) -> None:
        self.outcome = Outcome.OK if answer.text.startswith("{") else Outcome.INVALID


def main(count: int) -> int:
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="earshot-llm-ledger-") as folder:
        good = True
        for provider in ("anthropic", "openai"):
            good &= asyncio.run(mixed(Path(folder) / provider, provider, count=count // 2))
    print(f"CPU {1000 * (time.process_time() - began) / count:.1f} ms per call, simulator included")
    return int(not good)


async def mixed(folder: Path, provider: str, *, count: int) -> bool:
    sim = LlmSim(settings=SimLlmSettings(faults=FaultSettings.model_validate(FAULTS), keep_requests=0))
    async with running(sim) as base:
        keys = {
            "anthropic": "sim-key",
            "openai": "sim-key",
            "anthropic_base_url": base,
            "openai_base_url": f"{base}/v1",
        }
        llm = {
            "provider": provider,
            "requests_per_minute": None,
            "deadline_seconds": 20.0,
            "concurrency": CONCURRENCY,
        }
        settings = Settings.fixed({"database": {"data_dir": folder}, "llm": llm})
        async with await build(settings, secrets=Secrets.model_validate({"llm": keys})) as earshot:
            assert earshot.parts.make_llm is not None
            parts = earshot.parts.make_llm()
            texts = await online(parts, count - int(count * BATCHED))
            texts |= await batched(earshot, parts, folder=folder, count=int(count * BATCHED))
            calls = await ledger(earshot)
    return agree(provider, calls, sim=sim, texts=texts)


async def online(parts: LlmParts, count: int) -> dict[str, str]:
    """Calls at once, some of them cancelled on their way; the texts' hashes by conversation."""
    books = Books(ledger=parts.ledger, prices=parts.prices, clock=SystemClock(), ids=RandomIds())
    booked = Booked(parts.model, tier=Tier.CHEAP, books=books, patience=Patience(attempts=3, seconds=20.0))
    form = parts.prompter.prepare(EXAMPLE).request.form
    chance, texts, gate = random.Random(7), dict[str, str](), asyncio.Semaphore(CONCURRENCY)

    async def ask(number: int) -> None:
        content = f"Text {number}: the export is broken."
        texts[f"t{number}"] = content_hash(content)
        request = Request(instructions=STATIC, content=content, form=form)
        async with gate:
            work = asyncio.create_task(booked.ask(request, Judged, tokens=1, conversation_id=f"t{number}"))
            if chance.random() < CANCELLED:
                asyncio.get_running_loop().call_later(chance.random() * 0.2, work.cancel)
            await asyncio.gather(work, return_exceptions=True)
            error = None if work.cancelled() else work.exception()
            if error is not None and not isinstance(error, EarshotError):
                raise error

    for first in range(0, count, 2_000):
        await asyncio.gather(*(ask(number) for number in range(first, min(first + 2_000, count))))
    await parts.ledger.flush()
    return texts


async def batched(earshot: Earshot, parts: LlmParts, *, folder: Path, count: int) -> dict[str, str]:
    """The same in provider batches, on imported conversations."""
    rows = [
        {"id": f"b{n}", "messages": [{"author": "customer", "text": f"Export {n} fails."}]} for n in range(count)
    ]
    file = folder / "texts.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    await earshot.import_file(file)
    async with earshot.parts.store.unit() as unit:
        found = await unit.conversations.pending(count)
    await submit(earshot.parts, parts)
    await wait(earshot.parts, parts)
    return {one.id: content_hash(parts.prompter.prepare(one).request.content) for one in found}


async def ledger(earshot: Earshot) -> list[Call]:
    async with earshot.parts.store.unit() as unit:
        return [call async for group in unit.calls.export() for call in group]


def agree(provider: str, calls: list[Call], *, sim: LlmSim, texts: dict[str, str]) -> bool:
    known: defaultdict[str, Decimal] = defaultdict(Decimal)
    bound: defaultdict[str, Decimal] = defaultdict(Decimal)
    for call in calls:
        text = texts.get(call.conversation_id or "", "sample")
        if call.cost_usd is not None:
            known[text] += Decimal(repr(call.cost_usd))
        elif call.outcome in {Outcome.LOST, Outcome.TIMEOUT, Outcome.STARTED}:
            bound[text] += Decimal(repr(call.bound_usd))
    charged: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in sim.invoice:
        charged[line.content if line.content in texts.values() else "sample"] += line.amount
    wrong = [
        text
        for text in known.keys() | charged.keys() | bound.keys()
        if not known[text] - MICRO < charged[text] < known[text] + bound[text] + MICRO
    ]
    spread = sum(known.values(), Decimal()), sum(bound.values(), Decimal())
    exact = sum(1 for text in charged if not bound[text])
    modes, cached = (
        Counter(c.mode.value for c in calls),
        sum(bool(c.usage and c.usage.cached_tokens) for c in calls),
    )
    print(f"{provider}: {len(calls):,} calls {dict(Counter(call.outcome.value for call in calls))}")
    print(f"  modes {dict(modes)}, cached {cached:,}")
    print(f"  ledger ${spread[0]:.6f} <= invoice ${sim.invoice.total:.6f} <= ${sum(spread):.6f}")
    print(f"  {exact:,} texts agree to the micro-dollar, {len(charged) - exact:,} lie within their bound", end="")
    print(f", wrong: {len(wrong)}")
    return not wrong and spread[0] - MICRO <= sim.invoice.total <= sum(spread) + MICRO


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
