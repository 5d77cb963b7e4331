"""Actions in a real browser: how they look, and approving what is shown."""

import pytest

from tests.pages.acting import acting
from tests.pages.conftest import Tab

pytestmark = pytest.mark.browser


async def test_actions_look_right(tab: Tab) -> None:
    async with acting(tab.site, "slack", "jira") as desk:
        await tab.looks("/actions?state=held", "actions-held")
        key = (await desk.held())[0]["action_key"]
        await tab.looks(f"/actions/{key}", "action")
        await tab.open("/actions")
        await tab.picture("actions")
        await tab.looks("/actions/silences?rule=BILLING_CRITICAL", "silences")
