"""Themes and accounts in a real browser: how they look, and the main task without a mouse."""

import pytest

from tests.pages.conftest import Tab

pytestmark = pytest.mark.browser


async def _biggest(tab: Tab) -> str:
    await tab.site.page("/themes?since=all")
    return str(await tab.site.value("select id from theme order by conversations desc, id limit 1"))


async def test_the_list_and_a_theme_look_right(tab: Tab) -> None:
    await tab.looks("/themes?since=90d", "themes")
    await tab.looks(f"/themes/{await _biggest(tab)}", "theme")


async def test_two_themes_are_merged_and_parted_again(tab: Tab) -> None:
    theme = await _biggest(tab)
    other = await tab.site.value(
        "select id from theme where id <> $1 order by conversations desc, id limit 1", theme
    )
    before = await tab.site.value("select conversations from theme where id = $1", other)
    await tab.open(f"/themes/{other}")
    await tab.page.get_by_label("Theme (id, address or words of its title)").fill(f"{tab.site.url}/themes/{theme}")
    await tab.page.keyboard.press("Enter")
    await tab.page.get_by_role("heading", name="Merge two themes?").wait_for()
    await tab.picture("theme-preview")
    assert await tab.violations() == []
    await tab.page.keyboard.press("y")
    await tab.page.get_by_text("Merged. You can take it back below").wait_for()
    assert tab.page.url.endswith(f"/themes/{theme}")
    tab.page.on("dialog", lambda dialog: dialog.accept())
    await tab.page.get_by_role("button", name="Take back").click()
    await tab.page.get_by_text("Taken back.").first.wait_for()
    assert (
        await tab.site.value("select count(distinct conversation_id) from finding where theme_id = $1", other)
        == before
    )
    await tab.looks("/themes/edits", "theme-edits")
