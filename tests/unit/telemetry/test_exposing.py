"""The small server of metrics, and who may read them."""

import asyncio
import socket

import httpx2
import pytest

from earshot.errors import Misconfigured
from earshot.telemetry.admitting import may_read
from earshot.telemetry.exposing import MOST, Shown, expose


async def ready() -> Shown:
    return Shown(status=503, body=b"stopping\n")


async def metrics() -> Shown:
    return Shown(body=b"earshot_up 1\n", type="text/plain; version=0.0.4")


async def broken() -> Shown:
    raise RuntimeError("customer text")


PAGES = {"/readyz": ready, "/metrics": metrics, "/broken": broken}


async def test_pages_are_served() -> None:
    async with expose("127.0.0.1", 0, pages=PAGES) as port, httpx2.AsyncClient() as client:
        base = f"http://127.0.0.1:{port}"
        answer = await client.get(f"{base}/metrics?x=1")
        assert (answer.status_code, answer.text) == (200, "earshot_up 1\n")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4"
        assert (await client.get(f"{base}/readyz")).status_code == 503
        assert (await client.head(f"{base}/metrics")).content == b""
        assert (await client.get(f"{base}/")).status_code == 404
        assert (await client.post(f"{base}/metrics")).status_code == 405
        failed = await client.get(f"{base}/broken")
        assert (failed.status_code, failed.text) == (500, "RuntimeError\n")


async def test_a_foreign_host_name_needs_the_token() -> None:
    async with expose("127.0.0.1", 0, pages=PAGES, token="t0k3n-of-ours") as port, httpx2.AsyncClient() as client:
        url, foreign = f"http://127.0.0.1:{port}", {"Host": "evil.example"}
        assert (await client.get(f"{url}/metrics", headers=foreign)).status_code == 401
        assert (await client.get(f"{url}/readyz", headers=foreign)).status_code == 503
        shown = {**foreign, "Authorization": "Bearer t0k3n-of-ours"}
        assert (await client.get(f"{url}/metrics", headers=shown)).status_code == 200


@pytest.mark.parametrize(
    "sent", [b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe\r\n\r\n", b"x" * (2 * MOST), b"GET / HTTP"]
)
async def test_garbage_ends_the_connection_and_nothing_else(sent: bytes) -> None:
    async with expose("127.0.0.1", 0, pages=PAGES) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
        async with httpx2.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/metrics")).status_code == 200


async def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Misconfigured, match="cannot be served"):
            async with expose("127.0.0.1", taken.getsockname()[1], pages=PAGES):
                pass


@pytest.mark.parametrize(
    ("peer", "headers", "token", "allowed"),
    [
        ("127.0.0.1", {}, None, True),
        ("::1", {"host": "[::1]:8080"}, "t", True),
        ("127.0.0.1", {"host": "localhost:8080"}, None, True),
        ("127.0.0.1", {"host": "attacker.example:8080"}, None, False),
        ("127.0.0.1", {"x-forwarded-for": "1.2.3.4"}, None, False),
        ("10.0.0.5", {}, None, False),
        ("10.0.0.5", {"authorization": "Bearer "}, "", False),
        ("10.0.0.5", {"authorization": "Bearer t"}, "t", True),
        ("10.0.0.5", {"authorization": "bearer t"}, "t", True),
        ("10.0.0.5", {"authorization": "Bearer ü"}, "t", False),
        ("127.0.0.1", {"authorization": "Bearer wrong"}, "t", False),
        ("", {}, None, False),
    ],
)
def test_who_may_read(peer: str, headers: dict[str, str], token: str | None, allowed: bool) -> None:
    assert may_read(peer, headers, token=token) is allowed
