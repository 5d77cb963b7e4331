"""User-given addresses lead nowhere inside our own network."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from earshot.connectors.http.guard import GuardedTransport, RefusedAddress
from earshot.connectors.http.sender import Lost, Sender, judged
from earshot.domain.delivery import Result
from tests.certificates import contexts
from tests.still import StillClock
from tests.unit.connectors.http.listener import listening

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
PUBLIC = "93.184.216.34"
FORBIDDEN = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "198.18.0.1", "192.0.2.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "::7f00:1", "2001:db8::1",
]  # fmt: skip


class Wire:
    """Counts what reaches the network; answers 200."""

    def __init__(self, *, deaf: Sequence[str] = ()) -> None:
        self.requests: list[httpx2.Request] = []
        self.deaf = deaf
        self.transport = httpx2.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.url.host in self.deaf:
            raise httpx2.ConnectError("refused", request=request)
        return httpx2.Response(200, json={})


class Names:
    """Answers each look-up with the next list of addresses; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def look_up(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def posted(url: str, names: Names, wire: Wire, *, allow: Sequence[str] = ()) -> httpx2.Response:
    transport = GuardedTransport(wire.transport, allow=allow, look_up=names.look_up)
    async with httpx2.AsyncClient(transport=transport) as http:
        return await http.post(url, json={})


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_no_address_inside_is_called(address: str) -> None:
    wire = Wire()
    with pytest.raises(RefusedAddress):
        await posted("https://hooks.example.com/x", Names([PUBLIC, address]), wire)
    assert wire.requests == []


async def test_the_checked_address_is_called_under_the_hosts_name() -> None:
    wire = Wire()
    await posted("https://hooks.example.com:8443/x?y=1", Names([PUBLIC]), wire)
    (request,) = wire.requests
    assert str(request.url) == f"https://{PUBLIC}:8443/x?y=1"
    assert request.headers["host"] == "hooks.example.com:8443"
    assert request.extensions["sni_hostname"] == "hooks.example.com"


async def test_a_name_that_changes_between_check_and_call_gains_nothing() -> None:
    wire, names = Wire(), Names([PUBLIC], ["127.0.0.1"])
    await posted("https://rebind.example.com/", names, wire)
    assert [one.url.host for one in wire.requests] == [PUBLIC]
    with pytest.raises(RefusedAddress):
        await posted("https://rebind.example.com/", names, wire)
    assert len(wire.requests) == 1
    assert len(names.asked) == 2


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    wire = Wire(deaf=[PUBLIC])
    await posted("https://hooks.example.com/", Names([PUBLIC, "2606:2800:220:1::1"]), wire)
    assert [one.url.host for one in wire.requests] == [PUBLIC, "2606:2800:220:1::1"]


async def test_plain_http_is_refused() -> None:
    wire = Wire()
    with pytest.raises(RefusedAddress, match="https"):
        await posted("http://hooks.example.com/", Names([PUBLIC]), wire)
    assert wire.requests == []


async def test_an_allowed_host_may_stand_inside_but_never_at_the_metadata_address() -> None:
    wire = Wire()
    await posted("http://N8N.internal:5678/webhook/x", Names(["10.1.2.3"]), wire, allow=["n8n.internal"])
    assert str(wire.requests[0].url) == "http://10.1.2.3:5678/webhook/x"
    for forbidden in ("169.254.169.254", "0.0.0.0", "::ffff:169.254.169.254"):
        with pytest.raises(RefusedAddress):
            await posted("http://n8n.internal:5678/", Names([forbidden]), wire, allow=["n8n.internal"])


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/", "https://localhost/"]
)
async def test_the_machines_own_names_are_refused_by_the_real_look_up(url: str) -> None:
    sender = Sender(url, headers={}, clock=StillClock(NOW), guard=True)
    answer = await sender.send("POST", "", json={})
    await sender.close()
    assert isinstance(answer, Lost)
    assert not answer.arrived
    outcome = judged(answer)
    assert outcome.result in (Result.PAUSED, Result.RETRY)
    assert answer.refused or "name is not known" in answer.reason


async def test_nothing_is_sent_to_a_listener_on_this_machine() -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del writer
        heard.append(await reader.read(1))

    async with listening(talk) as port:
        sender = Sender(f"https://localhost:{port}/", headers={}, clock=StillClock(NOW), guard=True)
        answer = await sender.send("POST", "", json={})
        await sender.close()
    assert isinstance(answer, Lost)
    assert answer.refused
    assert heard == []


@pytest.mark.parametrize(("host", "trusted"), [("localhost", True), ("hooks.example.com", False)])
async def test_the_certificate_is_checked_against_the_name_that_was_asked_for(
    tmp_path: Path, host: str, trusted: bool
) -> None:
    server, client = contexts(tmp_path)
    heard: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: heard.append(name)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    async with listening(talk, tls=server) as port:
        inner = httpx2.AsyncHTTPTransport(verify=client, trust_env=False)
        guarded = GuardedTransport(inner, allow=[host], look_up=Names(["127.0.0.1"]).look_up)
        async with httpx2.AsyncClient(transport=guarded) as http:
            if trusted:
                assert (await http.post(f"https://{host}:{port}/")).status_code == 200
            else:
                with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                    await http.post(f"https://{host}:{port}/")
    assert heard == [host]
