"""Accounts in a real browser."""

import pytest

from tests.pages.conftest import Tab

pytestmark = pytest.mark.browser


async def test_accounts_look_right_and_lead_to_the_riskiest(tab: Tab) -> None:
    await tab.looks("/accounts", "accounts")
    await tab.page.locator("tbody th a").first.click()
    await tab.page.get_by_role("heading", name="Risk, line by line").wait_for()
    await tab.looks(tab.page.url.removeprefix(tab.site.url), "account")
