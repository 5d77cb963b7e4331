"""Rules in a real browser."""

import pytest

from tests.pages.conftest import Tab

pytestmark = pytest.mark.browser


async def test_rules_look_right(tab: Tab) -> None:
    await tab.looks("/rules", "rules")
    await tab.looks("/rules/BILLING_CRITICAL?days=90", "rule")
