"""Every page at a million conversations: server time, bytes, first paint in Chromium, beside the barest page.

    python bench/pages.py [--conversations 1000000] [--folder DIR] [--rounds 5] [--browser] [--only /themes]

Rows are made by SQL (as in report_figures.py, with messages, placements, backlog, deliveries and calls) in an
embedded database in DIR, which is filled once and kept when it is given. Bounds: 200 ms a page, Overview 300 ms,
the median of the rounds after the first; 300 KB a page without charts' bundle; first paint 1 s. Exits 1 when one
is missed.
"""

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parent))

import report_figures
from earshot.app import build
from earshot.pipeline.accounts.reckoning import reckon
from earshot.ports.clock import SystemClock
from earshot.settings import Secrets, Settings
from earshot.sim.serving import running
from earshot.store import StoreSettings, open_store
from earshot.store.address import connect
from earshot.telemetry.meter import PrometheusMeter
from earshot.web.app import make_app

BOUND, OVERVIEW, TRANSFER, PAINT = 200.0, 300.0, 300_000, 1000.0
PAINTED = """() => new Promise((done) => new PerformanceObserver((list) => {
    const first = list.getEntriesByName('first-contentful-paint')[0];
    if (first) done(first.startTime);
}).observe({type: 'paint', buffered: true}))"""
BAREST = "/login"
MORE = """
    update conversation set messages = jsonb_build_array(
        jsonb_build_object('id', 'm' || id, 'author', 'customer', 'text', 'The export of report ' || id ||
            ' stops half way, and nobody of us knows why it does not work since the update of last week.',
            'created_at', spoken_at),
        jsonb_build_object('id', 'n' || id, 'author', 'agent', 'text', 'Thank you, we look into it.',
            'created_at', spoken_at + interval '1 hour')), title = 'Report ' || id;
    update action set rule = (array['DEFAULT_QUEUE', 'FEATURE_COUNTER', 'HIGH_CHURN_RISK', 'BILLING_CRITICAL'])
        [1 + floor(power(random(), 2) * 4)];
    insert into cell (id, theme_id) select id, id from theme;
    insert into placement (finding_id, cell_id, core, probability, digest, placed_at)
        select id, theme_id, false, 0.5 + random() / 2, md5(id::text), conversation_at from finding;
    insert into backlog_item (id, theme_id, text, rice, score, evidence, status, drafted_by, drafted_as, created_at,
        updated_at)
    select 'item-' || substr(id, 7), id,
        jsonb_build_object('title', title, 'description', 'Customers cannot do it.', 'acceptance_criteria',
            jsonb_build_array('It works.'), 'labels', '[]'::jsonb, 'components', '[]'::jsonb, 'issue_type', 'Bug',
            'priority', 'P1', 'story_points', 3),
        null, null, jsonb_build_object('conversations', 10, 'customers', 5, 'last_seen', now(),
            'first_seen', now() - interval '90 days'), 'draft', 'score', '', now(), now()
    from theme where random() < 0.2;
    insert into delivery (id, object_key, action_key, destination, thing, op, subject_id, state, not_before,
        created_at, ended_at)
    select 'd' || key, 'o' || key, key, (array['jira', 'slack', 'linear'])[1 + floor(random() * 3)], 'ticket',
        'create', subject_id, (array['done', 'done', 'done', 'done', 'dead', 'held'])[1 + floor(random() * 6)],
        created_at, conversation_at, conversation_at from action where random() < 0.3;
    insert into llm_api_logs (call_id, conversation_id, provider, model, purpose, tier, mode, outcome, input_tokens,
        output_tokens, cost_usd, latency_ms, created_at)
    select 'c' || id, id, 'sim', 'small', 'classify', 'cheap', 'online', 'ok', 500, 100, 0.0001,
        floor(300 + random() * 900), spoken_at from conversation where random() < 0.3
"""
PAGES = (
    "/", "/?since=30d", "/conversations", "/conversations?issue_type=PRODUCT_BUG&priority=CRITICAL",
    "/conversations?q=export", "/conversations?q=nobody+knows+why", "/conversations?account=account-7",
    "/conversations?theme=theme-3", "/conversations?below=0.3", "/conversations/{conversation}", "/accounts",
    "/accounts?sort=mrr", "/accounts/account-7", "/themes", "/themes?sort=rising", "/themes?issue_type=BILLING",
    "/themes/theme-3", "/backlog", "/backlog/{item}", "/queue", "/actions", "/actions?state=dead",
    "/actions/{action}", "/rules", "/audit", "/scorecard", "/impact", "/review", "/reports", "/costs", "/health",
    "/privacy", "/trail",
)  # fmt: skip


async def fill(folder: Path, conversations: int) -> None:
    """Make the rows, unless the folder has them."""
    mark = folder / "filled"
    if mark.exists() and mark.read_text() == str(conversations):
        return
    store = await open_store(StoreSettings(data_dir=folder), clock=SystemClock())
    began = time.perf_counter()
    sizes = {
        "rows": conversations,
        "accounts": max(100, conversations // 20),
        "themes": max(50, conversations // 100),
    }
    statements = report_figures.FILL.format(end=datetime.now(UTC).isoformat(), **sizes) + ";\n" + MORE
    connection = await connect(store.address)
    for statement in statements.split(";\n"):
        await connection.execute(statement)
        print(f"  {time.perf_counter() - began:6.0f} s  {' '.join(statement.split())[:70]}", flush=True)
    await connection.close()
    async with store.unit() as unit:
        await unit.figures.refresh()
        await unit.commit()
    async with await build(Settings.fixed({"database": {"data_dir": folder}}), secrets=Secrets()) as earshot:
        await reckon(earshot.parts)
    connection = await connect(store.address)
    await connection.execute("vacuum analyze")
    await connection.close()
    await store.close()
    mark.write_text(str(conversations))
    print(f"{conversations:,} conversations made in {time.perf_counter() - began:.0f} s")


async def measure(folder: Path, *, rounds: int, only: str, browser: bool) -> bool:
    """Ask every page; whether all keep to their bounds."""
    settings = Settings.fixed({"database": {"data_dir": folder}})
    secrets = Secrets(intercom_token=SecretStr("t"))
    async with AsyncExitStack() as stack:
        earshot = await stack.enter_async_context(await build(settings, secrets=secrets))
        app = make_app(earshot, settings, secrets, meter=PrometheusMeter(), webhooks=False)
        await stack.enter_async_context(app.running())
        base = await stack.enter_async_context(running(app))
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=base, timeout=120))
        named = await names(folder)
        pages = [page.format(**named) for page in PAGES if page.startswith(only)]
        bare = await barest(base, rounds=rounds)
        print(f"{'page':52} {'ms':>8} {'worst':>8} {'KB':>7} {'ratio to the barest page':>26}")
        kept = [await ask(http, page, rounds=rounds, bare=bare) for page in pages]
        print(f"{BAREST:52} {bare:8.1f}")
        return all(kept) & (await paint(base, pages) if browser else True)


async def names(folder: Path) -> dict[str, str]:
    """Ids that exist."""
    store = await open_store(StoreSettings(data_dir=folder), clock=SystemClock())
    connection = await connect(store.address)
    found = {
        "conversation": await connection.fetchval(
            "select conversation_id from finding where theme_id = 'theme-3' limit 1"
        ),
        "item": await connection.fetchval("select id from backlog_item order by id limit 1"),
        "action": await connection.fetchval("select action_key from delivery limit 1"),
    }
    await connection.close()
    await store.close()
    return {name: str(value) for name, value in found.items()}


async def barest(base: str, *, rounds: int) -> float:
    """Milliseconds of a page that asks the database nothing: what does not exist."""
    async with httpx2.AsyncClient(base_url=base) as http:
        took: list[float] = []
        for _ in range(rounds + 1):
            began = time.perf_counter()
            await http.get("/no-such-page")
            took.append(1000 * (time.perf_counter() - began))
        return statistics.median(took[1:])


async def ask(http: httpx2.AsyncClient, page: str, *, rounds: int, bare: float) -> bool:
    """One page several times; whether it keeps to its bounds."""
    took: list[float] = []
    size = status = 0
    for _ in range(rounds + 1):
        began = time.perf_counter()
        answer = await http.get(page)
        took.append(1000 * (time.perf_counter() - began))
        size, status = len(answer.content), answer.status_code
    median, bound = statistics.median(took[1:]), OVERVIEW if page.split("?", maxsplit=1)[0] == "/" else BOUND
    kept = status == 200 and median <= bound and size <= TRANSFER
    mark = "" if kept else f"  OVER (status {status})" if status != 200 else "  OVER"
    print(
        f"{page[:52]:52} {median:8.1f} {max(took):8.1f} {size / 1000:7.1f} {median / bare:26.1f}{mark}", flush=True
    )
    return kept


async def paint(base: str, pages: list[str]) -> bool:
    """First contentful paint of every page in Chromium, milliseconds."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 (only here)

    kept = True
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for path in pages:
            page = await browser.new_page()
            await page.goto(base + path, wait_until="load")
            first = float(await page.evaluate(PAINTED))
            kept &= first <= PAINT
            print(f"{path[:52]:52} first paint {first:7.0f} ms{'' if first <= PAINT else '  OVER'}", flush=True)
            await page.close()
        await browser.close()
    return kept


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="/")
    parser.add_argument("--browser", action="store_true")
    asked = parser.parse_args()

    async def go(folder: Path) -> bool:
        await fill(folder, asked.conversations)
        return await measure(folder, rounds=asked.rounds, only=asked.only, browser=asked.browser)

    if asked.folder:
        if not (asked.folder / "filled").exists():
            shutil.rmtree(asked.folder, ignore_errors=True)
        asked.folder.mkdir(parents=True, exist_ok=True)
        kept = asyncio.run(go(asked.folder))
    else:
        with tempfile.TemporaryDirectory() as folder:
            kept = asyncio.run(go(Path(folder)))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
