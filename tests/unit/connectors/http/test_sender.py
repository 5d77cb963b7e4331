"""One request and what became of it, against real sockets that misbehave."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx2
import pytest

from earshot.connectors.http.sender import Lost, Reply, Sender, judged
from earshot.domain.delivery import Result
from tests.still import StillClock
from tests.unit.connectors.http.listener import listening

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECRET = "s3cr3t-token"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n" + b'{"id": "abc"}'


@asynccontextmanager
async def server(said: bytes, *, holds: bool = False) -> AsyncGenerator[str]:
    """A server that reads one request, says these bytes, then closes (or waits for the client to leave)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        if holds:
            await reader.read()

    async with listening(talk) as port:
        yield f"http://127.0.0.1:{port}"


async def sent(url: str, *, seconds: float = 5.0) -> Reply | Lost:
    headers = {"Authorization": f"Bearer {SECRET}"}
    sender = Sender(url, headers=headers, clock=StillClock(NOW), secrets=[SECRET], timeout=seconds)
    try:
        return await sender.send("POST", "/things", json={"a": "ä\ud800"})
    finally:
        await sender.close()


async def test_an_answer_is_read_whole() -> None:
    async with server(OK) as url:
        answer = await sent(url)
    assert isinstance(answer, Reply)
    assert (answer.status, answer.data) == (200, {"id": "abc"})
    assert judged(answer).result is Result.DELIVERED
    assert "abc" not in repr(answer)


async def test_nobody_listening_never_arrived() -> None:
    async with server(OK) as url:
        pass
    answer = await sent(url)
    assert isinstance(answer, Lost)
    assert not answer.arrived
    assert judged(answer).result is Result.RETRY


async def test_a_connection_closed_without_an_answer_may_have_arrived() -> None:
    async with server(b"") as url:
        answer = await sent(url)
    assert isinstance(answer, Lost)
    assert answer.arrived
    assert judged(answer).result is Result.UNKNOWN


async def test_an_answer_that_never_comes_may_have_arrived() -> None:
    async with server(b"", holds=True) as url:
        answer = await sent(url, seconds=0.05)
    assert answer == Lost(arrived=True, reason="no answer in time")


async def test_an_answer_that_breaks_off_is_unknown_only_where_it_said_done() -> None:
    half = b"content-length: 500\r\n\r\n{"
    async with server(b"HTTP/1.1 201 Created\r\n" + half) as url:
        assert isinstance(await sent(url), Lost)
    async with server(b"HTTP/1.1 422 No\r\n" + half) as url:
        answer = await sent(url)
    assert isinstance(answer, Reply)
    assert judged(answer).result is Result.REJECTED


async def test_an_endless_answer_is_cut() -> None:
    huge = b'{"a":"' + b"x" * 3_000_000 + b'"}'
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(huge)}\r\n\r\n".encode()
    async with server(head + huge) as url:
        answer = await sent(url)
    assert isinstance(answer, Reply)
    assert len(answer.body) == 1_000_000
    assert answer.data is None
    assert judged(answer, wants_json=True).result is Result.UNKNOWN


async def test_a_redirect_is_not_followed_and_waits_for_a_person() -> None:
    async with server(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n") as url:
        answer = await sent(url)
    assert judged(answer).result is Result.PAUSED


async def test_a_secret_that_no_header_can_hold_is_not_shown() -> None:
    bad = "tok\nqzx"
    sender = Sender("http://127.0.0.1:1", headers={"Authorization": bad}, clock=StillClock(NOW), secrets=[bad])
    answer = await sender.send("GET", "/")
    await sender.close()
    assert isinstance(answer, Lost)
    assert not answer.arrived
    assert "tok" not in answer.reason
    assert "qzx" not in repr(sender)


@pytest.mark.parametrize(
    ("status", "unsafe", "result"),
    [
        (200, False, Result.DELIVERED),
        (204, True, Result.DELIVERED),
        (400, False, Result.REJECTED),
        (401, False, Result.AUTH_FAILED),
        (402, False, Result.PAUSED),
        (403, False, Result.AUTH_FAILED),
        (404, False, Result.REJECTED),
        (408, True, Result.RETRY),
        (410, False, Result.GONE),
        (422, False, Result.REJECTED),
        (429, True, Result.RETRY),
        (500, False, Result.RETRY),
        (500, True, Result.UNKNOWN),
        (504, True, Result.UNKNOWN),
    ],
)
def test_statuses_are_judged(status: int, unsafe: bool, result: Result) -> None:
    outcome = judged(Reply(status, {}, b"", None), unsafe=unsafe)
    assert (outcome.result, outcome.status) == (result, status)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Tue, 10 Mar 2026 12:01:30 GMT", 90.0),
        ("Tue, 10 Mar 2026 11:00:00 GMT", 0.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
async def test_the_wait_is_read(given: str, seconds: float | None) -> None:
    async with server(f"HTTP/1.1 429 No\r\nretry-after: {given}\r\ncontent-length: 0\r\n\r\n".encode()) as url:
        answer = await sent(url)
    outcome = judged(answer, unsafe=True)
    assert (outcome.result, outcome.retry_after) == (Result.RETRY, seconds)


async def test_the_transport_of_a_test_that_breaks_counts_as_arrived() -> None:
    def broken(_request: httpx2.Request) -> httpx2.Response:
        raise ConnectionResetError

    sender = Sender("http://sim", headers={}, clock=StillClock(NOW), transport=httpx2.MockTransport(broken))
    answer = await sender.send("GET", "/")
    await sender.close()
    assert isinstance(answer, Lost)
    assert answer.arrived


async def test_every_request_has_a_fresh_connection() -> None:
    """A kept one that the server closed meanwhile would make a message that never left look as if it may have."""
    met = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        met += 1
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)

    async with listening(talk) as port:
        sender = Sender(f"http://127.0.0.1:{port}", headers={}, clock=StillClock(NOW))
        for _ in range(3):
            assert isinstance(await sender.send("GET", "/"), Reply)
        await sender.close()
    assert met == 3


async def test_a_number_that_is_none_becomes_null() -> None:
    sent: list[bytes] = []

    def keep(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.content)
        return httpx2.Response(200)

    sender = Sender("http://sim", headers={}, clock=StillClock(NOW), transport=httpx2.MockTransport(keep))
    await sender.send("POST", "/", json={"x": [float("nan"), float("-inf"), 1.5], "y": "NaN ä"})
    await sender.close()
    assert sent == ['{"x":[null,null,1.5],"y":"NaN ä"}'.encode()]


async def test_what_is_no_json_is_never_sent_and_raises_nothing() -> None:
    loop: list[object] = []
    loop.append(loop)
    sender = Sender("http://127.0.0.1:1", headers={}, clock=StillClock(NOW))
    answer = await sender.send("POST", "/", json=loop)
    await sender.close()
    assert answer == Lost(arrived=False, reason="the request cannot be made (ValueError)")
