"""Conversations in a real browser: how they look, the main task, and hostile words that stay words."""

import pytest

from tests.pages.conftest import Tab
from tests.pages.hostile import NEEDS, inert, plant

pytestmark = pytest.mark.browser
_ONE = "select conversation_id from finding where quote is not null order by conversation_at desc limit 1"


async def test_pages_look_right(tab: Tab) -> None:
    await tab.looks("/conversations", "conversations")
    await tab.looks(f"/conversations/{await tab.site.value(_ONE)}", "conversation")


async def test_find_a_conversation_see_its_evidence_and_correct_it(tab: Tab) -> None:
    await tab.open("/conversations")
    await tab.page.get_by_label("Type").select_option("PRODUCT_BUG")
    await tab.page.get_by_role("button", name="Filter", exact=True).click()
    await tab.page.locator(".talk-title a").first.click()
    assert await tab.page.locator("mark").count() >= 1
    one = tab.page.url.rpartition("/")[2]
    await tab.page.get_by_label("Correct issue type").click()
    form = tab.page.locator(".correct[open]")
    await form.locator("select").select_option("BILLING")
    await form.get_by_label("Why").fill("They ask about an invoice")
    await form.get_by_role("button", name="Correct", exact=True).click()
    await tab.page.get_by_text("It stays so whenever").wait_for()
    kind = "select issue_type from conversation_insights where conversation_id = $1"
    assert await tab.site.value(kind, one) == "BILLING"
    await tab.picture("conversation-corrected")
    await tab.page.get_by_label("Correct issue type").click()
    await form.get_by_role("button", name="Take back").click()
    await tab.page.get_by_text("Taken back: it is again").wait_for()
    assert await tab.site.value(kind, one) == "PRODUCT_BUG"


@pytest.mark.parametrize("_", [pytest.param(0, marks=NEEDS)])
async def test_hostile_words_stay_words(tab: Tab, _: int) -> None:
    ids = await plant(tab.site)
    for path in ("/conversations", "/conversations?unread=1", *(f"/conversations/{one}" for one in ids[:10])):
        await inert(tab, path)
