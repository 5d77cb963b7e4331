"""The shell of all pages: who may look, forged forms, sessions, headers, what is refused and how."""

from tests.pages.conftest import OpenSite
from tests.pages.sites import Open

TOKENS = {"web_token": "admin-token-0123456789", "web_viewer_token": "viewer-token-0123456789"}


async def test_this_machine_needs_no_password_and_pages_are_safe(here: Open) -> None:
    answer = await here.http.get("/trail")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_unknown_pages_and_foreign_hosts_are_refused_clearly(here: Open) -> None:
    assert "There is no such page" in await here.page("/nowhere", status=404)
    refused = await here.http.get("/trail", headers={"Host": "evil.example"})
    assert refused.status_code == 403
    assert "foreign name" in refused.text


async def test_a_forged_form_changes_nothing(here: Open) -> None:
    fields = {"page": "/trail", "name": "mine", "query": ""}
    forged = await here.http.post("/views", data=fields, headers={"Origin": here.url})
    assert forged.status_code == 403
    sealed = {**fields, "_seal": await here.seal("/trail")}
    abroad = await here.http.post("/views", data=sealed, headers={"Origin": "https://evil.example"})
    assert abroad.status_code == 403
    assert await here.value("select count(*) from saved_view") == 0


async def test_a_token_opens_a_session_with_its_role(open_site: OpenSite) -> None:
    site = await open_site(tokens=TOKENS)
    turned = await site.http.get("/trail")
    assert turned.status_code == 303
    assert turned.headers["location"] == "/login?next=%2Ftrail"
    form = {"_seal": await site.seal("/login"), "next": "/trail", "name": "Vera", "token": "wrong"}
    wrong = await site.http.post("/login", data=form, headers={"Origin": site.url})
    assert wrong.status_code == 401
    form |= {"token": TOKENS["web_viewer_token"]}
    entered = await site.http.post("/login", data=form, headers={"Origin": site.url})
    assert entered.status_code == 303
    assert entered.headers["location"] == "/trail"
    denied = await site.page("/trail", status=403)
    assert "for the role admin; you are viewer" in denied


async def test_the_trail_shows_who_did_what_page_by_page(here: Open) -> None:
    await here.rows(
        "insert into person_act (at, actor, role, act, subject, detail) select now() - n * interval '1 minute', "
        "'pat', 'editor', 'theme.rename', 'theme-' || n, '{\"field\": \"title\"}' from generate_series(1, 120) n"
    )
    first = await here.page("/trail", actor="pat")
    assert first.count("theme.rename") == 100
    assert "field: title" in first
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = await here.page(following)
    assert second.count("theme.rename") == 20
    assert "theme-120" in second
    assert (await here.page("/trail", actor="nobody")).count("theme.rename") == 0
    assert "cut off" in await here.page("/trail", after="garbage", status=422)
