"""Sites over a workspace that was read once, with a copy for every test; real Chromium before real pages.

Errors in the browser's console fail a test; screenshots are kept.
"""

import asyncio
import importlib
import os
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, async_playwright

from tests.databases import Copies, Server
from tests.pages import sites

OpenSite = Callable[..., Awaitable[sites.Open]]


@pytest.fixture(scope="session")
def read_workspaces(server: Server, copies: Copies) -> Generator[Copies]:
    """Copies of the database in which everything was read once."""
    read = sites.read_workspace(server, copies.template)
    yield read
    asyncio.run(read.drop_all())


@pytest.fixture
async def read_url(server: Server, read_workspaces: Copies) -> AsyncGenerator[str]:
    """A copy of it for one test."""
    name = await read_workspaces.take()
    yield server.database(name)
    await read_workspaces.give_back(name)


@pytest.fixture
async def open_site(read_url: str) -> AsyncGenerator[OpenSite]:
    """Opens sites over the test's copy; everything is closed at the end."""
    async with AsyncExitStack() as stack:

        async def opened(*, tokens: dict[str, str] | None = None, **sections: Any) -> sites.Open:
            return await stack.enter_async_context(sites.site(read_url, tokens=tokens, **sections))

        yield opened


@pytest.fixture
async def here(open_site: OpenSite) -> sites.Open:
    """A site as a newcomer has it: this machine, no token."""
    return await open_site()


PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARTIFACTS = Path(os.environ.get("EARSHOT_ARTIFACTS", "/tmp/earshot-artifacts"))
"""Where screenshots are kept to be looked at."""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--no-first-run"]  # fmt: skip
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
PICTURED = {("desk", "light"), ("phone", "dark")}
"""What is kept of each page: a picture takes longer than all else that a test does."""


@dataclass
class Tab:
    """A browser tab on a site, and what it complained about."""

    page: Page
    site: sites.Open
    complaints: list[str]

    async def open(self, path: str) -> None:
        """Go to a page of the site."""
        answer = await self.page.goto(self.site.url + path, wait_until="load")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    async def picture(self, name: str) -> Path:
        """Keep a screenshot of the whole page."""
        path = ARTIFACTS / f"{name}.png"
        await self.page.screenshot(path=path, full_page=True)
        return path

    async def looks(self, path: str, name: str) -> None:
        """Open a page on a desk and a phone, light and dark: it fits, it is accessible, it is pictured."""
        for scheme in ("light", "dark"):
            await self.page.emulate_media(color_scheme=scheme)
            for form, size in (("desk", DESK), ("phone", PHONE)):
                await self.page.goto("about:blank")  # no picture of the last page is asked for in the new size
                await self.page.set_viewport_size(size)  # pyright: ignore[reportArgumentType]
                await self.open(path)
                wide = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                assert wide <= 0, f"{path} is {wide} pixels too wide on a {form}"
                if (form, scheme) in PICTURED:
                    await self.picture(f"{name}-{form}-{scheme}")
            assert (found := await self.violations()) == [], f"{path} ({scheme}): {found}"
        await self.page.emulate_media(color_scheme="light")
        await self.page.set_viewport_size(DESK)  # pyright: ignore[reportArgumentType]

    async def violations(self) -> list[str]:
        """What axe-core finds serious or critical on the page as it stands."""
        axe: Any = importlib.import_module("axe_playwright_python.async_playwright").Axe()
        found: dict[str, Any] = (await axe.run(self.page)).response
        return [
            f"{one['id']}: {one['nodes'][0]['html'][:200]}"
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
        ]


@pytest.fixture
async def context() -> AsyncGenerator[BrowserContext]:
    """A browser with a fresh profile."""
    if PROGRAM is None:
        pytest.skip("there is no chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        opened = await browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        yield opened
        await browser.close()


@pytest.fixture
async def tab(context: BrowserContext, here: sites.Open) -> AsyncGenerator[Tab]:
    """A tab on a site of this machine. At the end nothing may stand in its console."""
    page = await context.new_page()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{message.type}: {message.text}")

    def failed(request: Request) -> None:
        # a picture that was on its way when the page was left is no fault
        if request.failure != "net::ERR_ABORTED":
            complaints.append(f"failed: {request.url}: {request.failure}")

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("requestfailed", failed)
    yield Tab(page, here, complaints)
    assert complaints == []
