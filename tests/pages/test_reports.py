"""The page of reports: what stands where, one report in its frame, and what may be done by whom."""

import json

import pytest

from tests.pages.conftest import OpenSite
from tests.pages.sites import Open

SERIES = {"name": "weekly", "mail": ["pm@example.com"], "slack": ["#product"]}
TOKENS = {"web_token": "admin-token-0123456789", "web_viewer_token": "viewer-token-0123456789"}


@pytest.fixture
async def site(open_site: OpenSite, tmp_path_factory: pytest.TempPathFactory) -> Open:
    folder = tmp_path_factory.mktemp("reports")
    return await open_site(report={"series": [{**SERIES, "slack": [], "folder": str(folder)}]})


async def test_without_series_the_page_says_how_to_have_one(here: Open) -> None:
    page = await here.page("/reports")
    assert "[[report.series]]" in page
    assert "No report was sent yet" in page


async def test_the_page_says_what_goes_to_whom_and_what_is_missing(site: Open) -> None:
    page = await site.page("/reports")
    assert "mail to pm@example.com" in page
    assert "email is not switched on" in page
    assert "not sent" in page


async def test_sending_now_reaches_what_is_switched_on_and_is_kept(site: Open) -> None:
    page = await site.page("/reports")
    action = page.split('method="post" action="/reports/')[1].split('/send"')[0]
    await site.send(f"/reports/{action}/send", seen="/reports")
    rows = await site.rows("select destination, state, actor from report_sent")
    assert [(row["destination"], row["state"]) for row in rows] == [("files", "done")]
    assert await site.value("select detail->>'files' from person_act where act = 'report.send'") == "done"
    shown = await site.page(f"/reports/{action}")
    assert "files in" in shown
    assert f'src="/reports/{action}/file"' in shown
    assert action in await site.page("/reports")


async def test_a_report_stands_in_a_frame_of_its_own_that_runs_nothing(site: Open) -> None:
    answer = await site.http.get("/reports/now/file")
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "<script" not in answer.text
    count = await site.value("select count(*) from conversation_insights")
    told = json.loads((await site.http.get("/reports/now/file?format=json")).text)
    assert 0 < told["totals"]["conversations"] <= count


@pytest.mark.parametrize("name", ["weekly~20200101T0000Z", "weekly", "~", "x~y", "now~", "%00"])
async def test_what_is_no_report_is_not_found(here: Open, name: str) -> None:
    for path in (f"/reports/{name}", f"/reports/{name}/file"):
        answer = await here.http.get(path)
        assert answer.status_code in {404, 422}, path


async def test_an_unknown_format_or_cursor_is_refused(here: Open) -> None:
    assert (await here.http.get("/reports/now/file?format=exe")).status_code == 422
    assert (await here.http.get("/reports?after=garbage")).status_code == 422


async def test_a_viewer_looks_and_does_not_send(open_site: OpenSite) -> None:
    site = await open_site(tokens=TOKENS, report={"series": [SERIES]})
    form = {
        "_seal": await site.seal("/login"),
        "next": "/reports",
        "name": "V",
        "token": TOKENS["web_viewer_token"],
    }
    await site.http.post("/login", data=form, headers={"Origin": site.url})
    page = await site.page("/reports")
    assert "Send now" not in page
    name = page.split('href="/reports/weekly')[1].split('"')[0]
    denied = await site.http.post(f"/reports/weekly{name}/send", data={}, headers={"Origin": site.url})
    assert denied.status_code == 403
    assert await site.value("select count(*) from report_sent") == 0
