"""Backlog and queue in a real browser."""

import pytest

from tests.pages.conftest import Tab

pytestmark = pytest.mark.browser


async def test_the_backlog_looks_right(tab: Tab) -> None:
    await tab.looks("/backlog", "backlog")


async def test_an_item_looks_right_and_is_edited(tab: Tab) -> None:
    item = await tab.site.value("select id from backlog_item order by score desc, id limit 1")
    await tab.looks(f"/backlog/{item}", "backlog-item")
    await tab.open(f"/backlog/{item}")
    row = tab.page.locator(".factors tr", has_text="Effort")
    await row.locator("summary").click()
    await row.get_by_label("Effort").fill("0.5")
    await row.get_by_label("Reason").fill("one line")
    await row.get_by_role("button", name="Set").click()
    await tab.page.get_by_text("Effort is set.").wait_for()
    assert await tab.site.value("select value from item_edit where item_id = $1", item) == "0.5"


async def test_the_queue_is_worked_off_by_keys(tab: Tab) -> None:
    await tab.looks("/queue?kind=readings", "queue-readings")
    await tab.open("/queue?kind=actions")
    await tab.picture("queue-actions")
    await tab.page.keyboard.press("y")
    await tab.page.get_by_text("Taken up.").wait_for()
    await tab.page.keyboard.press("n")
    await tab.page.get_by_text("Taken off the queue.").wait_for()
    await tab.page.keyboard.press("u")
    await tab.page.get_by_text("Taken back.").wait_for()
    done = await tab.site.rows("select answer, undone_at is null as stands from queue_decision order by id")
    assert [(one["answer"], one["stands"]) for one in done] == [("take", True), ("drop", False)]
    await tab.open("/queue?kind=doubts")
    await tab.picture("queue-doubts")
