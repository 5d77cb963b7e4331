"""What delivery costs and survives: random faults on all connectors at once, and a critical conversation's way.

Usage: python bench/outbox.py [--faults 9900] [--seed 1] [--only jira,slack]
       python bench/outbox.py --latency [--conversations 2000]

Faults: tasks are cancelled at random await points (while waiting; after the answer came and before it was used),
and the simulated vendors answer 429, 5xx, rubbish, hang, or cut the connection before or after they stored. Two
workers share one outbox; leases run out. At the end every thing is there once. Exits 1 when anything was lost or
made twice.
Latency: seconds from the beginning of deciding to the request that leaves for PagerDuty, with a critical
conversation among many others; the ratio is to the time that deciding takes.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.flow.sabotage import Sabotage
from tests.flow.vendors import (
    PASSING,
    START,
    PatientClock,
    Verdict,
    judge,
    seed,
    struck,
    vendors,
    wired,
    work_through,
)
from tests.integration.pipeline.ruling_world import rule, switched_on, world
from tests.integration.store.store_samples import conversation, insight, keep, read

from earshot.app import build
from earshot.domain.delivery import Order, Outcome, Thing
from earshot.pipeline.acting.acting import act
from earshot.pipeline.deciding import decide
from earshot.pipeline.earshot import Earshot
from earshot.ports.clock import SystemClock
from earshot.ports.tool import Tool
from earshot.settings import Secrets, Settings
from earshot.store import PostgresStore

PAGING = rule("P0", 'insight.priority == "CRITICAL"', "PAGE_ONCALL_ENGINEER")
TELLING = rule("TELL", "true", "CREATE_TICKET")
TEXT = "The CSV export of the monthly report fails with error 500."
PIECE = 25
"""Things per destination and round."""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--faults", type=int, default=9900)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", default="")
    asked.add_argument("--latency", action="store_true")
    asked.add_argument("--conversations", type=int, default=2000)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="earshot-outbox-") as folder:
        if options.latency:
            return asyncio.run(latency(Path(folder), options.conversations))
        return asyncio.run(
            faults(Path(folder), options.faults, options.seed, only=set(filter(None, options.only.split(","))))
        )


async def opened(folder: Path) -> Earshot:
    return await build(Settings.fixed({"database": {"data_dir": folder}}), secrets=Secrets())


async def faults(folder: Path, wanted: int, number: int, *, only: set[str]) -> int:
    """Round after round with new things until so many faults struck."""
    sabotage = Sabotage(seed=number, share=0.5, depth=40)
    sabotage.install(asyncio.get_running_loop())
    clock = PatientClock(START)
    began = time.monotonic()
    async with (
        await opened(folder) as earshot,
        vendors(clock, kinds=PASSING, rate=0.04, seed=number, only=only) as found,
    ):
        parts = wired(earshot.parts, found, clock)
        first = begun = 0
        while sabotage.cuts.total() + struck(found).total() < wanted:
            await seed(parts.store, found, first=first, count=PIECE, now=clock.now())
            first += PIECE
            begun += await work_through(parts, sabotage, clock)
            total = sabotage.cuts.total() + struck(found).total()
            print(f"{total:6} faults, {first * len(found):5} things, {begun} pairs of workers", flush=True)
        verdict = await judge(parts.store, found)
        spent = time.monotonic() - began
        tell(sabotage.cuts, struck(found))
    print(f"{first} things at each of {len(found)} destinations, {spent:.0f} s, {clock.at - START} of their time")
    report(verdict)
    return 0 if verdict.good else 1


async def latency(folder: Path, count: int) -> int:
    """From the beginning of deciding to the page's request, among so many other conversations."""
    async with await opened(folder) as earshot:
        store = cast("PostgresStore", earshot.parts.store)
        clock = SystemClock()
        sent: list[float] = []
        async with vendors(PatientClock(START), kinds=(), rate=0.0, seed=1, only=("pagerduty", "jira")) as found:
            tools: dict[str, Tool] = {n: cast("Tool", Noted(v.bench.tool, clock, sent)) for n, v in found.items()}
            parts = replace(world(store, [PAGING, TELLING]), make_tools=lambda: tools, clock=clock)
            await switched_on(parts, PAGING, TELLING)
            talks = [conversation(n, f"{TEXT} Order {n}.") for n in range(count)]
            await keep(store, *talks)
            last = count - 1
            await read(
                store, *(insight(c, priority="CRITICAL" if n == last else "HIGH") for n, c in enumerate(talks))
            )
            began = clock.monotonic()
            await decide(parts)
            decided = clock.monotonic() - began
            done = await act(parts, settled=True)
            page = sent[0] - began
            print(f"deciding on {count} conversations {decided:.3f} s, the page left {page - decided:.3f} s later")
            print(f"ratio of both to deciding {page / decided:.2f}")
            print(done.words)
    return 0 if sent[0] - began - decided <= 1.0 else 1


class Noted:
    """A tool that notes when a page is asked for."""

    def __init__(self, inner: Tool, clock: SystemClock, sent: list[float]) -> None:
        self._inner, self._clock, self._sent = inner, clock, sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def deliver(self, order: Order) -> Outcome:
        """Do it once."""
        if order.thing is Thing.PAGE:
            self._sent.append(self._clock.monotonic())
        return await self._inner.deliver(order)


def report(verdict: Verdict) -> None:
    """The counts by destination, every thing that did not arrive, and whatever else did not end done."""
    for name in sorted(verdict.made):
        lost, twice, unsure, given_up = (
            counts.get(name, 0) for counts in (verdict.lost, verdict.doubled, verdict.unsure, verdict.given_up)
        )
        print(
            f"{name:16} made {verdict.made[name]:5}  lost {lost}  twice {twice}  may have been sent {unsure}"
            f"  given up {given_up}"
        )
    for stray in verdict.strays:
        print(stray.words)
    for state, count in sorted(verdict.states.items()):
        if not state.endswith(" done"):
            print(f"{count:6} × {state}")
    print("nothing lost, nothing twice" if verdict.good else "NOT good")


def tell(cuts: Counter[str], by_vendors: Counter[str]) -> None:
    for name, count in (*cuts.most_common(), *by_vendors.most_common()):
        print(f"{count:6} × {name}")


if __name__ == "__main__":
    sys.exit(main())
