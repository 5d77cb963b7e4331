"""What a process shows of itself over a real database: alive, ready, metrics."""

import asyncio
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from earshot.domain.job import Job, JobName
from earshot.pipeline.parts import Parts
from earshot.pipeline.watching.gathering import EVERY, Gauges
from earshot.pipeline.watching.pages import pages_of
from earshot.store import PostgresStore
from earshot.telemetry.meter import PrometheusMeter
from earshot.web.health import routes
from tests.integration.pipeline.theming_world import parts_of
from tests.integration.store.store_samples import NOW, conversation, keep
from tests.still import StillClock
from tests.unit.telemetry.test_meter import read


def desk(store: PostgresStore) -> tuple[Parts, PrometheusMeter, StillClock]:
    clock, meter = StillClock(NOW), PrometheusMeter(strict=True)
    return replace(parts_of(store), clock=clock, meter=meter), meter, clock


async def enqueue(store: PostgresStore, *keys: str) -> None:
    async with store.unit() as unit:
        await unit.jobs.enqueue([Job(name=JobName.READ, key=key) for key in keys])
        await unit.commit()


async def test_metrics_hold_what_the_database_says(store: PostgresStore) -> None:
    parts, meter, _ = desk(store)
    await keep(store, conversation(1))
    await enqueue(store, "a", "b")
    meter.count("earshot_reports_total")
    shown = await pages_of(parts, meter)["/metrics"]()
    assert shown.status == 200
    assert shown.type.startswith("text/plain; version=0.0.4")
    found = read(meter)
    assert found["earshot_queue_waiting[('queue', 'read')]"] == 2
    assert found["earshot_queue_waiting[('queue', 'hear')]"] == 0
    assert found["earshot_conversations_pending[]"] == 1
    assert found["earshot_workers[('lane', 'live')]"] == 0
    assert found["earshot_database_up[]"] == 1
    assert found["earshot_reports_total[]"] == 1
    assert shown.body == meter.exposition()


async def test_however_many_ask_the_database_is_asked_every_five_seconds(store: PostgresStore) -> None:
    parts, meter, clock = desk(store)
    gauges = Gauges(parts, meter)
    await asyncio.gather(*(gauges.refresh() for _ in range(20)))
    await enqueue(store, "a")
    await gauges.refresh()
    assert read(meter)["earshot_queue_waiting[('queue', 'read')]"] == 0
    clock.pass_by(EVERY)
    await gauges.refresh()
    found = read(meter)
    assert found["earshot_queue_waiting[('queue', 'read')]"] == 1
    assert found["earshot_gather_seconds_count[]"] == 2


async def test_ready_says_why_not(store: PostgresStore) -> None:
    parts, meter, _ = desk(store)
    why = [""]
    pages = pages_of(parts, meter, hindrance=lambda: why[0])
    assert (await pages["/readyz"]()).status == 200
    why[0] = "stopping"
    shown = await pages["/readyz"]()
    assert (shown.status, shown.body) == (503, b"stopping\n")
    assert (await pages["/healthz"]()).status == 200


async def test_a_database_that_is_away_is_told_without_its_address(store: PostgresStore) -> None:
    parts, meter, _ = desk(store)
    away = PostgresStore(
        store.address, create_async_engine("postgresql+asyncpg://u:p@127.0.0.1:1/x"), embedded=None
    )
    pages = pages_of(replace(parts, store=away), meter)
    shown = await pages["/readyz"]()
    assert (shown.status, shown.body) == (503, b"the database cannot be reached\n")
    assert (await pages["/healthz"]()).status == 200
    assert (await pages["/metrics"]()).status == 200
    assert read(meter)["earshot_database_up[]"] == 0


async def test_another_schema_is_not_ready(store: PostgresStore) -> None:
    parts, meter, _ = desk(store)
    async with store.unit() as unit:
        await unit.sql.run("update revision set version_num = '9999'")
        await unit.commit()
    shown = await pages_of(parts, meter)["/readyz"]()
    assert shown.status == 503
    assert b"restart it with the newer Earshot" in shown.body


async def test_a_closed_database_leaves_figures_out_and_is_shown(store: PostgresStore) -> None:
    parts, meter, clock = desk(store)
    pages = pages_of(parts, meter)
    await pages["/metrics"]()
    async with store.unit() as unit:
        await unit.sql.run("alter table inbox rename to inbox_away")
        await unit.commit()
    clock.pass_by(EVERY)
    assert (await pages["/metrics"]()).status == 200
    found = read(meter)
    assert found["earshot_database_up[]"] == 0
    assert "earshot_conversations_pending[]" not in found


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_web_server_shows_the_same(store: PostgresStore, method: str) -> None:
    parts, meter, _ = desk(store)
    full = [False]
    app = FastAPI(openapi_url=None)
    app.router.routes.extend(routes(parts, meter, token="t0k3n", full=lambda: full[0]))
    near = httpx2.ASGITransport(app, client=("127.0.0.1", 1))
    far = httpx2.ASGITransport(app, client=("10.1.1.1", 1))
    async with httpx2.AsyncClient(transport=near, base_url="http://localhost") as client:
        assert (await client.request(method, "/healthz")).status_code == 200
        assert (await client.request(method, "/metrics")).status_code == 200
        full[0] = True
        assert (await client.request(method, "/readyz")).status_code == 503
    async with httpx2.AsyncClient(transport=far, base_url="http://earshot.example") as client:
        assert (await client.request(method, "/healthz")).status_code == 200
        assert (await client.request(method, "/metrics")).status_code == 401
        shown = await client.request(method, "/metrics", headers={"Authorization": "Bearer t0k3n"})
        assert shown.status_code == 200
        assert shown.headers["content-type"].startswith("text/plain; version=0.0.4")
        if method == "GET":
            assert "earshot_database_up 1" in shown.text
