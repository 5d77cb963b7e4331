"""Erasing a person from the pages, and how long conversations are kept."""

import pytest

from tests.pages.conftest import OpenSite, Tab
from tests.pages.sites import Open


async def _somebody(here: Open) -> str:
    return await here.value("select customer_email from conversation where customer_email is not null limit 1")


async def test_a_person_is_shown_and_erased_everywhere(here: Open) -> None:
    email = await _somebody(here)
    shown = await here.page("/privacy", contact=email)
    assert "Rows that mention it" in shown
    before = await here.value("select count(*) from conversation where customer_email = $1", email)
    assert before >= 1
    seen = f"/privacy?contact={email}"
    refused = await here.send("/privacy/erase", seen=seen, status=422, contact=email, again="somebody else")
    assert "Nothing was erased" in refused.text
    done = await here.send("/privacy/erase", seen=seen, status=200, contact=email, again=email)
    assert "Nothing is left" in done.text
    assert await here.value("select count(*) from conversation where customer_email = $1", email) == 0
    assert "Nothing that is held mentions it" in await here.page("/privacy", contact=email)
    acts = await here.rows("select act, subject, detail::text as detail from person_act")
    assert [act["act"] for act in acts] == ["privacy.erase"]
    assert email not in str(acts)


async def test_a_kept_view_and_the_trail_forget_a_person(here: Open) -> None:
    email = await _somebody(here)
    await here.send("/views", seen="/trail", page="/trail", name="about them", query=f"actor={email}")
    assert await here.value("select count(*) from saved_view where query like '%@%'") == 1
    await here.send("/privacy/erase", seen=f"/privacy?contact={email}", status=200, contact=email, again=email)
    assert await here.value("select count(*) from saved_view where query like '%@%'") == 0


async def test_retention_drops_what_is_older(here: Open) -> None:
    await here.rows("update conversation set updated_at = now() - interval '400 days' where id in "
                    "(select id from conversation order by id limit 3)")  # fmt: skip
    assert "3 were not updated for 365 days" in await here.page("/privacy")
    await here.send("/privacy/retain", seen="/privacy", days="365")
    assert await here.value("select count(*) from conversation where updated_at < now() - interval '365 days'") == 0
    refused = await here.send("/privacy/retain", seen="/privacy", status=422, days="-1")
    assert "number of days" in refused.text


async def test_only_an_admin_erases(open_site: OpenSite) -> None:
    site = await open_site(tokens={"web_token": "a" * 20, "web_editor_token": "e" * 20})
    form = {"_seal": await site.seal("/login"), "next": "/", "name": "Edi", "token": "e" * 20}
    await site.http.post("/login", data=form, headers={"Origin": site.url})
    await site.page("/privacy", status=403)
    sealed = await site.seal("/")
    fields = {"_seal": sealed, "contact": "a@b.example", "again": "a@b.example"}
    answer = await site.http.post("/privacy/erase", data=fields, headers={"Origin": site.url})
    assert answer.status_code == 403


@pytest.mark.browser
async def test_privacy_looks_right(tab: Tab) -> None:
    email = await _somebody(tab.site)
    await tab.looks(f"/privacy?contact={email}", "privacy")
