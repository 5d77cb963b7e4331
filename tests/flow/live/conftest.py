"""The real-time line as it is run: receiver, worker and PostgreSQL as processes, a simulated Intercom beside."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from earshot.sim.intercom.server import running
from earshot.sim.intercom.settings import FaultSettings, SimSettings, WebhookSettings
from earshot.sim.intercom.simulator import IntercomSim
from tests.notifier import ROUTE, SECRET, Postbox, post
from tests.processes import PAUSE, Late, Postgres, Processes, Running
from tests.soak.actor import Actor, workspace
from tests.soak.truth import rows

_HEARD = """
    select i.classifier, i.decided_at, c.messages from conversation c
    join conversation_insights i on i.conversation_id = c.id and i.content_hash = c.content_hash
    where c.id = $1 and i.decided_at is not null and position($2 in c.messages::text) > 0
"""
_CONFIGURATION = """\
[intercom]
base_url = "{intercom}"
rate_share = 1.0

[realtime]
debounce_seconds = 0.5
lease_seconds = 15

[workers]
beat_seconds = 1
heartbeat_seconds = 6
grace_seconds = 10

[schedule]
enabled = false
"""


@dataclass
class Line:
    """Everything a test of the real-time line needs. `actor` changes the workspace and sends the webhook."""

    sim: IntercomSim
    postgres: Postgres
    database_url: str
    processes: Processes
    postbox: Postbox
    actor: Actor
    server: Running
    url: str
    """Where the receiver listens, or listened until it was killed."""

    @property
    def app_id(self) -> str:
        """The workspace's."""
        return str(self.sim.workspace_app["id_code"])

    async def post(self, body: bytes, signature: str | None = None) -> int:
        """A webhook by hand; the status of its answer."""
        return await post(self.url, body, signature)

    async def worker(self) -> Running:
        """One more worker, ready."""
        return await self.processes.start("worker", ready=r"(?i)worker.*ready")

    async def serve(self, *options: str) -> Running:
        """The receiver, on the address it had before."""
        port = self.url.rpartition(":")[2]
        self.server = await self.processes.start("serve", "--port", port, *options, ready=r"(http://\S+)")
        return self.server

    async def heard(self, conversation_id: str, text: str, *, within: float = 30.0) -> dict[str, Any]:
        """Wait until a conversation with these words is read and judged. Raises Late."""
        for _ in range(int(within / PAUSE / 5)):
            found = await rows(self.database_url, _HEARD, conversation_id, text)
            if found:
                return found[0]
            await asyncio.sleep(PAUSE * 5)
        turns = await self.query("select * from live_turn where external_id = $1", conversation_id)
        raise Late(f"{conversation_id} was not heard within {within} s: {turns}\n{self.processes.told()}")

    async def query(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of our schema."""
        return await rows(self.database_url, statement, *values)

    async def settled(self, *, within: float = 30.0) -> None:
        """Wait until nothing that was received is left to be heard. Raises Late."""
        statement = "select external_id from live_turn where settled_version < version"
        for _ in range(int(within / PAUSE / 5)):
            if not await self.query(statement):
                return
            await asyncio.sleep(PAUSE * 5)
        raise Late(f"not settled within {within} s: {await self.query(statement)}\n{self.processes.told()}")


@pytest.fixture
async def line(tmp_path: Path) -> AsyncGenerator[Line]:
    """A workspace that was synced once, and a receiver; no worker yet."""
    now = datetime.now(UTC)
    world, texts = workspace(conversations=12, seed=5, now=now)
    settings = WebhookSettings(url=ROUTE, secret=SECRET, retry_seconds=1.0)
    faults = FaultSettings(slow_seconds=60.0)
    sim = IntercomSim(world, settings=SimSettings(token="", rate_per_minute=600_000, faults=faults))
    async with AsyncExitStack() as stack:
        sim.webhooks = postbox = Postbox(sim, settings)
        intercom = await stack.enter_async_context(running(sim))
        postgres = await stack.enter_async_context(Postgres.started(tmp_path / "postgres"))
        url = await postgres.create("live")
        file = tmp_path / "earshot.toml"
        file.write_text(_CONFIGURATION.format(intercom=intercom))
        environment = {
            "DATABASE_URL": url,
            "EARSHOT_CONFIG": str(file),
            "INTERCOM_ACCESS_TOKEN": "any",
            "INTERCOM_CLIENT_SECRET": SECRET,
        }
        processes = await stack.enter_async_context(Processes(tmp_path / "processes", environment))
        code, told = await processes.run("sync", "--since", "60d")
        assert code == 0, told
        server = await processes.start("serve", "--port", "0", ready=r"(http://\S+?:\d+)")
        postbox.lead(server.told[1])
        yield Line(sim, postgres, url, processes, postbox, Actor(sim, texts, seed=5), server, server.told[1])
