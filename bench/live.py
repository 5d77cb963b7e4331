"""From webhook to decision, and from webhook to the request that leaves for PagerDuty.

Usage: python bench/live.py [--a] [--b] [--rate 50] [--seconds 30] [--pages 5] [--database fsync]

a: the local model judges by the guide's rules, which are in dry run; `rate` new conversations a second; webhook
   (received_at) to decision.
b: a simulated decision endpoint (median 250 ms) judges; `pages` conversations a second, each its own page;
   webhook to the request's arrival at the simulated PagerDuty. The full reading follows from a simulated model.
   PagerDuty gets at most one request a second by design, so fewer `pages` than that are asked for.

All of it runs on this machine: PostgreSQL, the simulated Intercom and models, the receiver, a worker of both lanes;
the load and PagerDuty are in this process. Exits 1 when p99 of (a) is 150 ms or more, or p95 of (b) 1 s or more.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
import tomllib
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.processes import Postgres, Processes, free_port

from earshot.app import build
from earshot.domain.rule_state import RuleMode
from earshot.pipeline.ruling.states import switch
from earshot.settings import Secrets, Settings
from earshot.sim.serving import running
from earshot.sim.tools.pagerduty import PagerDutySim
from earshot.sim.tools.settings import ToolSimSettings
from earshot.store import driver
from webhook_load import Lines

SECRET = "bench-secret"
MATTERS = (
    "The CSV export of report {n} stops half way with error {n}, please help, we need it today.",
    "I was charged twice for invoice {n}, please refund one of the payments.",
    "How do I invite colleague number {n} to my workspace?",
    "It would be great if chart {n} could be shown in dark mode.",
    "Data loss: all {n} of our invoices disappeared after the update, this is critical, production is down.",
)
STAGES = ("fetch", "store", "label", "decide", "place", "act")
SETTINGS = """
[intercom]
base_url = "{intercom}"
rate_share = 1.0
{llm}
[workers]
live = 64

[telemetry]
metrics_port = {metrics}

[schedule]
enabled = false

[pagerduty]
enabled = true
base_url = "{pagerduty}/v2"

[act]
most_new_per_hour = 10000
first_wait_seconds = 0
routes = {{ ESCALATE_TO_FINANCE = ["pagerduty"] }}
{rules}
"""
RULES = """
[[decide.rules]]
name = "PAGE"
when = 'insight.confidence >= 0.0'
actions = ["ESCALATE_TO_FINANCE"]
priority = 1
caution = "text"
"""
LLM = """
[llm]
provider = "openai"
requests_per_minute = 100000
"""


class Pager:
    """PagerDuty in this process; notes when each alert arrived."""

    def __init__(self) -> None:
        self._app = PagerDutySim(ToolSimSettings(token="")).app
        self.arrived: dict[str, float] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application."""
        at = time.time()
        body = b""

        async def noted() -> Any:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            if message["type"] == "http.request" and not message.get("more_body"):
                self.arrived.setdefault(str(json.loads(body).get("dedup_key")), at)
            return message

        await self._app(scope, noted if scope["type"] == "http" else receive, send)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--a", action="store_true")
    asked.add_argument("--b", action="store_true")
    asked.add_argument("--rate", type=float, default=50)
    asked.add_argument("--seconds", type=float, default=30)
    asked.add_argument("--pages", type=float, default=0.5)
    options = asked.parse_args()
    both = options.a == options.b
    bad = 0
    if options.a or both:
        bad += asyncio.run(local(options.rate, options.seconds))
    if options.b or both:
        bad += asyncio.run(paged(options.pages, options.seconds))
    return int(bool(bad))


@asynccontextmanager
async def line(*, llm: bool) -> AsyncGenerator[tuple[str, str, int, Pager]]:
    """Everything started: the simulated Intercom's address, the database's, the metrics' port, PagerDuty."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="earshot-live-")))
        postgres = await stack.enter_async_context(Postgres.started(folder / "pg", listen="127.0.0.1"))
        url = await postgres.create("live")
        pager = Pager()
        pagerduty = await stack.enter_async_context(running(pager))
        ports = {name: free_port() for name in ("serve", "intercom", "llm", "metrics")}
        config = folder / "earshot.toml"
        text = SETTINGS.format(
            intercom=f"http://127.0.0.1:{ports['intercom']}",
            pagerduty=pagerduty,
            metrics=ports["metrics"],
            llm=LLM if llm else "",
            rules=RULES if llm else "",
        )
        config.write_text(text)
        environment = {
            "DATABASE_URL": url,
            "EARSHOT_CONFIG": str(config),
            "INTERCOM_ACCESS_TOKEN": "any",
            "INTERCOM_CLIENT_SECRET": SECRET,
            "PAGERDUTY_ROUTING_KEY": "any",
            "OPENAI_API_KEY": "sim-key",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{ports['llm']}/v1",
        }
        await switched_on(text, url)
        processes = await stack.enter_async_context(Processes(folder, environment))
        await processes.start(
            *("sim", "intercom", "--conversations", "300", "--port", str(ports["intercom"])),
            *("--rate-limit", "1000000", "--client-secret", SECRET),
            *("--webhooks-to", f"http://127.0.0.1:{ports['serve']}/webhooks/intercom"),
            ready="http://",
        )
        if llm:
            await processes.start(
                *("sim", "llm", "--port", str(ports["llm"]), "--decision-median", "0.25", "--key", "sim-key"),
                *("--latency-median", "0.8", "--latency-p95", "1.5"),
                ready="http://",
            )
        await processes.start("serve", "--port", str(ports["serve"]), ready=r"http://\S+")
        await processes.start("worker", ready=r"(?i)worker.*ready")
        yield f"http://127.0.0.1:{ports['intercom']}", url, ports["metrics"], pager


async def switched_on(config: str, url: str) -> None:
    """The rule acts for real, and somebody agreed to spend."""
    settings = Settings.fixed(tomllib.loads(config))
    secrets = Secrets.model_validate({"database_url": url})
    async with await build(settings, secrets=secrets) as earshot:
        for rule in settings.decide.rules:
            await switch(earshot.parts, rule, mode=RuleMode.ON)
        async with earshot.parts.store.unit() as unit:
            for provider in ("openai", "openai-decisions"):
                await unit.calls.consent(provider, now=earshot.parts.clock.now())
            await unit.commit()


async def load(intercom: str, *, rate: float, seconds: float) -> int:
    """New conversations of the workspace's customers by turns, at an even rate; how many.

    Over bare sockets, for whoever sends takes from what is measured: an HTTP client took an eighth of a core.
    """
    count, where = int(rate * seconds), urlsplit(intercom)
    async with httpx2.AsyncClient(base_url=intercom, timeout=30) as client:
        people = await customers(client)
    lines = Lines(str(where.hostname), int(where.port or 80))
    began = time.perf_counter()
    tasks: list[asyncio.Task[int]] = []
    for n in range(count):
        await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
        begun = {"text": MATTERS[n % len(MATTERS)].format(n=n), "contact": people[n % len(people)]}
        tasks.append(asyncio.create_task(lines.ask(post(where.netloc, "/_sim/conversations", begun))))
    assert all(status // 100 == 2 for status in await asyncio.gather(*tasks))
    lines.close()
    return count


def post(host: str, path: str, document: dict[str, str]) -> bytes:
    """The request as it goes over the line."""
    body = json.dumps(document).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer any\r\n"
    return f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def customers(client: httpx2.AsyncClient) -> list[str]:
    """The ids of the customers who wrote something in the workspace and are there still."""
    client.headers["Authorization"] = "Bearer any"
    found = await client.get("/conversations?per_page=150")
    talks = found.raise_for_status().json()["conversations"]
    named = sorted({one["contacts"]["contacts"][0]["id"] for one in talks if one["contacts"]["contacts"]})
    asked = [await client.get(f"/contacts/{one}") for one in named]
    return [one for one, answer in zip(named, asked, strict=True) if answer.status_code == 200]


async def local(rate: float, seconds: float) -> int:
    """(a): the local model."""
    async with line(llm=False) as (intercom, url, metrics, _):
        await load(intercom, rate=rate, seconds=3)
        await settled(url)
        since = await moment(url)
        count = await load(intercom, rate=rate, seconds=seconds)
        await settled(url)
        rows = await rows_of(url, _TIMES, since)
        print(f"(a) local model, {rate:g} webhooks/s for {seconds:g} s: {len(rows)} heard of {count}")
        waited = told("webhook to turn", [row["waited"] for row in rows])
        whole = told("webhook to decision", [row["whole"] for row in rows])
        _ = waited
        late: dict[int, list[float]] = {}
        for row in rows:
            late.setdefault(int(row["at"]), []).append(row["whole"])
        slow = {second: max(found) for second, found in sorted(late.items()) if max(found) >= 0.150}
        print("    late in second", {second: f"{worst * 1000:.0f} ms" for second, worst in slow.items()})
        await stages(metrics)
        return int(whole[2] >= 0.150 or len(rows) < count)


async def paged(rate: float, seconds: float) -> int:
    """(b): a decision endpoint, and pages."""
    async with line(llm=True) as (intercom, url, metrics, pager):
        await load(intercom, rate=rate, seconds=3)
        await settled(url)
        await asyncio.sleep(3)  # the page of this warm-up must not hold up the first one: one a second, by design
        since = await moment(url)
        count = await load(intercom, rate=rate, seconds=seconds)
        await settled(url)
        rows = await delivered(url, since, count)
        print(f"(b) decision endpoint of 250 ms, {rate:g} webhooks/s for {seconds:g} s: {len(rows)} of {count}")
        told("webhook to decision", [row["whole"] for row in rows])
        late = [
            at - row["received"].timestamp()
            for row in rows
            if (at := pager.arrived.get(f"earshot-{row['object_key']}"))
        ]
        if not late:
            states = await rows_of(url, "select state, cause, note, count(*) as n from delivery group by 1, 2, 3")
            print("    no page arrived:", states)
            await stages(metrics)
            return 1
        whole = told("webhook to PagerDuty", late)
        labels = await rows_of(url, "select classifier, count(*) as n from first_labels group by 1 order by 1")
        print("    labels by", {row["classifier"]: row["n"] for row in labels}, f"pages {len(late)}")
        await stages(metrics)
        return int(whole[1] >= 1.0 or len(late) < count)


_TIMES = """
    select extract(epoch from heard_at - received_at)::float8 as waited,
        extract(epoch from decided_at - received_at)::float8 as whole,
        extract(epoch from received_at - $1)::float8 as at
    from inbox where concern = 'conversation' and received_at > $1 and decided_at is not null
"""
_PAGES = """
    select i.received_at as received, extract(epoch from i.decided_at - i.received_at)::float8 as whole,
        d.object_key, d.state
    from inbox i join action a on a.conversation_id = i.external_id and a.kind = 'ESCALATE_TO_FINANCE'
    join delivery d on d.action_key = a.key and d.op = 'create'
    where i.received_at > $1 and i.decided_at is not null and not a.dry_run
"""


def told(name: str, values: list[float]) -> tuple[float, float, float]:
    """Prints median, p95, p99, most; returns the first three, in seconds."""
    ordered = sorted(values) or [float("inf")]
    median, p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99))
    print(
        f"    {name:<22} median {median * 1000:7.1f} ms  p95 {p95 * 1000:7.1f}  p99 {p99 * 1000:7.1f}"
        f"  most {ordered[-1] * 1000:7.1f}"
    )
    return median, p95, p99


async def stages(port: int) -> None:
    """The mean of each stage, by the worker's own metrics."""
    try:
        async with httpx2.AsyncClient(timeout=5) as client:
            text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    except httpx2.HTTPError:
        print("    no metrics")
        return
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    for stage in STAGES:
        labels = f'{{stage="{stage}"}}'
        count = float(values.get(f"earshot_stage_seconds_count{labels}", 0))
        if count:
            mean = float(values[f"earshot_stage_seconds_sum{labels}"]) / count
            print(f"    stage {stage:<8} {count:7.0f} times, mean {mean * 1000:7.1f} ms")


async def rows_of(url: str, statement: str, *values: Any) -> list[dict[str, Any]]:
    """Rows of our schema."""
    connection = await driver.dial(dsn=url)
    try:
        await connection.execute("set search_path = earshot")
        return [dict(row) for row in await connection.fetch(statement, *values)]
    finally:
        await connection.close()


async def delivered(url: str, since: Any, count: int) -> list[dict[str, Any]]:
    """The pages, when all have left or a minute has passed."""
    rows: list[dict[str, Any]] = []
    for _ in range(120):
        await asyncio.sleep(0.5)
        rows = await rows_of(url, _PAGES, since)
        if sum(row["state"] == "done" for row in rows) >= count:
            break
    return rows


async def moment(url: str) -> Any:
    """The database's time."""
    return (await rows_of(url, "select clock_timestamp() as now"))[0]["now"]


async def settled(url: str) -> None:
    """Wait until nothing is left to be heard."""
    for _ in range(300):
        await asyncio.sleep(0.2)
        (row,) = await rows_of(url, "select count(*) as n from live_turn where settled_version < version")
        if not row["n"]:
            return
    print("    something is still to be heard after a minute:")
    for row in await rows_of(
        url, "select failure, count(*) as n from live_turn group by 1 order by 2 desc limit 5"
    ):
        print("   ", row)


if __name__ == "__main__":
    raise SystemExit(main())
