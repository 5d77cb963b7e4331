"""Who may use the API, how often, and how much at once: over real sockets."""

import asyncio
import json
from collections.abc import AsyncGenerator

import httpx2
import pytest

from earshot.store.unit import PostgresUnit
from tests.flow.api.conftest import TOKEN, Api, OpenApi


async def status_of(api: Api, path: str = "/api/v1/themes", **headers: str) -> int:
    """The status for exactly these headers."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await api.bare.get(path, headers=given)).status_code


async def raw(api: Api, request: bytes) -> bytes:
    """What the server answers to these very bytes."""
    host, _, port = api.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(65_536), timeout=20)
    finally:
        writer.close()


async def test_the_token_opens_and_nothing_else(open_api: OpenApi) -> None:
    api = await open_api()
    assert await status_of(api) == 401
    for wrong in ("", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN):
        assert await status_of(api, Authorization=wrong) == 401, wrong
    assert await status_of(api, Authorization=f"Bearer {TOKEN}") == 200
    assert await status_of(api, Authorization=f"bearer {TOKEN}") == 200
    answer = await api.http.get("/api/v1/themes", headers={"Authorization": "Bearer no"})
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "EARSHOT_WEB_TOKEN" in answer.json()["hint"]
    assert TOKEN not in answer.text


async def test_wrong_tokens_are_slowed_down_and_shut_out_nobody_else(open_api: OpenApi) -> None:
    api = await open_api()
    right, wrong = {"Authorization": f"Bearer {TOKEN}"}, {"Authorization": "Bearer guess"}
    tried = await asyncio.gather(*(status_of(api, **wrong) for _ in range(40)))
    assert set(tried) == {401, 429}
    refused = [(await status_of(api, **wrong), await status_of(api, **right)) for _ in range(5)]
    assert (429, 429) in refused, "the right token opens to who guessed too often"
    elsewhere = httpx2.AsyncHTTPTransport(local_address="127.0.0.2")
    async with httpx2.AsyncClient(base_url=api.url, transport=elsewhere) as other:
        assert (await other.get("/api/v1/themes", headers=right)).status_code == 200


async def test_without_a_token_this_machine_alone_is_served_by_its_own_name(open_api: OpenApi) -> None:
    api = await open_api(token=None)
    port = api.url.rpartition(":")[2]
    assert await status_of(api) == 200
    assert await status_of(api, Host=f"localhost:{port}") == 200
    assert await status_of(api, Host=f"[::1]:{port}") == 200
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "["):
        assert await status_of(api, Host=host) == 403, host
    assert await status_of(api, X_Forwarded_For="203.0.113.9") == 403
    assert await status_of(api, Forwarded="for=203.0.113.9") == 403


async def test_without_a_token_a_server_that_others_reach_serves_nobody(open_api: OpenApi) -> None:
    api = await open_api(token=None, web={"host": "0.0.0.0"})
    assert await status_of(api) == 403
    assert await status_of(api, "/api/docs") == 403


@pytest.mark.parametrize("token", [TOKEN, None])
async def test_pages_of_other_sites_cannot_use_it(open_api: OpenApi, token: str | None) -> None:
    api = await open_api(token=token)
    know = {"Authorization": f"Bearer {token}"} if token else {}
    for foreign in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert await status_of(api, **know, **foreign) == 403, foreign
    assert await status_of(api, **know, Origin=api.url) == 200
    answer = await api.http.options("/api/v1/themes", headers={"Access-Control-Request-Method": "GET"})
    assert "access-control-allow-origin" not in answer.headers


async def test_a_client_that_asks_too_often_is_told_when_to_come_again(open_api: OpenApi) -> None:
    api = await open_api(web={"api_per_minute": 1})
    answers = [await api.http.get("/api/v1/themes") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 429, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].headers["content-type"] == "application/problem+json"


async def test_bodies_are_bounded_before_they_are_read(open_api: OpenApi) -> None:
    api = await open_api(web={"most_bytes": 20_000})
    path = "/api/v1/classify"
    huge = {"id": "1", "messages": [{"author": "customer", "text": "x" * 30_000}]}
    answer = await api.http.post(path, json=huge)
    assert (answer.status_code, answer.json()["title"]) == (413, "The request is too large")

    async def endless() -> AsyncGenerator[bytes]:
        for _ in range(50):
            yield b"x" * 1000

    assert (await api.http.post(path, content=endless())).status_code == 413
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 99999999999\r\n\r\n"
    )
    assert b" 413 " in (await raw(api, head.encode())).split(b"\r\n")[0]


NO_BODIES: list[bytes] = [
    b"",
    b"{",
    b"[" * 5_000,
    b'{"a":' * 4_000,
    b"\xff\xfe",
    b"null",
    b"[]",
    b'"text"',
    json.dumps({"id": "1", "messages": []}).encode(),
    json.dumps({"id": "1", "messages": [{"author": "robot", "text": "x"}]}).encode(),
    json.dumps({"id": "1", "messages": [{"author": "customer", "text": 5}]}).encode(),
    json.dumps({"id": "", "messages": [{"author": "customer", "text": "x"}]}).encode(),
    b'{"id": "1", "messages": [{"author": "customer", "text": "x", "created_at": NaN}]}',
    json.dumps({"id": "1", "messages": [{"author": "customer", "text": "x", "created_at": "noon"}]}).encode(),
    json.dumps({"id": "1", "messages": [{"author": "customer", "text": "x", "created_at": 1e300}]}).encode(),
]


async def test_bodies_that_are_none_get_a_problem_and_no_text_back(open_api: OpenApi) -> None:
    api = await open_api()
    for body in NO_BODIES:
        answer = await api.http.post("/api/v1/classify", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in {400, 422}, body[:60]
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Traceback" not in answer.text


async def test_a_form_of_another_kind_is_no_json(open_api: OpenApi) -> None:
    api = await open_api(token=None)
    body = json.dumps({"id": "1", "messages": [{"author": "customer", "text": "The export is broken."}]})
    answer = await api.http.post("/api/v1/classify", content=body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422


ODD: list[str] = [
    "/api/v1/../../etc/passwd",
    "/api/v1/conversations/..%2f..%2fetc%2fpasswd",
    "/api/v1/conversations/%2e%2e/%2e%2e",
    "/api/v1/insights/%00",
    "/api/v1/insights/%ff%fe",
    "/api/v1/themes/" + "a" * 5_000,
    "/api//v1/themes",
    "/api/v1/themes/",
]


async def test_odd_addresses_find_nothing(open_api: OpenApi) -> None:
    api = await open_api()
    for target in ODD:
        request = f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
        status = (await raw(api, request.encode())).split(b"\r\n")[0]
        assert status.split(b" ")[1] in {b"404", b"422", b"400"}, (target, status)


async def test_answers_are_not_kept_or_sniffed(open_api: OpenApi) -> None:
    api = await open_api()
    for path in ("/api/v1/themes", "/api/docs", "/api/nothing"):
        answer = await api.http.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_methods_that_are_not_offered(open_api: OpenApi) -> None:
    api = await open_api()
    answer = await api.http.delete("/api/v1/themes")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_fault_of_ours_says_nothing_of_it(open_api: OpenApi, caplog: pytest.LogCaptureFixture) -> None:
    api = await open_api()
    async with api.earshot.parts.store.unit() as unit:
        assert isinstance(unit, PostgresUnit)
        await unit.sql.run("alter table theme rename to secret_words")
        await unit.commit()
    answer = await api.http.get("/api/v1/themes")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    for words in (answer.text, caplog.text):
        assert "does not exist" not in words.casefold()
    assert "Traceback" not in answer.text
    assert "the API failed" in caplog.text
