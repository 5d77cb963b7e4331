"""Hostile words on every page of a real browser: nothing of them runs, loads or leads anywhere."""

from collections.abc import AsyncGenerator
from urllib.parse import quote

import pytest

from earshot.web.pages.navigation import NAVIGATION
from tests.pages.conftest import OpenSite, Tab
from tests.pages.hostile import NEEDS, inert
from tests.pages.planting import ACCOUNT, Planted, planted
from tests.pages.sites import Open
from tests.pages.test_hostile import SECTIONS
from tests.pages.walking import route_of, routes

pytestmark = [pytest.mark.browser, *NEEDS]
_FILES = frozenset({"/charts/{key}.svg", "/charts/{key}"})
PLAIN = tuple(entry.path for _, entries in NAVIGATION for entry in entries)


@pytest.fixture
async def here(open_site: OpenSite) -> Open:
    return await open_site(**SECTIONS)


@pytest.fixture
async def full(here: Open) -> AsyncGenerator[Planted]:
    """A site in which everything is planted."""
    async with planted(here) as told:
        yield told


async def test_nothing_of_it_runs_on_any_page(full: Planted, tab: Tab) -> None:
    account = f"/accounts/{quote(ACCOUNT, safe='')}"
    every = [path for path in (*PLAIN, *full.addresses, account) if "format=" not in path]
    conversations = [path for path in every if path.startswith("/conversations/")]
    addresses = [path for path in dict.fromkeys(every) if path not in conversations[2:]]
    reached = {route_of(address) for address in addresses}
    assert {route.path for route in routes()} - reached == _FILES, "a page that is not opened here"
    for address in addresses:
        await inert(tab, address)
    await tab.open(f"/themes/{full.theme}")
    await tab.page.get_by_role("link", name="Open chart").first.click()
    await tab.page.locator("#chart[data-drawn]").wait_for()
    await inert(tab, tab.page.url.removeprefix(tab.site.url))
