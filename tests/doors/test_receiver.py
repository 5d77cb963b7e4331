"""Webhooks at the door, over real sockets: what is taken, what is refused; no answer hangs or leaks."""

import asyncio
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from earshot.domain.notification import Notification
from earshot.pipeline.live.home import Home
from earshot.pipeline.live.mailbox import Mailbox
from earshot.pipeline.serving import WebSettings
from earshot.ports.clock import SystemClock
from earshot.ports.meter import NoMeter
from earshot.ports.source import Workspace
from earshot.store import PostgresStore
from earshot.web import limits
from earshot.web.serving import serve
from earshot.web.webhooks import PATH, Receiver
from tests.mailboxes import Sabotaged, parts_with, writing

SECRET = "earshot_test_client_secret"


class Counting(NoMeter):
    """Remembers how webhooks came out."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        if name == "earshot_webhooks_total":
            self.outcomes[labels["outcome"]] += 1


class Door:
    """A receiver on a socket and a client of it."""

    def __init__(self, url: str, http: httpx2.AsyncClient, meter: Counting) -> None:
        self.url = url
        self.http = http
        self.meter = meter

    async def post(self, body: bytes, signature: str | None = None) -> httpx2.Response:
        header = {"X-Hub-Signature": signed(body) if signature is None else signature}
        return await self.http.post(PATH, content=body, headers=header)

    async def raw(self, request: bytes) -> bytes:
        """The first answer to bytes on a socket of their own."""
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        await writer.drain()
        try:
            return await reader.readuntil(b"\r\n\r\n")
        finally:
            writer.close()
            await writer.wait_closed()


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha1=" + hmac.digest(secret.encode(), body, hashlib.sha1).hex()


def notice(number: int, *, topic: str = "conversation.user.replied", app: str = "ours", **item: Any) -> bytes:
    what = {"type": "conversation", "id": "77", **item}
    envelope = {"id": f"notif_{number}", "topic": topic, "app_id": app, "data": {"item": what}}
    return json.dumps(envelope).encode()


@asynccontextmanager
async def opened(store: Any, *, most: int = 100, patience: float = 4.0, **settings: Any) -> AsyncGenerator[Door]:
    parts, meter, stop, ready = parts_with(store), Counting(), asyncio.Event(), asyncio.Queue[str]()
    box, home = Mailbox(parts, most=most, patience=patience), Home(parts)
    if isinstance(store, PostgresStore):
        await home.recall()
    receiver = Receiver(
        box, home, secret=SECRET, settings=WebSettings(**settings), clock=SystemClock(), meter=meter
    )
    async with writing(box):
        serving = asyncio.create_task(serve(receiver, "127.0.0.1", 0, stop=stop, ready=ready.put_nowait))
        url = await ready.get()
        async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=20) as http:
            yield Door(url, http, meter)
        stop.set()
        await serving


@pytest.fixture
async def ours(store: PostgresStore) -> PostgresStore:
    async with store.unit() as unit:
        await unit.runs.bind("intercom", Workspace(id="ours", name="Ours"))
        await unit.commit()
    return store


async def kept(store: PostgresStore) -> list[tuple[str, str, str]]:
    async with store.unit() as unit:
        rows = await unit.sql.rows("select id, topic, effect from inbox order by id")
    return [(row["id"], row["topic"], row["effect"]) for row in rows]


async def test_a_webhook_is_durable_before_the_200(ours: PostgresStore) -> None:
    async with opened(ours) as door:
        answer = await door.post(notice(1))
        assert (answer.status_code, answer.content) == (200, b"")
        assert await kept(ours) == [("notif_1", "conversation.user.replied", "changed")]
        assert (await door.post(notice(2, topic="ping"))).status_code == 200
        assert door.meter.outcomes == {"kept": 2}


async def test_the_check_on_saving_and_wrong_methods(ours: PostgresStore) -> None:
    async with opened(ours) as door:
        assert (await door.http.head(PATH)).status_code == 200
        assert (await door.http.head(PATH + "/")).status_code == 200
        for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH"):
            answer = await door.http.request(method, PATH)
            assert (answer.status_code, answer.headers["allow"]) == (405, "HEAD, POST")
    assert await kept(ours) == []


async def test_forged_ones_are_refused_and_do_not_use_up_the_limit(ours: PostgresStore) -> None:
    async with opened(ours, webhooks_per_second=0.001) as door:
        for signature in ("", "sha1=00", signed(notice(1), "another"), "sha256=" + signed(notice(1))[5:]):
            assert (await door.post(notice(1), signature)).status_code == 401
        assert (await door.http.post(PATH, content=notice(1))).status_code == 401
        assert await kept(ours) == []
        assert door.meter.outcomes == {"forged": 5}


async def test_garbage_with_a_good_signature_is_refused_without_an_echo(ours: PostgresStore) -> None:
    async with opened(ours) as door:
        for body in (b"", b"{", b"\xff", b'["hunter2"]', b'{"id":"hunter2"}', b"[" * 50_000):
            answer = await door.post(body)
            assert answer.status_code == 400
            assert "hunter2" not in answer.text
            assert len(answer.text) < 100
        assert (await door.post(notice(1))).status_code == 200


async def test_bodies_have_a_limit_declared_or_not(ours: PostgresStore) -> None:
    async with opened(ours, most_bytes=10_000) as door:
        assert (await door.post(notice(1, filler="x" * 10_001))).status_code == 413

        chunk = b"3e8\r\n" + b"x" * 1_000 + b"\r\n"
        endless = b"POST /webhooks/intercom HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
        assert b" 413 " in await door.raw(endless + chunk * 11)
        declared = b"POST /webhooks/intercom HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999\r\n\r\n"
        assert b" 413 " in await door.raw(declared)
        assert (await door.post(notice(2))).status_code == 200


async def test_a_body_that_comes_too_slowly_is_not_waited_for(
    ours: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.05)
    async with opened(ours) as door:
        begun = b"POST /webhooks/intercom HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"
        assert b" 408 " in await door.raw(begun)


async def test_who_hangs_up_in_the_middle_is_forgotten(ours: PostgresStore) -> None:
    async with opened(ours) as door:
        host, port = door.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /webhooks/intercom HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await door.post(notice(1))).status_code == 200
        assert door.meter.outcomes == {"kept": 1}


async def test_another_workspace_is_counted_and_dropped(ours: PostgresStore) -> None:
    async with opened(ours) as door:
        assert (await door.post(notice(1, app="theirs"))).status_code == 200
        assert await kept(ours) == []
        assert door.meter.outcomes == {"foreign": 1}


async def test_before_the_workspace_is_known_nothing_is_foreign(store: PostgresStore) -> None:
    async with opened(store) as door:
        assert (await door.post(notice(1, app="whoever"))).status_code == 200
    assert len(await kept(store)) == 1


async def test_too_many_are_asked_to_come_later(ours: PostgresStore) -> None:
    async with opened(ours, webhooks_per_second=2.0) as door:
        answers = [await door.post(notice(n)) for n in range(6)]
        statuses = [answer.status_code for answer in answers]
        assert statuses[:2] == [200, 200]
        assert 429 in statuses
        refused = answers[statuses.index(429)]
        assert int(refused.headers["retry-after"]) >= 1
        assert len(await kept(ours)) == statuses.count(200)


async def test_replayed_doubled_and_reordered_ones_are_kept_once(ours: PostgresStore) -> None:
    async with opened(ours) as door:
        bodies = [notice(n, id=str(n % 3)) for n in range(20)]
        answers = await asyncio.gather(*(door.post(body) for body in [*reversed(bodies), *bodies, *bodies[::3]]))
        assert {answer.status_code for answer in answers} == {200}
        assert len(await kept(ours)) == 20


async def test_a_database_that_is_away_means_503_soon_and_nothing_kept() -> None:
    async def hang(_: Sequence[Notification]) -> None:
        await asyncio.Event().wait()

    async with opened(Sabotaged(None, hang), most=2, patience=0.2) as door:
        answers = await asyncio.gather(*(door.post(notice(n)) for n in range(5)))
        assert {answer.status_code for answer in answers} == {503}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
        assert set(door.meter.outcomes) == {"full", "not_kept"}
        assert "Traceback" not in "".join(answer.text for answer in answers)


async def test_requests_in_one_packet_are_all_answered(ours: PostgresStore) -> None:
    async with opened(ours) as door:
        request = b""
        for number in range(3):
            body = notice(number)
            head = f"POST {PATH} HTTP/1.1\r\nhost: a\r\nx-hub-signature: {signed(body)}\r\n"
            request += f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
        host, port = door.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        for _ in range(3):
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    assert len(await kept(ours)) == 3


async def test_stopping_finishes_what_was_begun() -> None:
    release, held = asyncio.Event(), asyncio.Event()

    async def hold(_: Sequence[Notification]) -> None:
        held.set()
        await release.wait()

    parts, stop, ready = parts_with(Sabotaged(None, hold)), asyncio.Event(), asyncio.Queue[str]()
    box = Mailbox(parts)
    receiver = Receiver(
        box, Home(parts), secret=SECRET, settings=WebSettings(), clock=SystemClock(), meter=Counting()
    )
    async with writing(box), httpx2.AsyncClient(trust_env=False) as http:
        serving = asyncio.create_task(serve(receiver, "127.0.0.1", 0, stop=stop, ready=ready.put_nowait))
        url = await ready.get() + PATH
        asked = asyncio.create_task(
            http.post(url, content=notice(1), headers={"X-Hub-Signature": signed(notice(1))})
        )
        await held.wait()
        stop.set()
        done, _ = await asyncio.wait([serving], timeout=0.3)
        assert not done
        release.set()
        assert (await asked).status_code == 200
        await serving
        with pytest.raises(httpx2.ConnectError):
            await http.head(url)
