"""Labelling by keyboard in a real browser, and how the audit pages look."""

import pytest

from tests.pages.conftest import Tab
from tests.pages.test_audit import drawn, labelled

pytestmark = pytest.mark.browser


async def test_labelling_takes_five_keys(tab: Tab) -> None:
    sample = await drawn(tab.site)
    await tab.open(f"/audit/{sample}/label")
    for key in "1wsc":
        await tab.page.keyboard.press(key)
    async with tab.page.expect_navigation():
        await tab.page.keyboard.press("f")
    await tab.page.locator("input[value=MEDIUM][name=churn_risk]").focus()
    await tab.page.keyboard.press("2")
    assert await tab.page.locator("input[value=ACCOUNT_ACCESS]").is_checked()
    async with tab.page.expect_navigation():
        await tab.page.keyboard.press("t")
    kept = await tab.site.rows("select * from audit_label order by at")
    assert [kept[0][name] for name in ("issue_type", "priority", "churn_risk", "sentiment")] == [
        "PRODUCT_BUG", "HIGH", "MEDIUM", "NEUTRAL",
    ]  # fmt: skip
    assert kept[0]["seconds"] is not None
    assert kept[1]["skipped"]


async def test_audit_pages_look_right(tab: Tab) -> None:
    sample = await drawn(tab.site)
    await labelled(tab.site, sample, wrong=8)
    await labelled(tab.site, sample, labeller="ole")
    await tab.looks("/audit", "audit")
    await tab.looks(f"/audit/{sample}?state=wrong", "audit-sample")
    await tab.site.send("/audit/draw", seen="/audit", kind="baseline", size="20", days="200")
    newest = await tab.site.value("select id from audit_sample order by drawn_at desc limit 1")
    await tab.looks(f"/audit/{newest}/label", "audit-label")
