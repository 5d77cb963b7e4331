"""The trail and saved views in a real browser."""

import pytest

from tests.pages.conftest import Tab

pytestmark = pytest.mark.browser


async def test_trail_looks_right(tab: Tab) -> None:
    await tab.looks("/trail", "trail")
