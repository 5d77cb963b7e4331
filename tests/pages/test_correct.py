"""Correcting in place: what follows, two people at once, who may, and who did what."""

import re

from earshot.pipeline.correcting import correct, take_back_field
from tests.pages.conftest import OpenSite
from tests.pages.sites import Open

_ONE = "select conversation_id from conversation_insights where issue_type = 'PRODUCT_BUG' order by 1 limit 1"


async def version(site: Open, path: str) -> str:
    """What the forms of a page say they were shown for."""
    found = re.search(r'name="version" value="([^"]+)"', await site.page(path))
    assert found is not None
    return found[1]


async def test_a_correction_reaches_lists_figures_rules_and_the_trail(here: Open) -> None:
    one = await here.value(_ONE)
    path = f"/conversations/{one}"
    seen = await version(here, path)
    await here.send(
        f"{path}/correct", seen=path, field="issue_type", value="BILLING", reason="invoice", version=seen
    )
    page = await here.page(path)
    assert "the model says Product bug" in page
    assert "invoice" in page
    assert path in await here.page("/conversations", corrected="1")
    assert path in await here.page("/conversations", issue_type="BILLING", q=one)
    await here.earshot.report()
    counted = "select coalesce(sum(n), 0) from insight_hour where dimension = 'issue_type' and value = 'BILLING'"
    rows = "select count(*) from conversation_insights where issue_type = 'BILLING'"
    assert await here.value(counted) == await here.value(rows)
    await here.earshot.classify()
    assert await here.value("select decided_at from conversation_insights where conversation_id = $1", one)
    first = "select issue_type, theme_id from finding where conversation_id = $1 and position = 0"
    finding = (await here.rows(first, one))[0]
    assert finding["issue_type"] == "BILLING"
    assert finding["theme_id"]
    act = (await here.rows("select act, subject, detail::text as detail from person_act order by id desc limit 1"))[
        0
    ]
    assert (act["act"], act["subject"]) == ("conversation.correct", one)
    assert "invoice" not in act["detail"]


async def test_two_people_lose_nothing(here: Open) -> None:
    path = f"/conversations/{await here.value(_ONE)}"
    seen = await version(here, path)
    await here.send(f"{path}/correct", seen=path, field="priority", value="CRITICAL", version=seen)
    late = await here.send(f"{path}/correct", seen=path, field="priority", value="LOW", version=seen, status=409)
    assert "changed while you looked" in late.text
    assert await here.value("select value from correction where undone_at is null") == "CRITICAL"
    correction = await here.value("select id from correction")
    await here.send(f"{path}/undo", seen=path, correction=correction, version=seen, status=409)
    await here.send(f"{path}/undo", seen=path, correction=correction, version=await version(here, path))
    assert await here.value("select count(*) from correction where undone_at is null") == 0


async def test_only_what_there_is_can_be_corrected(here: Open) -> None:
    path = f"/conversations/{await here.value(_ONE)}"
    seen = await version(here, path)
    for field, value in (("priority", "URGENT"), ("summary", "x"), ("affected_feature", "x" * 101)):
        await here.send(f"{path}/correct", seen=path, field=field, value=value, version=seen, status=422)
    await here.send("/conversations/nobody/correct", seen=path, field="priority", value="LOW", status=404)
    assert await here.value("select count(*) from correction") == 0


async def test_viewers_look_and_do_not_correct(open_site: OpenSite) -> None:
    tokens = {"web_token": "admin-token-0123456789", "web_viewer_token": "viewer-token-0123456789"}
    site = await open_site(tokens=tokens)
    form = {"_seal": await site.seal("/login"), "next": "/", "name": "Vera", "token": tokens["web_viewer_token"]}
    await site.http.post("/login", data=form, headers={"Origin": site.url})
    path = f"/conversations/{await site.value(_ONE)}"
    page = await site.page(path)
    assert "/correct" not in page
    assert "Read again" not in page
    await site.send(f"{path}/correct", seen="/conversations", field="priority", value="LOW", status=403)


async def test_the_use_case_takes_a_field_back_by_name(here: Open) -> None:
    one = await here.value(_ONE)
    before = await here.value("select churn_risk from conversation_insights where conversation_id = $1", one)
    made = await correct(here.earshot.parts, one, field="churn-risk", value="high")
    assert (made.was, made.value) == (before, "HIGH")
    done = await take_back_field(here.earshot.parts, one, field="churn_risk")
    assert done.was == before
    assert (
        await here.value("select churn_risk from conversation_insights where conversation_id = $1", one) == before
    )
