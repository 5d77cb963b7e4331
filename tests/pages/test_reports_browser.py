"""Reports in a real browser: the page, one report in its frame, and the mail as it arrives."""

import base64

import pytest
from playwright.async_api import BrowserContext

from tests.pages.conftest import ARTIFACTS, DESK, PHONE, OpenSite, Tab
from tests.pages.posting import desk_over, html_of, pictures_of

pytestmark = pytest.mark.browser


async def test_reports_look_right_and_are_sent_by_a_click(tab: Tab, open_site: OpenSite, tmp_path: object) -> None:
    series = {
        "name": "weekly",
        "mail": ["product@example.com", "support-lead@example.com"],
        "folder": str(tmp_path),
    }
    tab.site = await open_site(report={"series": [series]})
    await tab.open("/reports")
    await tab.page.get_by_role("button", name="Send now").click()
    await tab.page.get_by_text("files: sent").wait_for()
    frame = tab.page.frame_locator("iframe.report")
    await frame.get_by_role("heading", name="Completeness").wait_for()
    await tab.looks("/reports", "reports")
    await tab.page.locator("table.list a").first.click()
    await frame.get_by_role("heading", name="Completeness").wait_for()
    await tab.picture("report-desk-light")


async def test_the_mail_reads_well_in_light_and_dark(context: BrowserContext, read_url: str) -> None:
    async with desk_over(read_url) as desk:
        await desk.send(days_ago=7)
        await desk.send()
        mail = desk.mails[-1]
    page = html_of(mail)
    for name, body in pictures_of(mail).items():
        page = page.replace(f"cid:{name}", f"data:image/png;base64,{base64.b64encode(body).decode()}")
    tab = await context.new_page()
    for scheme, size in (("light", DESK), ("dark", DESK), ("light", PHONE)):
        await tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await tab.set_viewport_size({"width": size["width"], "height": size["height"]})
        await tab.set_content(page)
        assert await tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        name = f"mail-{'phone' if size is PHONE else 'desk'}-{scheme}"
        await tab.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)
    assert await tab.locator("img").evaluate_all("all => all.every(one => one.naturalWidth > 0)")
