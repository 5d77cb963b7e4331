"""The shell of all pages: who may look, forged forms, sessions, headers, what is refused and how."""

import asyncio
import base64
import json

import httpx2
import pytest

from earshot.web import limits
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


async def test_odd_input_is_refused_and_never_a_fault(here: Open) -> None:
    for path in ("/backlog/%00", "/audit/%00", "/themes/%00", "/accounts/a%00"):
        await here.page(path, status=404)
    for query in ("/trail?actor=%00", "/backlog?status=%00", "/conversations?q=a%00b"):
        await here.page(query, status=422)
    for field in ({"name": "a\0b"}, {"name": "a", "query": "q=\0"}, {"name": "a", "\0": "x"}):
        await here.send("/views", seen="/trail", status=422, **({"page": "/trail", "query": ""} | field))
    assert await here.value("select count(*) from saved_view") == 0
    await here.send("/privacy/retain", seen="/privacy", status=422, days="²")
    silences = "/actions/silences"
    await here.send(silences, seen=silences, status=422, hours="²", reason="x", rule="R")


async def test_a_place_or_time_beyond_all_reckoning_is_refused(here: Open) -> None:
    for odd in ({"count": 2**63}, {"count": -(2**64)}, {"at": "0001-01-01T00:00:00+02:00"}):
        place = json.dumps({"id": "a", "at": "2026-01-01T00:00:00Z", "count": 1} | odd)
        after = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
        for path in ("/trail", "/conversations", "/actions", "/accounts", "/themes", "/backlog"):
            assert "cut off" in await here.page(path, after=after, status=422)
    for when in ("0001-01-01T00:00+02:00", "0001-01-01", "9999-12-31T23:59-05:00", "9999-12-31"):
        for path in ("/conversations", "/actions", "/themes", "/"):
            await here.page(path, since=when, status=422)


async def test_a_body_that_comes_too_slowly_is_not_called_too_large(
    here: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.1)
    host, _, port = here.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(
            b"POST /views HTTP/1.1\r\nHost: %b:%b\r\nContent-Length: 9\r\n\r\nx" % (host.encode(), port.encode())
        )
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), timeout=20)
    finally:
        writer.close()
    assert b" 408 " in answer


async def test_twenty_wrong_tokens_close_the_door_to_their_address_alone(open_site: OpenSite) -> None:
    site = await open_site(tokens=TOKENS)
    right = TOKENS["web_viewer_token"]

    async def enter(http: httpx2.AsyncClient, token: str) -> int:
        page = (await http.get("/login")).text
        form = {"_seal": page.split('name="_seal" value="')[1].split('"')[0], "next": "/", "name": "Vera"}
        answer = await http.post("/login", data=form | {"token": token}, headers={"Origin": site.url})
        return answer.status_code

    tried = [await enter(site.http, f"wrong {number}") for number in range(30)]
    assert tried[:20] == [401] * 20
    assert 429 in tried
    refused = [(await enter(site.http, "wrong"), await enter(site.http, right)) for _ in range(3)]
    assert (429, 429) in refused, "the right token opens to who guessed too often"
    elsewhere = httpx2.AsyncHTTPTransport(local_address="127.0.0.2")
    async with httpx2.AsyncClient(base_url=site.url, transport=elsewhere) as other:
        assert await enter(other, right) == 303


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
