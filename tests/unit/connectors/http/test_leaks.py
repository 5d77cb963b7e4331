"""A secret goes to the place that it was given for, and nowhere else: no proxy, no plain line, no cookie jar."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx2
import pytest

from earshot.connectors.http.guard import GuardedTransport, RefusedAddress
from earshot.connectors.http.sender import Lost, Reply, Sender, judged
from earshot.connectors.http.waits import retry_after
from earshot.domain.delivery import Result
from tests.still import StillClock
from tests.unit.connectors.http.listener import listening

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\nset-cookie: session=x; Path=/\r\ncontent-length: 2\r\n\r\n{}"


@asynccontextmanager
async def server(heard: list[bytes], said: bytes = OK) -> AsyncGenerator[int]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(said)
        await writer.drain()

    async with listening(talk) as port:
        yield port


def sender(url: str, **more: object) -> Sender:
    headers = {"Authorization": "Bearer s3cr3t"}
    return Sender(url, headers=headers, clock=StillClock(NOW), secrets=["s3cr3t"], **more)  # type: ignore[arg-type]


def proxied(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("url", ["https://hooks.example.com/x", "https://localhost/x", "https://10.0.0.1/x"])
async def test_no_proxy_leads_around_the_guard(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    async with server(heard) as port:
        proxied(monkeypatch, port)
        one = sender(url, guard=True)
        answer = await one.send("POST", "", json={})
        await one.close()
    assert isinstance(answer, Lost)
    assert heard == []


async def test_this_very_machine_is_not_reached_by_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    heard: list[bytes] = []
    async with server(asked) as proxy, server(heard) as port:
        proxied(monkeypatch, proxy)
        one = sender(f"http://127.0.0.1:{port}/x")
        assert isinstance(await one.send("POST", "", json={}), Reply)
        await one.close()
    assert (len(heard), asked) == (1, [])


@pytest.mark.parametrize("url", ["http://jira.example.com", "http://10.1.2.3/x", "HTTP://jira.example.com"])
async def test_no_secret_travels_on_a_plain_line(url: str) -> None:
    one = sender(url)
    answer = await one.send("GET", "/x")
    await one.close()
    assert isinstance(answer, Lost)
    assert answer.refused
    assert judged(answer).result is Result.PAUSED
    assert "https" in answer.reason


async def test_cookies_are_not_kept() -> None:
    heard: list[bytes] = []
    async with server(heard) as port:
        one = sender(f"http://127.0.0.1:{port}/x")
        for _ in range(2):
            assert isinstance(await one.send("GET", "/"), Reply)
        await one.close()
    assert len(heard) == 2
    assert not any(b"cookie" in head.lower() for head in heard)


@pytest.mark.parametrize("size", [50_000, 500_000])
async def test_headers_without_end_break_the_line_and_nothing_else(size: int) -> None:
    said = b"HTTP/1.1 200 OK\r\nx-long: " + b"y" * size + b"\r\ncontent-length: 2\r\n\r\n{}"
    async with server([], said) as port:
        one = sender(f"http://127.0.0.1:{port}/x")
        answer = await one.send("POST", "/")
        await one.close()
    assert isinstance(answer, Reply) or answer.arrived


@pytest.mark.parametrize(
    "given",
    [
        *("1e308", "-1e308", "99999999999999999999", "٣", "1_0", "7, 7", "\x00", "0x10"),
        *("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 1 Jan 0001 00:00:00 GMT"),
        *("Mon, 20 Nov 1995 19:12:08 +999999", "Mon, 99 Nov 99999 19:12:08"),
    ],
)
def test_no_wait_is_odd_enough_to_raise(given: str) -> None:
    found = retry_after({"retry-after": given}, now=NOW)
    assert found is None or found >= 0


class Names:
    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def look_up(self, _host: str, _port: int) -> Sequence[str]:
        return self.addresses


METADATA = ["169.254.169.254", "168.63.129.16", "192.0.0.192", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"]


@pytest.mark.parametrize("allow", [[], ["n8n.example.com"]])
@pytest.mark.parametrize("address", [*METADATA, "::ffff:168.63.129.16", "64:ff9b::a83f:8110", "2002:a83f:8110::"])
async def test_the_services_of_clouds_are_never_called(address: str, allow: list[str]) -> None:
    """They tell the machine's own credentials, and some stand at public or merely private addresses."""
    await _refused(address, allow)


@pytest.mark.parametrize(
    "address", ["fec0::1", "feff::1", "64:ff9b:1::7f00:1", "::ffff:0:7f00:1", "2001:0:7f00:1::"]
)
async def test_old_forms_of_private_addresses_are_refused(address: str) -> None:
    await _refused(address, [])


async def _refused(address: str, allow: list[str]) -> None:
    met: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        met.append(request)
        return httpx2.Response(200)

    guarded = GuardedTransport(httpx2.MockTransport(answer), allow=allow, look_up=Names(address).look_up)
    async with httpx2.AsyncClient(transport=guarded) as http:
        with pytest.raises(RefusedAddress):
            await http.post("https://n8n.example.com/x")
    assert met == []
