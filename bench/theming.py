"""Grouping as a use case, over PostgreSQL: from scratch, a day's increment, one in real time, one edit.

    python bench/theming.py [--sizes 1000 10000 100000] [--probes 100]

Invented mentions of unequal frequency in a fresh embedded database in a temporary folder. Bounds at 100,000: from
scratch 300 s and 2 GB, one new finding placed p95 20 ms. The baseline of a day is grouping from scratch. The event
loop is that of workers; the table is counted after a bulk, as the server does by itself.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from earshot.cli.loops import run_to_its_end
from earshot.domain.grouping import Mention
from earshot.domain.report import BEGINNING, Window
from earshot.errors import Misconfigured
from earshot.pipeline.parts import Parts
from earshot.pipeline.theming.edits import merge
from earshot.pipeline.theming.group import group, place_one
from earshot.ports.clock import SystemClock
from earshot.store import PostgresStore, StoreSettings, open_store
from earshot.store.address import connect
from earshot.store.embedded.server import discard
from themes import invented

FINDINGS = """
    insert into earshot.finding (conversation_id, position, issue_type, summary, affected_feature, quote,
        conversation_at, account, context, reply)
    select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
        $8::text[], $9::text[], $10::text[])
"""
EVERYTHING = Window(start=BEGINNING, end=datetime(9000, 1, 1, tzinfo=UTC))
DAY = 500
PLACED = 20.0
SCRATCH = 300.0


def nobody(*_: object) -> NoReturn:
    raise Misconfigured("nobody is here")


async def tell(store: PostgresStore, mentions: list[Mention]) -> None:
    connection = await connect(store.address)
    columns: list[list[Any]] = [
        [one.conversation_id for one in mentions],
        [one.position for one in mentions],
        [one.issue_type.value for one in mentions],
        [one.summary for one in mentions],
        [one.area for one in mentions],
        [one.quote for one in mentions],
        [one.said_at for one in mentions],
        [f"account-{one.id % 5000}" for one in mentions],
        [one.context for one in mentions],
        ["" for _ in mentions],
    ]
    await connection.execute(FINDINGS, *columns)
    if len(mentions) > 1:
        await connection.execute("analyze earshot.finding")
    await connection.close()


async def timed(name: str, work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    took = time.perf_counter() - began
    print(f"  {name:46} {took:8.2f} s", flush=True)
    return took


async def measure(size: int, *, probes: int) -> bool:
    print(f"{size:,} mentions")
    folder = Path(tempfile.mkdtemp())
    store = await open_store(StoreSettings(data_dir=folder), clock=SystemClock())
    parts = Parts(store=store, make_source=nobody, make_reader=nobody, make_rules=nobody, read_file=nobody)
    try:
        made = invented(size + DAY + probes)
        await tell(store, made[:size])
        scratch = await timed("from scratch", group(parts))
        await tell(store, made[size : size + DAY])
        day = await timed(f"a day with {DAY} new ones", group(parts))
        await timed("nothing new", group(parts))
        print(f"  {'a day against from scratch':46} {'x':>6}{day / scratch:.2f}")
        placed = await one_by_one(parts, store, mentions=made[size + DAY :])
        async with store.unit() as unit:
            largest = [theme.id for theme in await unit.themes.top(EVERYTHING, limit=2)]
        await timed("one merge", merge(parts, largest[1], into=largest[0]))
    finally:
        await store.close()
        await discard(folder, clock=SystemClock())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"  {'peak memory of this process, all sizes so far':46} {peak:8.2f} GB")
    return scratch <= SCRATCH and placed <= PLACED and peak <= 2


async def one_by_one(parts: Parts, store: PostgresStore, *, mentions: list[Mention]) -> float:
    took: list[float] = []
    busy: list[float] = []
    for one in mentions:
        await tell(store, [one])
        began, busy_before = time.perf_counter(), time.process_time()
        await place_one(parts, one.conversation_id)
        took.append(1000 * (time.perf_counter() - began))
        busy.append(1000 * (time.process_time() - busy_before))
    median, slow = np.percentile(took, [50, 95])
    own, own_slow = np.percentile(busy, [50, 95])
    print(
        f"  {'one placed in real time, median and p95':46} {median:8.1f} ms {slow:8.1f} ms, slowest {max(took):.0f}"
    )
    print(f"  {'  of that processor time of this process':46} {own:8.1f} ms {own_slow:8.1f} ms")
    return float(slow)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--probes", type=int, default=100)
    asked = parser.parse_args()
    good = [run_to_its_end(measure(size, probes=asked.probes)) for size in asked.sizes]
    raise SystemExit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
