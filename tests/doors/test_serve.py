"""`earshot serve` as a process: what it says, whom it lets in, how it ends; and bench/webhooks.py in short."""

import asyncio
import hashlib
import hmac
import json
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from earshot.store import driver
from tests.doors.terminal import earshot
from tests.processes import Processes, Running

SECRET = "earshot_test_client_secret"
LISTENS = r"listens on (http://\S+)"


@asynccontextmanager
async def serving(url: str, folder: Path, *arguments: str, **more: str) -> AsyncGenerator[Running]:
    environment = {"DATABASE_URL": url, "INTERCOM_CLIENT_SECRET": SECRET, **more}
    async with Processes(folder, environment) as processes:
        yield await processes.start("serve", "--port", "0", *arguments, ready=LISTENS)


async def post(url: str, number: int) -> int:
    item = {"type": "conversation", "id": str(number), "source": {"body": "my secret words"}}
    envelope = {
        "id": f"notif_{number}",
        "topic": "conversation.user.created",
        "app_id": "a",
        "data": {"item": item},
    }
    body = json.dumps(envelope).encode()
    signature = "sha1=" + hmac.digest(SECRET.encode(), body, hashlib.sha1).hex()
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(url + "/webhooks/intercom", content=body, headers={"X-Hub-Signature": signature})
    return answer.status_code


async def test_it_serves_webhooks_health_and_api_and_ends_in_good_order(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, tmp_path) as server:
        url = server.told[1]
        assert await asyncio.gather(*(post(url, n) for n in range(20))) == [200] * 20
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
            assert (await http.get("/healthz")).status_code == 200
            assert (await http.get("/readyz")).status_code == 200
            assert (await http.get("/api/openapi.json")).status_code == 200
            assert (await http.get("/webhooks/slack")).status_code == 404
            metrics = (await http.get("/metrics")).text
            assert 'outcome="kept",topic="conversation.user.created"} 20.0' in metrics
        await server.says("Topics to tick")
        assert await server.stop() == 0
        assert "Traceback" not in server.text
        assert "secret words" not in server.text
    connection = await driver.dial(dsn=database_url)
    try:
        assert await connection.fetchval("select count(*) from earshot.inbox") == 20
    finally:
        await connection.close()


async def test_a_second_signal_does_not_wait(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, tmp_path) as server:
        host, port = server.told[1].removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /webhooks/intercom HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{")
        await writer.drain()
        assert await post(server.told[1], 1) == 200  # so the other one was read too
        server.send(signal.SIGTERM)
        await server.says("Shutting down")
        assert server.alive
        server.send(signal.SIGTERM)
        assert await server.ended() == 130
        writer.close()
        assert "Traceback" not in server.text


async def test_without_webhooks_no_secret_is_needed(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, tmp_path, "--no-webhooks", INTERCOM_CLIENT_SECRET="") as server:
        assert await post(server.told[1], 1) == 404
        assert await server.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "environment", "wanted"),
    [
        ((), {}, "INTERCOM_CLIENT_SECRET"),
        (("--host", "0.0.0.0"), {"INTERCOM_CLIENT_SECRET": "x"}, "EARSHOT_WEB_TOKEN"),
        (("--port", "80", "--host", "127.0.0.255.1"), {"EARSHOT_WEB_TOKEN": "x"}, "Cannot listen"),
    ],
)
def test_what_is_missing_is_said(
    arguments: tuple[str, ...], environment: dict[str, str], wanted: str, tmp_path: Path, database_url: str
) -> None:
    given = {"DATABASE_URL": database_url, "INTERCOM_CLIENT_SECRET": "x", "EARSHOT_WEB_TOKEN": ""}
    if not arguments:
        given["INTERCOM_CLIENT_SECRET"] = ""
    told = earshot("serve", *arguments, cwd=tmp_path, environment={**given, **environment})
    assert told.returncode == 1
    assert wanted in told.stderr
    assert "→" in told.stderr
    assert "Traceback" not in told.stderr


async def test_a_port_in_use_is_said(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, tmp_path) as server:
        port = server.told[1].rpartition(":")[2]
        environment = {"DATABASE_URL": database_url, "INTERCOM_CLIENT_SECRET": SECRET}
        async with Processes(tmp_path / "other", environment) as processes:
            code, told = await processes.run("serve", "--port", port)
        assert code == 1
        assert "Cannot listen" in told
        assert await server.stop() == 0


def test_no_acknowledged_webhook_is_lost_when_everything_is_killed() -> None:
    bench = Path(__file__).parents[2] / "bench" / "webhooks.py"
    told = subprocess.run(
        [sys.executable, str(bench), "--kills", "2", "--rate", "50", "--seed", "2"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "missing in the database 0" in told.stdout
