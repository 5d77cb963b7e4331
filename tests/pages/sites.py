"""The web pages on a real socket over a workspace that was read once and is copied for every test."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from pydantic import SecretStr

from earshot.app import build
from earshot.pipeline.backlog.drafting import draft
from earshot.pipeline.earshot import Earshot
from earshot.settings import Secrets, Settings
from earshot.sim.intercom.server import running as sim_running
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.sample.vocabulary import vocabulary
from earshot.sim.serving import running
from earshot.store import driver
from earshot.telemetry.meter import PrometheusMeter
from earshot.web.app import Site, make_app
from earshot.web.pages.forgery import FIELD
from tests.databases import Copies, Server
from tests.worlds import sample

NOW = datetime.now(UTC).replace(microsecond=0)
CONVERSATIONS = 150
READ = f"earshot_read_{os.getpid()}"
"""Name of the database that holds the workspace as one run left it."""


@dataclass
class Open:
    """A site that runs: its address, a client of this machine, and what stands behind it."""

    url: str
    http: httpx2.AsyncClient
    earshot: Earshot
    database_url: str

    async def page(self, path: str, *, status: int = 200, **parameters: Any) -> str:
        """The text of a page."""
        answer = await self.http.get(path, params=parameters or None)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.text

    async def send(self, path: str, *, seen: str = "/", status: int = 303, **fields: Any) -> httpx2.Response:
        """Send a form as a browser would that had opened the page `seen` before; its seal comes from there."""
        form = {FIELD: await self.seal(seen), **fields}
        answer = await self.http.post(path, data=form, headers={"Origin": self.url})
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:800]}"
        return answer

    async def seal(self, seen: str = "/") -> str:
        """The seal of the forms of a page."""
        text = await self.page(seen)
        mark = f'name="{FIELD}" value="'
        assert mark in text, f"{seen} has no form"
        return text.split(mark)[1].split('"')[0]

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """What a statement finds in the database."""
        connection = await driver.dial(dsn=self.database_url)
        try:
            await connection.execute("set search_path = earshot, public")
            return [dict(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    async def value(self, statement: str, *values: Any) -> Any:
        """The one value that a statement finds."""
        found = await self.rows(statement, *values)
        return next(iter(found[0].values())) if found else None


def read_workspace(server: Server, template: str) -> Copies:
    """Make the database in which everything was read, grouped, drafted and judged once."""
    asyncio.run(server.execute(f"create database {READ} template {template}"))
    asyncio.run(_fill(server.database(READ)))
    return Copies(server, READ)


async def _fill(url: str) -> None:
    sim = IntercomSim(
        sample(conversations=CONVERSATIONS, seed=3, now=NOW),
        settings=SimSettings(token="", rate_per_minute=600_000),
    )
    async with sim_running(sim) as base_url:
        settings, secrets = settings_of({"intercom": {"base_url": base_url}}), secrets_of(url)
        async with await build(settings, secrets=secrets) as earshot:
            done = await earshot.run(since=NOW - timedelta(days=120))
            assert done.run.ok
            drafted = await draft(earshot.parts)
            assert len(drafted.drafted) >= 5


def settings_of(sections: dict[str, Any]) -> Settings:
    """Settings of a site of the tests."""
    intercom = {"base_url": "http://127.0.0.1:9", "rate_share": 1.0, "first_wait_seconds": 0.0}
    values = {**sections, "intercom": {**intercom, **sections.get("intercom", {})}}
    ours = {"report": {"days": 120}, "prioritise": {"least_conversations": 2}, "group": vocabulary()}
    return Settings.fixed({**ours, **values})


def secrets_of(url: str, **more: str | None) -> Secrets:
    """Secrets of a site of the tests."""
    given = {name: SecretStr(value) for name, value in more.items() if value}
    return Secrets(database_url=SecretStr(url), intercom_token=SecretStr("t"), **given)  # pyright: ignore[reportArgumentType]


@asynccontextmanager
async def site(url: str, *, tokens: dict[str, str] | None = None, **sections: Any) -> AsyncGenerator[Open]:
    """A running site over a database. `tokens` are secrets by name (web_token …)."""
    settings, secrets = settings_of(sections), secrets_of(url, **(tokens or {}))
    async with AsyncExitStack() as stack:
        earshot = await stack.enter_async_context(await build(settings, secrets=secrets))
        app: Site = make_app(earshot, settings, secrets, meter=PrometheusMeter(), webhooks=False)
        await stack.enter_async_context(app.running())
        base = await stack.enter_async_context(running(app))
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=base, timeout=60))
        yield Open(base, http, earshot, url)
