"""What watching costs: a count, an observation, a span, a scrape, and reading the figures from a full database.

    python bench/telemetry.py [--webhooks 500000] [--rounds 20]

Bounds: one count or observation 5 µs, a span while traces are off 2 µs, the figures 50 ms (p95) beside half a
million webhooks, calls of models and deliveries: looked at every five seconds, that is a hundredth of one core.
Beside a count stand a bare `dict[key] += 1` under a lock, and prometheus_client's own counter.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from earshot.ports.clock import SystemClock
from earshot.store import PostgresStore, StoreSettings, open_store
from earshot.store.address import connect
from earshot.store.embedded.server import discard
from earshot.telemetry.meter import PrometheusMeter

COUNT_US, SPAN_US, FIGURES_MS = 5.0, 2.0, 50.0
FILL = """
    insert into inbox (source, id, topic, effect, concern, external_id, occurred_at, received_at, heard_at,
        decided_at)
    select 'intercom', n::text, 'conversation.user.replied', 'changed', 'conversation', (n % 50000)::text, at, at,
        at + interval '50 ms', at + interval '120 ms'
    from generate_series(1, {webhooks}) n, lateral (select now() - n * interval '10 ms') t (at);
    insert into live_turn (source, concern, external_id, effect, version, settled_version, asked_at, due_at,
        settled_at)
    select 'intercom', 'conversation', n::text, 'changed', 1, case when n % 1000 = 0 then 0 else 1 end, now(),
        now(), now() from generate_series(1, {webhooks} / 10) n;
    insert into llm_api_logs (call_id, provider, model, tier, purpose, mode, outcome, created_at, latency_ms)
    select n::text, 'openai', 'm', 'cheap', 'classify', 'online', case when n % 20 = 0 then 'error' else 'ok' end,
        now() - n * interval '10 ms', 800 from generate_series(1, {webhooks}) n;
    insert into delivery (id, object_key, action_key, destination, thing, op, subject_id, state, urgent, not_before,
        created_at)
    select 'd' || n, 'd' || n, 'a' || n, 'slack', 'message', 'create', 's' || n,
        case when n % 1000 = 0 then 'held' when n % 997 = 0 then 'dead' else 'done' end, false, now(),
        now() - n * interval '1 s' from generate_series(1, {webhooks}) n;
    insert into run (id, kind, started_at, ok) select n::text, 'run', now() - n * interval '1 day', true
    from generate_series(1, 400) n;
    analyze
"""


def microseconds(work: Callable[[], object], *, times: int = 100_000) -> float:
    """What one call takes, the best of five rounds."""
    found: list[float] = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(times):
            work()
        found.append((time.perf_counter() - began) / times * 1e6)
    return min(found)


def counting() -> bool:
    meter = PrometheusMeter()
    plain: dict[tuple[str, str], float] = {("kept", "topic"): 0.0}
    lock = threading.Lock()
    theirs = Counter("bench", "Of the library.", ["topic", "outcome"], registry=CollectorRegistry())

    def bare() -> None:
        with lock:
            plain["kept", "topic"] += 1

    def span() -> None:
        with meter.span("earshot.fetch") as one:
            one.note(status=200)

    base = microseconds(bare)
    count = microseconds(lambda: meter.count("earshot_webhooks_total", topic="t", outcome="kept"))
    library = microseconds(lambda: theirs.labels(topic="t", outcome="kept").inc())
    observe = microseconds(lambda: meter.observe("earshot_stage_seconds", 0.02, stage="fetch"))
    spans = microseconds(span)
    print(f"count      {count:6.2f} µs  ({count / base:.1f} × a bare dict under a lock, {base:.2f} µs)")
    print(
        f"           {library:6.2f} µs  prometheus_client's labels().inc(): ours takes {count / library:.2f} of it"
    )
    print(f"observe    {observe:6.2f} µs  (bound {COUNT_US:g} µs)")
    print(f"span off   {spans:6.2f} µs  (bound {SPAN_US:g} µs)")
    return max(count, observe) <= COUNT_US and spans <= SPAN_US


def scraping() -> None:
    meter = PrometheusMeter()
    for number in range(40):
        for stage in ("fetch", "store", "label", "decide", "act"):
            meter.observe("earshot_stage_seconds", 0.01 * number, stage=stage)
        meter.count("earshot_actions_total", destination=f"webhook:{number}", state="done")
    took = microseconds(meter.exposition, times=50) / 1000
    print(f"scrape     {took:6.2f} ms  {len(meter.exposition()):,} bytes")


async def figures(store: PostgresStore, *, rounds: int) -> float:
    """The 95th percentile of one look, ms."""
    found: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        async with store.unit() as unit:
            await unit.watch.pulse(now=SystemClock().now(), day="2026-11-30")
            await unit.jobs.queues()
        found.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(found, n=20)[-1]


async def reading(webhooks: int, *, rounds: int) -> bool:
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        store = await open_store(StoreSettings(database_url=None, data_dir=folder), clock=clock)
        try:
            empty = await figures(store, rounds=rounds)
            connection = await connect(store.address)
            await connection.execute(FILL.format(webhooks=webhooks))
            await connection.close()
            full = await figures(store, rounds=rounds)
        finally:
            await store.close()
            await discard(folder, clock=clock)
    print(
        f"figures    {full:6.1f} ms  p95 with {webhooks:,} webhooks, calls and deliveries (bound {FIGURES_MS:g} ms;"
    )
    print(f"           {empty:6.1f} ms  on an empty database, ratio {full / empty:.1f})")
    return full <= FIGURES_MS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--webhooks", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    cheap = counting()
    scraping()
    quick = asyncio.run(reading(options.webhooks, rounds=options.rounds))
    print("within bounds" if cheap and quick else "A BOUND IS BROKEN")
    sys.exit(0 if cheap and quick else 1)


if __name__ == "__main__":
    main()
