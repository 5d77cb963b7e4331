"""The API on a real socket over a small classified workspace."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from earshot.app import build
from earshot.pipeline.backlog.drafting import draft
from earshot.pipeline.earshot import Earshot
from earshot.settings import Secrets, Settings
from earshot.sim.intercom.server import running as sim_running
from earshot.sim.intercom.settings import SimSettings
from earshot.sim.intercom.simulator import IntercomSim
from earshot.sim.serving import running
from earshot.web.api.app import make_api
from tests.flow.conftest import NOW
from tests.worlds import sample

TOKEN = "a-long-token-for-the-tests-0123456789"


@dataclass
class Api:
    """An open API: its client (with the token), one without, its address, and what stands behind it."""

    http: httpx2.AsyncClient
    bare: httpx2.AsyncClient
    url: str
    earshot: Earshot
    sim: IntercomSim

    async def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a good answer."""
        answer = await self.http.get(f"/api/v1{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, *, status: int = 200, **parameters: Any) -> Any:
        """The JSON of an answer with that status."""
        patient = {"wait": 55} if "classify" in path else {}
        answer = await self.http.post(f"/api/v1{path}", json=body, params={**patient, **parameters})
        assert answer.status_code == status, answer.text
        return answer.json()


OpenApi = Callable[..., Awaitable[Api]]


@pytest.fixture
async def open_api(database_url: str) -> AsyncGenerator[OpenApi]:
    """Opens APIs; everything is closed at the end."""
    async with AsyncExitStack() as stack:

        async def opened(*, token: str | None = TOKEN, sim: IntercomSim | None = None, **sections: Any) -> Api:
            simulated = sim or IntercomSim(
                sample(conversations=60, seed=3, now=NOW), settings=SimSettings(token="", rate_per_minute=600_000)
            )
            base_url = await stack.enter_async_context(sim_running(simulated))
            intercom = {"base_url": base_url, "rate_share": 1.0, "first_wait_seconds": 0.0}
            settings = Settings.fixed({"intercom": intercom, "report": {"days": 120}, **sections})
            secrets = Secrets(
                database_url=SecretStr(database_url),
                intercom_token=SecretStr("t"),
                web_token=SecretStr(token) if token else None,
            )
            earshot = await stack.enter_async_context(await build(settings, secrets=secrets))
            site = FastAPI(openapi_url=None)
            site.mount("/api", served := make_api(earshot, settings, secrets))
            stack.push_async_callback(served.close)
            url = await stack.enter_async_context(running(site))
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            http = await stack.enter_async_context(httpx2.AsyncClient(base_url=url, headers=headers, timeout=60))
            bare = await stack.enter_async_context(httpx2.AsyncClient(base_url=url, timeout=60))
            return Api(http, bare, url, earshot, simulated)

        yield opened


@pytest.fixture
async def api(open_api: OpenApi) -> Api:
    """An API over 60 sample conversations, read, grouped and judged."""
    opened = await open_api(prioritise={"least_conversations": 1})
    await opened.earshot.run()
    await draft(opened.earshot.parts)
    return opened
