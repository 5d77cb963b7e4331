"""Sites with further secrets: simulated trackers on a real socket, or a language model's key."""

import tomllib
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
from pydantic import SecretStr

from earshot.app import build
from earshot.llm.keys import LlmKeys
from earshot.settings import Secrets
from earshot.sim.serving import running
from earshot.sim.tools.server import running as tools_running
from earshot.sim.tools.settings import ToolSimSettings
from earshot.sim.tools.toolbox import Toolbox
from earshot.telemetry.meter import PrometheusMeter
from earshot.web.app import Site, make_app
from tests.pages.sites import Open, settings_of


@asynccontextmanager
async def opened(
    url: str, *, keys: LlmKeys | None = None, tools: dict[str, str] | None = None, **sections: Any
) -> AsyncGenerator[Open]:
    """A running site with these keys."""
    secrets = Secrets(
        database_url=SecretStr(url),
        intercom_token=SecretStr("t"),
        llm=keys or LlmKeys(),
        tools={name: SecretStr(value) for name, value in (tools or {}).items()},
    )
    settings = settings_of(sections)
    async with AsyncExitStack() as stack:
        earshot = await stack.enter_async_context(await build(settings, secrets=secrets))
        app: Site = make_app(earshot, settings, secrets, meter=PrometheusMeter(), webhooks=False)
        await stack.enter_async_context(app.running())
        base = await stack.enter_async_context(running(app))
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=base, timeout=60))
        yield Open(base, http, earshot, url)


SECRETS = {"jira": "JIRA_API_TOKEN", "linear": "LINEAR_API_KEY", "productboard": "PRODUCTBOARD_TOKEN"}


@asynccontextmanager
async def with_tracker(url: str, name: str, *, dry: bool = False) -> AsyncGenerator[tuple[Open, Toolbox]]:
    """A running site whose items go to one simulated tracker."""
    toolbox = Toolbox(ToolSimSettings(token="sim-token"))
    async with tools_running(toolbox.apps) as base:
        sections: dict[str, Any] = {name: {**tomllib.loads(toolbox.sections(base))[name], "dry_run": dry}}
        async with opened(url, tools={SECRETS[name]: "sim-token"}, **sections) as site:
            yield site, toolbox
